"""Croissant metadata: what it says is so, and mlcroissant accepts it and reads all of it."""

from __future__ import annotations

import csv
import hashlib
import json
import logging
import shutil

import pytest
from commands import invoke, invoke_json
from frame_files import put_points, write_frame

from adaptor_bench.data.frames import index_dataset
from adaptor_bench.data.layout import DESCRIPTIONS as FILES

pytestmark = pytest.mark.quick

SAID = (
    "--description",
    "Needles",
    "--license",
    "CC-BY-4.0",
    "--creator",
    "A group",
    "--cite",
    "@x",
)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory, phantom_cache):
    """The phantom with its metadata; nothing changes it."""
    (cached,) = {path.parent for path in phantom_cache.rglob("dataset.toml")}
    root = shutil.copytree(cached, tmp_path_factory.mktemp("drawn") / "p")
    invoke("data", "croissant", root, "--date", "2026-11-29")
    return root


@pytest.fixture
def folder(tmp_path):
    """Two surgeries whose names a spreadsheet, and a reader of numbers, would take for others."""
    root = tmp_path / "own"
    for surgery in ("=001", "002"):
        write_frame(root, surgery, "0", [(1.5, 2), (30, 4)], video="1")
    write_frame(root, "002", "7", [], video="1")
    return root


def table(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_hashes_and_points_are_those_of_the_files(drawn):
    document = json.loads((drawn / FILES[0]).read_text())
    for file in document["distribution"][:2]:
        content = (drawn / file["contentUrl"]).read_bytes()
        assert file["sha256"] == hashlib.sha256(content).hexdigest()
    rows, points = table(drawn / FILES[1]), table(drawn / FILES[2])
    frames = [f for of in index_dataset(drawn).frames.values() for f in of]
    assert len(rows) == len(frames) == 64
    for row, frame in zip(rows, frames, strict=True):
        assert row["frame"].endswith(f"/{frame.key}")
        for what in ("image", "label"):
            content = (drawn / row[what]).read_bytes()
            assert row[f"{what}_sha256"] == hashlib.sha256(content).hexdigest()
        label = json.loads(frame.label.read_text())
        mine = [(float(p["x"]), float(p["y"])) for p in points if p["frame"] == row["frame"]]
        assert mine == [(p["x"], p["y"]) for p in label["points"]]
        assert int(row["landmarks"]) == len(mine)
        assert [int(row["width"]), int(row["height"])] == [512, 288]


def test_folds_are_those_of_the_harness(drawn):
    found = json.loads((drawn / FILES[0]).read_text())
    (rows,) = (r["data"] for r in found["recordSet"] if r["@id"] == "folds")
    for domain in ("sim", "intraop"):
        for fold in index_dataset(drawn).fold_plan(domain).folds:
            for split, surgeries in (("train", fold.train), ("validation", fold.validation)):
                of = {"folds/domain": domain, "folds/fold": fold.number, "folds/split": split}
                assert {r["folds/surgery"] for r in rows if of.items() <= r.items()} == {*surgeries}


def test_other_data_have_to_be_described(folder):
    _, told = invoke("data", "croissant", folder, "--creator", "A group", code=2)
    assert "--description, --license, --cite" in told
    assert not list(folder.glob("croissant*"))
    invoke("data", "croissant", folder, *SAID, "--license", "not a licence", code=2)


def test_frames_that_cannot_be_described_are_told_at_once(folder):
    (folder / "002/1/images/0.png").unlink()
    put_points(folder, "=001/1/0", [(1, 1)], size=(100, 100))
    _, told = invoke("data", "croissant", folder, *SAID, code=1)
    assert "002/1/images/0.png" in told
    assert "size is not that of" in told
    assert not list(folder.glob("croissant*"))


def test_a_described_dataset_is_judged_as_before(drawn):
    for arguments in (("evaluate", drawn, drawn), ("validate", drawn, "--reference", drawn)):
        found = invoke_json(*arguments)
        assert found["frames"] == 64
    assert "file-ignored" in {f["code"] for f in found["findings"]}
    invoke("data", "check", drawn)


def records(root, name):
    import mlcroissant

    def plain(value):
        return value.decode() if isinstance(value, bytes) else value

    dataset = mlcroissant.Dataset(str(root / FILES[0]))
    assert not dataset.metadata.ctx.issues.report()
    return [
        {key.partition("/")[2]: plain(value) for key, value in record.items()}
        for record in dataset.records(name)
    ]


@pytest.fixture
def accepts(caplog):
    """mlcroissant neither complains nor warns, in whichever way it does."""
    pytest.importorskip("mlcroissant", reason='pip install -e ".[croissant]"')
    with caplog.at_level(logging.WARNING):
        yield records
    assert not caplog.records


rdflib_warns = pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")


@rdflib_warns
def test_mlcroissant_reads_every_record_of_the_phantom(drawn, accepts, tmp_path):
    root = shutil.copytree(drawn, tmp_path / "elsewhere")  # nothing in it says where it was made
    frames = accepts(root, "frames")
    assert [f["frame"] for f in frames] == [row["frame"] for row in table(root / FILES[1])]
    assert {f["domain"] for f in frames} == {"sim", "intraop"}
    landmarks = accepts(root, "landmarks")
    assert len(landmarks) == sum(f["landmarks"] for f in frames)
    (pixels,) = (p for p in accepts(root, "pixels-png") if p["path"] == frames[0]["image"])
    assert pixels["image"].size == (512, 288)
    assert [s["name"] for s in accepts(root, "splits")] == ["train", "validation"]
    assert {f["fold"] for f in accepts(root, "folds")} == {1, 2, 3, 4, 5}


@rdflib_warns
def test_mlcroissant_reads_other_data_by_their_names(folder, accepts):
    invoke("data", "croissant", folder, *SAID, "--url", "https://example.org/needles")
    frames = accepts(folder, "frames")
    assert {f["surgery"] for f in frames} == {"=001", "002"}
    assert sorted(f["landmarks"] for f in frames) == [0, 2, 2]
    assert {f["image"] for f in frames} == {p["path"] for p in accepts(folder, "pixels-png")}
    found = [(p["x"], p["y"]) for p in accepts(folder, "landmarks")]
    assert found == [(1.5, 2), (30, 4)] * 2


@rdflib_warns
def test_mlcroissant_notices_a_table_that_was_changed(drawn, accepts, tmp_path):
    root = shutil.copytree(drawn, tmp_path / "changed")
    path = root / FILES[2]
    path.write_text(path.read_text().replace("1", "2", 1))
    with pytest.raises(Exception, match=r"Download\(croissant_landmarks.csv\)"):
        accepts(root, "landmarks")
