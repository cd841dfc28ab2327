"""The challenge's container contract and ``bench translate``, on one small trained run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from commands import invoke, python
from frame_files import write_frame
from PIL import Image

from adaptor_bench.container import find_images, main
from adaptor_bench.errors import UsageError
from adaptor_bench.submission.validate import validate

CONTAINER = Path(__file__).parent.parent / "submissions" / "container"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs of three surgeries a domain: an intraop fold with a translator, and one without."""
    root = tmp_path_factory.mktemp("container")
    rng = np.random.default_rng(0)
    for surgery in ("aicm1", "aicm2", "aicm11", "aicm12", "aicm13"):
        for n in range(2):
            write_frame(root / "data", surgery, f"{n:06d}", rng.uniform(20, 260, (4, 2)))
    both = ("--method", "improved_heatmap", "--method", "stern", "--profile", "smoke")
    invoke("run", *both, "--data", root / "data", "--domain", "intraop", "--fold", 1,
         "--out", root / "runs")  # fmt: skip
    found = {p.parts[-4]: p.parent for p in root.glob("runs/*/*/intraop/fold_1/run.json")}
    return root / "data", found["improved_heatmap"], found["stern"]


@pytest.fixture
def frames(runs, tmp_path):
    """Test frames as the challenge mounts them, without an images/ level; one of another size."""
    root = tmp_path / "input"
    for surgery in ("aicm11", "aicm12"):
        folder = root / surgery / "video_1"
        folder.mkdir(parents=True)
        for image in sorted((runs[0] / surgery / "video_1" / "images").glob("*.png")):
            shutil.copy(image, folder)
    Image.open(folder / "000001.png").resize((256, 144)).save(folder / "000001.png")
    return root


def contained(verb, source, out, model, *more):
    arguments = ("--input", source, "--output", out, "--model", model, *more)
    return main([verb, *map(str, arguments)])


def last_line(capsys):
    return capsys.readouterr().err.strip().splitlines()[-1]


def files(root):
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())


def test_landmark_detection_is_what_bench_predict_gives(runs, frames, tmp_path, capsys):
    data, run, _ = runs
    out = tmp_path / "output"
    out.mkdir()
    assert contained("landmark_detection", frames, out, run) == 0
    assert last_line(capsys) == f"landmark_detection: 4 frames written to {out}"
    expected = [f"{s}/video_1/{n:06d}.json" for s in ("aicm11", "aicm12") for n in (0, 1)]
    assert files(out) == expected, "the output mirrors the input"
    invoke("predict", run, "--input", data, "--output", tmp_path / "predicted")
    for name in expected[:3]:  # the fourth has another size here
        surgery, video, stem = name.split("/")
        again = tmp_path / "predicted" / surgery / video / "point_labels" / stem
        assert json.loads((out / name).read_text()) == json.loads(again.read_text())
    document = json.loads((out / expected[3]).read_text())
    assert all(p["x"] < 256 and p["y"] < 144 for p in document["points"])
    assert validate(out, frames).valid


def test_domain_transformation_keeps_names_and_sizes(runs, frames, tmp_path, capsys):
    out = tmp_path / "output"
    assert contained("domain_transformation", frames, out, runs[1]) == 0
    assert files(out) == files(frames)
    for name in files(out):
        before, after = Image.open(frames / name), Image.open(out / name)
        assert after.format == "PNG" and after.mode == "RGB" and after.size == before.size
        assert not np.array_equal(np.asarray(before), np.asarray(after))
    back = tmp_path / "back"
    assert contained("domain_transformation", frames, back, runs[1], "--to", "sim") == 0
    name = files(out)[0]
    assert (out / name).read_bytes() != (back / name).read_bytes()


def test_bench_translate_gives_the_same_images(runs, frames, tmp_path):
    data, run, stern = runs
    out = tmp_path / "translated"
    invoke("translate", run, "--input", data, "--output", out, "--to", "intraop")
    assert len(files(out)) == 10
    assert contained("domain_transformation", frames, tmp_path / "output", run) == 0
    one = tmp_path / "output" / "aicm11" / "video_1" / "000000.png"
    assert one.read_bytes() == (out / "aicm11/video_1/images/000000.png").read_bytes()
    again = ("translate", run, "--input", data, "--output", out, "--to", "intraop")
    assert "already exists" in invoke(*again, code=1)[1]
    other = ("translate", stern, "--input", data, "--output", tmp_path / "n", "--to", "intraop")
    assert "keeps no translator into 'intraop'" in invoke(*other, code=1)[1]
    assert not (tmp_path / "n").exists()


