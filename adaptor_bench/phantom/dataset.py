"""Writing a whole phantom dataset to disk."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

import cv2

from adaptor_bench.atomic import atomic_directory, write_text
from adaptor_bench.data.formats.challenge import write_points
from adaptor_bench.data.layout import image_place, label_place
from adaptor_bench.errors import InputError, UsageError, WorkerError, suggest
from adaptor_bench.stopping import end_with, undisturbed

from .geometry import FRAME_HEIGHT, FRAME_WIDTH
from .options import STANDARD, PhantomOptions
from .profiles import (
    GENERATOR_VERSION,
    PROFILES,
    REAL_VIDEOS,
    domain_of,
    embedded_seeds,
    frames_of,
    phantom_frame_count,
    video_frames,
)
from .surgery import PhantomSurgery

#: Encodes as small as a zlib level of 3 in a third of the time.
PNG = (cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE)
#: Frames that a worker draws between two reports of its progress.
BATCH = 64
NOTE = (
    "Procedurally drawn stand-in. Numbers measured on it are numbers about the phantom, "
    "not AdaptOR results."
)

Progress = Callable[[int, int], None]


def write_phantom(
    out: Path,
    profile: str,
    seed: int = 0,
    *,
    seeds: Sequence[int] = (),
    options: PhantomOptions = STANDARD,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Path:
    """Draw a phantom dataset into the new directory ``out`` and return its path.

    With several ``seeds`` it holds as many drawings, each a cohort: surgery aicm1 of seed 7 is
    then called ``aicm1.7``, and no fold learns from another drawing. The profile ``board`` has the
    report seeds where no others are given.

    The bytes written depend on profile, seeds and options only. ``out`` is complete or not there;
    an existing directory with anything in it is refused with InputError. ``progress`` is called
    with (frames done, frames in all).
    """
    out = Path(out)
    if profile not in PROFILES:
        raise UsageError(f"no phantom profile named {profile!r}", hint=suggest(profile, PROFILES))
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(
            f"{out}: exists and is not an empty directory",
            hint="Choose another directory, or remove this one first.",
        )
    drawings = tuple(seeds) or (embedded_seeds(profile) if profile == "board" else (seed,))
    if len(set(drawings)) < len(drawings):
        raise UsageError(f"the same seed twice: {', '.join(map(str, drawings))}")
    workers = workers or min(2, os.cpu_count() or 1)
    report = progress or (lambda done, total: None)
    with atomic_directory(out, replace=True) as root:
        _draw_all(root, profile, drawings, options, workers, report)
        write_text(root / "dataset.toml", _description(profile, drawings, options))
    return out


def _draw_all(
    root: Path,
    profile: str,
    seeds: Sequence[int],
    options: PhantomOptions,
    workers: int,
    progress: Progress,
) -> None:
    total, done = phantom_frame_count(profile) * len(seeds), 0
    progress(done, total)
    jobs = []
    # The longest surgeries first, so that no process idles at the end.
    for surgery in sorted(REAL_VIDEOS, key=lambda name: -frames_of(profile, name)):
        frames = frames_of(profile, surgery)
        for seed in seeds:
            name = _folder(surgery, seed, seeds)
            for first in range(0, frames, BATCH):
                stop = min(first + BATCH, frames)
                jobs.append((root, profile, seed, options, surgery, name, first, stop))
    if workers == 1:
        for job in jobs:
            done += draw_frames(*job)
            progress(done, total)
        return
    # Spawned processes inherit no threads or locks of the caller's.
    context = multiprocessing.get_context("spawn")
    reader, writer = context.Pipe(duplex=False)
    with reader, writer:
        with undisturbed(), _main_hidden():
            # Nobody may draw into a directory that is being removed.
            pool = ProcessPoolExecutor(
                workers, mp_context=context, initializer=end_with, initargs=(reader,)
            )
            waiting: set[Future[int]] = {pool.submit(draw_frames, *job) for job in jobs}
        try:
            with pool:
                try:
                    while waiting:
                        finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                        for future in finished:
                            done += future.result()
                            progress(done, total)
                except BaseException:
                    writer.close()
                    raise
        except BrokenProcessPool as error:
            raise WorkerError(
                "a drawing process was killed", hint="Is there enough memory? Try again."
            ) from error


@contextmanager
def _main_hidden() -> Iterator[None]:
    """Processes that are started meanwhile do not run the caller's script again: one that does not
    mind that it may be run twice would wait for itself."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def draw_frames(
    root: Path,
    profile: str,
    seed: int,
    options: PhantomOptions,
    surgery: str,
    name: str,
    first: int,
    stop: int,
) -> int:
    """Draw frames ``first`` to ``stop`` - 1 of a surgery to files below the folder ``name``;
    returns their number."""
    frames = frames_of(profile, surgery)
    lengths = video_frames(surgery, frames)
    drawn = PhantomSurgery(surgery, frames, seed, options=options)
    places = [(video, number) for video, count in lengths.items() for number in range(count)]
    for index in range(first, stop):
        video, number = places[index]
        stem = f"{'sim' if domain_of(surgery) == 'sim' else 'OR'}_{number:06d}"
        folder = root / name / video
        _write_frame(drawn, index, folder, stem)
    return stop - first


def _write_frame(drawn: PhantomSurgery, index: int, folder: Path, stem: str) -> None:
    frame = drawn.frame(index)
    picture = image_place(folder, stem)
    picture.parent.mkdir(parents=True, exist_ok=True)
    encoded, data = cv2.imencode(".png", frame.image[..., ::-1], PNG)
    if not encoded:
        raise OSError(f"{picture}: could not be encoded as PNG")
    picture.write_bytes(data.tobytes())  # unlike cv2.imwrite, this says why when it fails
    write_points(
        label_place(folder, stem),
        frame.points.round(2),
        folder=folder.parent.name,
        subfolder=folder.name,
        image=picture.name,
        size=(FRAME_WIDTH, FRAME_HEIGHT),
    )


def _folder(surgery: str, seed: int, seeds: Sequence[int]) -> str:
    """What a surgery is called: with several drawings by its own name and its cohort's."""
    return f"{surgery}.{seed}" if len(seeds) > 1 else surgery


def _description(profile: str, seeds: tuple[int, ...], options: PhantomOptions) -> str:
    """The text of dataset.toml."""
    name, said = f"phantom-{profile}", "-".join(map(str, seeds))
    if seeds != embedded_seeds(profile):
        name += f"-seed{'s' * (len(seeds) > 1)}{said}"
    lines = [
        f'name = "{name}"',
        'kind = "phantom"',
        f'profile = "{profile}"',
        f"seed = {seeds[0]}" if len(seeds) == 1 else f"seeds = {list(seeds)}",
        f"generator_version = {GENERATOR_VERSION}",
        f'note = "{NOTE}"',
        "",
        "[options]",
        *(f"{key} = {json.dumps(value)}" for key, value in asdict(options).items()),
    ]
    if len(seeds) > 1:
        lines += ["", "[cohorts]"]
        lines += [f'"{_folder(s, seed, seeds)}" = "{seed}"' for seed in seeds for s in REAL_VIDEOS]
    return "\n".join(lines) + "\n"
