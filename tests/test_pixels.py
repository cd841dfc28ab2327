"""Images within a limit of memory: what is kept, what is read again, and that nothing changes."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from commands import invoke
from killed_runs import outcome, put_part, training
from test_training import frames

from adaptor_bench.artefacts import ArtefactStore
from adaptor_bench.cli.options import frame_memory
from adaptor_bench.data import check
from adaptor_bench.data.check import DomainFrames, load_frames
from adaptor_bench.data.frames import index_dataset
from adaptor_bench.data.images import read_image, resize_image
from adaptor_bench.data.pixels import (
    MOST,
    ImagesOf,
    Picture,
    PixelStore,
    largest,
    sizes_of,
)
from adaptor_bench.errors import InputError
from adaptor_bench.harness import tasks
from adaptor_bench.method import FoldTask, Pixels
from adaptor_bench.progress import Progress
from adaptor_bench.stages.maps import as_stored
from adaptor_bench.train import translation
from adaptor_bench.train.heatmaps import each_map, write_maps
from adaptor_bench.train.inference import predict_maps
from adaptor_bench.train.samples import sample_of

BYTES = 2 * 3 * 3  # of an image of 3x2


class Shelf:
    """Pictures 0 .. n-1 of 3x2, each full of its number, and how often each was read."""

    def __init__(self, number, images):
        self.store = PixelStore(images * BYTES)
        self.reads = [0] * number
        self.pictures = [
            Picture((3, 2), lambda i=i: self._read(i), self.store) for i in range(number)
        ]

    def _read(self, i):
        self.reads[i] += 1
        return np.full((2, 3, 3), i, np.uint8)

    def look(self, *numbers):
        for i in numbers:
            assert (self.pictures[i].image() == i).all()
            assert self.store.kept_bytes <= self.store.limit


def test_the_least_recently_used_image_goes_and_is_read_again():
    shelf = Shelf(4, images=2)
    shelf.look(0, 1, 0, 2)
    assert shelf.reads == [1, 1, 1, 0]
    shelf.look(0, 2)
    assert shelf.reads == [1, 1, 1, 0], "both are there"
    shelf.look(1, 2, 0)
    assert shelf.reads == [2, 2, 1, 0]
    assert shelf.store.kept_bytes == 2 * BYTES


def test_what_is_offered_displaces_nothing(make_dataset):
    shelf = Shelf(3, images=2)
    for i in range(3):
        shelf.store.offer(shelf.pictures[i], np.full((2, 3, 3), i, np.uint8))
    shelf.look(0, 1)
    assert shelf.reads == [0, 0, 0]
    shelf.look(2)
    assert shelf.reads == [0, 0, 1]
    dataset = index_dataset(make_dataset())
    first, *others = load_frames(dataset, ["intraop"])["intraop"].frames
    assert others
    store = PixelStore(first.image.nbytes)
    load_frames(dataset, ["intraop"], store=store)
    assert store.kept_bytes == store.limit, "one is kept, whichever was read first"


def test_what_is_larger_than_the_limit_is_read_every_time():
    shelf = Shelf(1, images=0.5)
    shelf.look(0, 0)
    assert (shelf.reads, shelf.store.kept_bytes) == ([2], 0)


def test_of_a_view_only_what_it_shows_is_kept_and_nobody_writes_to_it():
    store, whole = PixelStore(), np.zeros((100, 100, 3), np.uint8)
    kept = store.put(Picture((1, 1), lambda: whole, store), whole[:1, :1])
    assert store.kept_bytes == 3 and not np.shares_memory(kept, whole)
    with pytest.raises(ValueError, match="read-only"):
        kept[0, 0] = 1


def test_threads_read_alongside_each_other():
    shelf = Shelf(40, images=5)

    def look(seed):
        shelf.look(*random.Random(seed).choices(range(40), k=400))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(look, range(8)))
    assert shelf.store.kept_bytes == 5 * BYTES
    before = sum(shelf.reads)
    shelf.look(*range(40))
    assert sum(shelf.reads) - before >= 35, "no more than five are there"


def test_sizes_are_known_without_reading():
    def unread():
        raise AssertionError("it was read")

    pictures = [Picture(size, unread, PixelStore()) for size in ((3, 2), (2, 5))]
    images = ImagesOf([Pixels("a/V/0", picture, (9, 9)) for picture in pictures])
    assert sizes_of(images) == [(3, 2), (2, 5)] and largest(images.sizes) == (3, 5)
    assert sizes_of([np.zeros((4, 7, 3), np.uint8)]) == [(7, 4)]
    assert images[1:].sizes == [(2, 5)]


# --- frames of a dataset ------------------------------------------------------------------------


@pytest.fixture
def dataset(make_dataset):
    return index_dataset(make_dataset(surgeries=("aicm11", "aicm12"), frames=4))


def small(image):
    return resize_image(image, (32, 18))


def test_frames_are_checked_once_and_kept_within_the_limit(dataset, monkeypatch):
    reads = []
    monkeypatch.setattr(check, "read_image", lambda path: reads.append(path) or read_image(path))
    store = PixelStore(3 * 32 * 18 * 3)
    loaded = load_frames(dataset, ["intraop"], prepare=small, store=store)["intraop"]
    assert len(reads) == 8 and store.kept_bytes == store.limit
    assert {f.image_size for f in loaded.frames} == {(32, 18)} and len(reads) == 8
    for _ in range(2):
        for frame in loaded.frames:
            np.testing.assert_array_equal(frame.image, small(read_image(frame.frame.image)))
            assert store.kept_bytes <= store.limit
    assert 18 <= len(reads) <= 24, "those that were dropped are read again"
    every = load_frames(dataset, ["intraop"], prepare=small)["intraop"]
    assert every.fingerprint == loaded.fingerprint
    reads.clear()
    assert [len(f.image) for f in every.frames] == [18] * 8 and not reads


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda path, _: path.write_bytes(path.read_bytes()[:-500]), "not readable as an image"),
        (lambda path, other: path.write_bytes(other.read_bytes()), "changed since it was checked"),
        (lambda path, _: path.unlink(), "no such image"),
    ],
    ids=["truncated", "replaced", "gone"],
)  # fmt: skip
def test_a_frame_that_is_another_one_later_is_told(dataset, change, says):
    loaded = load_frames(dataset, ["intraop"], store=PixelStore(0))["intraop"].frames
    path = loaded[1].frame.image
    change(path, loaded[2].frame.image)
    with pytest.raises(InputError) as error:
        len(sample_of(loaded[1]).image)
    assert str(path) in error.value.message and says in error.value.message
    assert loaded[2].image.shape == (288, 512, 3)


# --- runs ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def part(phantom_cache, tmp_path_factory):
    (whole,) = phantom_cache.iterdir()
    return put_part(whole, tmp_path_factory.mktemp("data") / "part")


def test_a_run_that_keeps_no_pixels_ends_with_the_same_bytes(part, tmp_path):
    found = []
    for memory in (0, MOST):
        out = tmp_path / str(memory)
        invoke(*training(part), "--out", out, "--frame-memory", memory)
        found.append(outcome(out))
    assert found[0] == found[1]
    assert frame_memory(lambda: None).__click_params__[0].default == MOST


def test_a_frame_that_is_truncated_during_a_run_fails_its_fold(part, tmp_path, monkeypatch):
    cut = []

    def loaded(dataset, *rest, **how):
        found = load_frames(dataset, *rest, **how)
        path = next(f.frame.image for f in found["intraop"].frames if f.frame.surgery == "aicm14")
        cut.append((path, path.read_bytes()))
        path.write_bytes(cut[0][1][:-500])
        return found

    monkeypatch.setattr(tasks, "load_frames", loaded)
    words = [*training(part), "--out", tmp_path, "--frame-memory", 0]
    try:
        told = invoke(*words, code=1)[1]
        monkeypatch.undo()
        assert "1 problem" in invoke(*words, code=1)[1], "before anything is trained"
    finally:
        cut[0][0].write_bytes(cut[0][1])
    assert f"{cut[0][0]}: not readable as an image: " in told and "fold 1: failed" in told
    invoke(*words)


# --- what is made of frames ---------------------------------------------------------------------


def test_images_are_not_asked_for_before_their_turn():
    import torch

    asked = []

    def images():
        for shape in [(8, 8, 3)] * 5 + [(8, 16, 3)] * 2:
            asked.append(shape)
            yield np.zeros(shape, np.uint8)

    sizes, counts = [], []
    network = torch.nn.Conv2d(3, 1, 1)
    network.register_forward_hook(lambda _m, given, _o: sizes.append(len(given[0])))
    for _ in predict_maps(network, images(), device="cpu", batch=2):
        counts.append(len(asked))
    assert sizes == [2, 2, 1, 2] and counts == [3, 3, 5, 5, 6, 7, 7]


def test_maps_are_written_as_they_come_as_numpy_writes_them(tmp_path):
    rng = np.random.default_rng(0)
    maps = [rng.random((2, *shape), np.float32) for shape in ((4, 6), (3, 5), (4, 6))]
    whole = np.zeros((3, 2, 4, 6), np.uint16)
    for place, one in zip(whole, maps, strict=True):
        place[:, : one.shape[1], : one.shape[2]] = as_stored(one)
    np.save(tmp_path / "whole.npy", whole)
    write_maps(tmp_path, iter(maps), 3, (2, 4, 6))
    assert (tmp_path / "heatmaps.npy").read_bytes() == (tmp_path / "whole.npy").read_bytes()
    np.testing.assert_array_equal(np.stack(list(each_map(tmp_path))), whole)
    for given in (maps[:2], [*maps, maps[0]]):
        with pytest.raises(ValueError, match="zip"):
            write_maps(tmp_path, iter(given), 3, (2, 4, 6))


def test_a_translated_frame_is_written_before_the_next_is_made(tmp_path):
    store = ArtefactStore(tmp_path / "artefacts")
    source = DomainFrames(frames(["aicm1", "aicm2", "aicm3"]), "simprint")
    task = FoldTask(
        "intraop", frames(["aicm12"]), (), {"sim": source}, "print", 0, "cpu", store,
        Progress(live=False), pixels=PixelStore(0),
    )  # fmt: skip
    written = []

    class Inverse:
        def translate(self, images, domain, directory, *, device, bar):
            for image in images:
                written.append(len(list(store.root.rglob("*.png"))))
                yield 255 - image

    found = translation.samples(Inverse(), task, tmp_path / "fitted")
    assert written == [0, 1, 2]
    for one, frame in zip(found, source.frames, strict=True):
        np.testing.assert_array_equal(one.image, 255 - frame.image)
        assert one.size == frame.image_size and one.stored == frame.size
    assert task.pixels.kept_bytes == 0