def test_an_artefact_of_before_has_no_way_back(runs, frames, tmp_path, capsys):
    old = tmp_path / "fold_1"
    shutil.copytree(runs[1], old)
    (old / "generator_back.safetensors").unlink()
    assert contained("domain_transformation", frames, tmp_path / "a", old) == 0
    assert contained("domain_transformation", frames, tmp_path / "b", old, "--to", "sim") == 1
    assert "keeps no translator into 'sim'" in last_line(capsys)


def test_an_images_level_and_a_domain_level_are_tolerated(runs, tmp_path):
    source = tmp_path / "input" / "intraop"
    shutil.copytree(runs[0] / "aicm11", source / "aicm11")
    assert [f.key for f in find_images(tmp_path / "input")] == [
        "aicm11/video_1/000000",
        "aicm11/video_1/000001",
    ]


def test_all_unusable_images_are_named_and_nothing_is_written(runs, frames, tmp_path, capsys):
    (frames / "aicm11" / "video_1" / "000000.png").write_bytes(b"no image")
    (frames / "stray.png").write_bytes(b"")
    shutil.copy(frames / "aicm12/video_1/000000.png", frames / "aicm12/video_1/000000.jpg")
    out = tmp_path / "output"
    assert contained("landmark_detection", frames, out, runs[1]) == 1
    line = last_line(capsys)
    assert "3 images cannot be used" in line
    assert all(what in line for what in ("not readable", "stray.png", "the same frame as"))
    assert not out.exists()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        ("model", "not a finished run"),
        ("empty", "no image found"),
        ("input", "no such folder"),
        ("output", "output: "),
    ],
)
def test_faults_end_with_one_plain_line(runs, frames, tmp_path, capsys, spoil, says):
    source, out, model = frames, tmp_path / "output", runs[1]
    if spoil == "model":
        model = tmp_path
    elif spoil == "empty":
        source = tmp_path / "empty"
        source.mkdir()
    elif spoil == "input":
        source = tmp_path / "nowhere"
    else:
        out.write_text("a file, not a folder")
    assert contained("landmark_detection", source, out, model) == 1
    shown = capsys.readouterr().err
    assert says in shown.strip().splitlines()[-1]
    assert "Traceback" not in shown
    assert spoil == "output" or not files(out)


def test_nothing_is_left_when_the_work_stops_half_way(runs, frames, tmp_path, monkeypatch, capsys):
    import adaptor_bench.container as module

    written = []

    def fails_at_the_third(path, *arguments, **named):
        if len(written) == 2:
            raise OSError(28, "No space left on device", str(path))
        written.append(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")

    monkeypatch.setattr(module, "write_points", fails_at_the_third)
    out = tmp_path / "output"
    out.mkdir()
    assert contained("landmark_detection", frames, out, runs[1]) == 1
    assert f"{out}: the disk is full (" in last_line(capsys)
    assert len(written) == 2 and not any(out.iterdir())


def test_the_entry_point_as_the_container_calls_it(tmp_path):
    """Started bare, with the wrong verb and with none; nothing is trained or loaded for that."""
    for verb in ([], ["detect"]):
        _, told = python("-m", "adaptor_bench.container", *verb, code=2, cwd=tmp_path,
                         env={"PYTHONWARNINGS": "error"})  # fmt: skip
        assert "landmark_detection" in told and "Traceback" not in told


def test_unknown_devices_are_wrong_usage(runs, frames, tmp_path, capsys):
    code = contained("landmark_detection", frames, tmp_path / "o", runs[1], "--device", "abacus")
    assert code == UsageError.exit_code
    assert "abacus" in last_line(capsys)


def test_the_dockerfile_keeps_the_contract():
    text = (CONTAINER / "Dockerfile").read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines[-1] == 'ENTRYPOINT ["python", "-m", "adaptor_bench.container"]'
    assert "USER user" in lines and "COPY model /model" in lines
    assert "://" not in text
    readme = (CONTAINER / "README.md").read_text("utf-8")
    for word in ("landmark_detection", "domain_transformation", "--network none", "/input:ro"):
        assert word in readme
