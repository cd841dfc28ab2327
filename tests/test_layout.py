"""Which file is which frame: spellings, endings, junk, and sizes that no label states."""

from __future__ import annotations

import json
import tarfile
import unicodedata
import zipfile
from pathlib import Path

import numpy as np
import pytest
from commands import invoke
from finished_runs import put_fold
from frame_files import write_frame
from PIL import Image

from adaptor_bench.container import find_images
from adaptor_bench.data.frames import Frame, index_dataset
from adaptor_bench.data.pointfiles import find_point_files
from adaptor_bench.data.sizes import frame_sizes
from adaptor_bench.errors import InputError
from adaptor_bench.harness.failures import find_failures, record_failure
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.results.runs import find_runs
from adaptor_bench.scoring.reading import read_batches
from adaptor_bench.submission.reference import read_reference

pytestmark = pytest.mark.quick

NFC, NFD = (unicodedata.normalize(form, "Müller_1") for form in ("NFC", "NFD"))


def images_of(label: Path) -> Path:
    return label.parent.parent / "images"


def unsized(label: Path) -> Path:
    document = json.loads(label.read_text())
    del document["imageWidth"], document["imageHeight"]
    label.write_text(json.dumps(document))
    return label


@pytest.mark.parametrize(("labels", "predictions"), [(NFC, NFD), (NFD, NFC)])
def test_a_surgery_meets_itself_in_every_unicode_form(tmp_path, labels, predictions):
    write_frame(tmp_path / "gt", labels, "ü".join(("0", "0")), [(10, 10)])
    write_frame(tmp_path / "pr", predictions, "0ü0", [(10, 10)])
    shown, told = invoke("evaluate", tmp_path / "pr", tmp_path / "gt")
    assert "100.00" in shown and "warning" not in told
    invoke("validate", tmp_path / "pr", "--reference", tmp_path / "gt")
    (frame,) = index_dataset(tmp_path / "gt").domain("intraop")
    assert frame.key == f"{NFC}/video_1/0ü0" and frame.surgery == NFC
    assert frame.written[0] == labels, "what is written keeps the dataset's spelling"
    assert frame.prediction_path(tmp_path).parts[-4] == labels
    assert frame == Frame(predictions, "video_1", "0ü0", Path("a"), Path("b"))


def test_predictions_are_written_in_the_spelling_of_the_dataset(tmp_path):
    from adaptor_bench.harness.outputs import write_prediction
    from adaptor_bench.method import Prediction

    write_frame(tmp_path / "gt", NFD, "000000", [(10, 10)])
    (frame,) = index_dataset(tmp_path / "gt").domain("intraop")
    write_prediction(frame, Prediction(np.zeros((0, 2)), None), tmp_path / "pr")
    (path,) = (tmp_path / "pr").rglob("*.json")
    assert path.parts[-4] == NFD and json.loads(path.read_text())["folderName"] == NFD


def test_two_spellings_of_one_name_in_a_dataset_are_reported(tmp_path):
    for name in (NFC, NFD):
        write_frame(tmp_path / "ds", name, "000000", [(10, 10)])
    if len(list((tmp_path / "ds").iterdir())) == 1:
        pytest.skip("this file system takes both forms for one name")
    for command in (("data", "check"), ("data", "info")):
        _, said = invoke(*command, tmp_path / "ds", code=1)
        assert "the same name twice" in said and "Unicode form NFC" in said
    _, said = invoke("evaluate", tmp_path / "ds", tmp_path / "ds", code=1)
    assert "several files for the same frame" in said and "Unicode form NFC" in said


def test_an_image_and_its_double_are_reported(tmp_path):
    label = write_frame(tmp_path / "ds", "a", "000000", [(10, 10)])
    (images_of(label) / "000000.PNG").write_bytes((images_of(label) / "000000.png").read_bytes())
    if len(list(images_of(label).iterdir())) == 1:
        pytest.skip("this file system takes both for one name")
    _, said = invoke("data", "check", tmp_path / "ds", code=1)
    assert "the same name twice" in said and "000000.PNG" in said
    label.unlink()
    with pytest.raises(InputError, match="a second image of frame a/video_1/000000"):
        read_reference(tmp_path / "ds")


def test_junk_and_hidden_files_are_no_frames(tmp_path):
    root = tmp_path / "ds"
    label = write_frame(root, "a", "000000", [(10, 10)])
    before = index_dataset(root).frames
    double = b"\0\5\26\7" + bytes(100)
    for folder in (root, label.parent, images_of(label), root / "__MACOSX" / "a"):
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("._000000.json", "._000000.png", ".DS_Store", "Thumbs.db", "desktop.ini"):
            (folder / name).write_bytes(double)
    (images_of(label) / "thumbs.png").mkdir()
    (label.parent / "old.json").mkdir()
    (root / ".git" / "images").mkdir(parents=True)
    assert index_dataset(root).frames == before
    assert index_dataset(root).passed_over == ()
    assert list(find_point_files(root).frames) == ["a/video_1/000000"]
    assert [frame.key for frame in find_images(root)] == ["a/video_1/000000"]
    assert list(read_reference(root).sizes) == ["a/video_1/000000"]
    label.unlink()
    assert list(read_reference(root).sizes) == ["a/video_1/000000"]
    invoke("data", "check", root, code=1)  # the label is missing now, and nothing else


def test_surgeries_that_are_passed_over_are_said(tmp_path):
    for name in ("a", "__old", ".b", "__pycache__"):
        write_frame(tmp_path / "ds", name, "000000", [(10, 10)])
    for command in ("check", "info"):
        shown, told = invoke("data", command, tmp_path / "ds")
        assert "1 frame" in shown
        line = next(line for line in told.splitlines() if "skipped" in line)
        assert "__old" in line and "/.b" in line and "__pycache__" not in line


def test_upper_case_endings(tmp_path):
    root = tmp_path / "ds"
    label = unsized(write_frame(root, "a", "000000", [(700, 500)], size=(800, 600)))
    (images_of(label) / "000000.png").rename(images_of(label) / "000000.PNG")
    label.rename(label.with_suffix(".JSON"))
    (frame,) = index_dataset(root).domain("intraop")
    assert frame.image.exists() and frame.label.exists() and frame.stem == "000000"
    invoke("data", "check", root)
    assert read_reference(root).sizes == {"a/video_1/000000": (800, 600)}
    invoke("validate", root, "--reference", root)
    frame.label.unlink()
    assert read_reference(root).sizes == {"a/video_1/000000": (800, 600)}


@pytest.mark.parametrize("name", ["OP²", "OP٣", "a b", "a.", "x" * 200, "1" * 200, "①"])
def test_unusual_names_are_names(tmp_path, name):
    for surgery in (name, "b"):
        write_frame(tmp_path / "ds", surgery, "000000", [(10, 10)])
    assert set(index_dataset(tmp_path / "ds").surgeries("intraop")) == {name, "b"}
    for command in (("data", "check"), ("data", "info"), ("validate",)):
        invoke(*command, tmp_path / "ds")
    shown, told = invoke("evaluate", tmp_path / "ds", tmp_path / "ds")
    assert "100.00" in shown and not told


@pytest.mark.parametrize("name", [b"caf\xe9", b"a\nb", b"a\x1b[31m", "a\u202eb".encode()])
def test_names_that_cannot_be_written_down_are_refused(tmp_path, name):
    label = write_frame(tmp_path / "ds", "a", "000000", [(10, 10)])
    try:
        label.parents[2].rename(label.parents[3] / name.decode("utf-8", "surrogateescape"))
    except OSError:
        pytest.skip("this file system refuses the name")
    good = tmp_path / "good"
    write_frame(good, "a", "000000", [(10, 10)])
    for command in (
        ("data", "check", tmp_path / "ds"),
        ("data", "info", tmp_path / "ds"),
        ("evaluate", tmp_path / "ds", good),
        ("evaluate", good, tmp_path / "ds"),
        ("audit", good, tmp_path / "ds"),
        ("validate", good, "--reference", tmp_path / "ds"),
    ):
        said = "".join(invoke(*command, code=1))
        assert "control or invisible characters, or bytes that are not text, in its name" in said, (
            command
        )
        assert "\x1b" not in said and "\u202e" not in said
    assert "archive-path" in invoke("validate", tmp_path / "ds", code=1)[0]
    with pytest.raises(InputError, match="bytes that are not text"):
        find_images(tmp_path / "ds")


def test_the_order_of_frames_is_part_of_the_fingerprint_and_stays(tmp_path):
    names = ["b10", "b2", "case10", "case2", "case1", "a1b2", "x", "b02"]
    for name in names:
        write_frame(tmp_path / "ds", name, "0", [], size=(8, 8))
    found = list(index_dataset(tmp_path / "ds").surgeries("intraop"))
    assert found == ["a1b2", "b02", "b2", "b10", "case1", "case2", "case10", "x"]


def test_sizes_come_from_labels_then_images_then_are_guessed(tmp_path):
    root = tmp_path / "ds"
    stated = write_frame(root, "a", "0", [], size=(40, 30))
    beside = unsized(write_frame(root, "a", "1", [], size=(60, 50)))
    alone = unsized(write_frame(root, "a", "2", [], size=(60, 50)))
    damaged = unsized(write_frame(root, "a", "3", [], size=(60, 50)))
    turned = unsized(write_frame(root, "a", "4", [], size=(60, 50)))
    (images_of(alone) / "2.png").unlink()
    (images_of(damaged) / "3.png").write_bytes(b"no image")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (60, 50)).save(images_of(turned) / "4.png", exif=exif)
    labels = [(str(path), None) for path in (beside, alone, damaged, turned)]
    sizes, guessed = frame_sizes([(str(stated), (40, 30)), *labels])
    assert sizes == [(40, 30), (60, 50), (512, 288), (512, 288), (50, 60)]
    assert guessed == [False, False, True, True, False]
    # Both sides of the package say the same.
    batches = read_batches(root, root, MatchSettings())
    assert batches.sizes.tolist() == [list(size) for size in sizes]
    assert batches.guessed == ("a/video_1/2", "a/video_1/3")
    reference = read_reference(root)
    assert list(reference.sizes.values()) == sizes and reference.guessed == 2


def test_a_miss_far_from_the_edge_is_not_at_the_border(tmp_path):
    root, size = tmp_path / "gt", (1920, 1080)
    label = unsized(write_frame(root, "a", "0", [(1500, 900), (1000, 600)], size=size))
    write_frame(tmp_path / "pr", "a", "0", [(1500, 900)], size=size)

    def errors():
        shown, _ = invoke(
            "evaluate", tmp_path / "pr", root, "--analysis", "--draws", 2, "--format", "json"
        )
        analysis = json.loads(shown)["analysis"]
        border = next(c for c in analysis["errors"]["classes"] if c["name"] == "border")
        return border["fn"], analysis["size_unknown"]

    assert errors() == (0, 0)
    (images_of(label) / "0.png").unlink()
    assert errors() == (1, 1)
    shown, _ = invoke("evaluate", tmp_path / "pr", root, "--analysis")
    assert shown.count("The size of 1 of 1 frames is unknown, taken as 512x288.") == 2


@pytest.mark.parametrize("name", ["artefacts", "predictions", "fold_1", "data"])
def test_runs_are_found_whatever_their_dataset_method_and_domain_are_called(tmp_path, name):
    changes = {"domain": name, "folds": [1]}
    dataset = {"name": name, "kind": "folder", "fingerprint": "cd" * 32}
    run = put_fold(tmp_path, name, 1, [("aicm14/V/0", 1, 0, 0)], dataset=dataset, **changes)
    store = tmp_path / name / "artefacts" / "network-0123456789abcdef"
    (store / "fold_1").mkdir(parents=True)
    (store / "fold_1" / "run.json").write_text("{")  # an artefact's content is its own affair
    (store / "key.json").write_text("{}")
    record = json.loads((run / "run.json").read_text())
    record_failure(run.with_name("fold_2"), record | {"fold": 2}, "it broke", ValueError())
    for root in (tmp_path, tmp_path / name):
        assert [found.path.resolve() for found in find_runs([root])] == [run]
        assert [found.reason for found in find_failures([root])] == ["it broke"]
    shown, _ = invoke("leaderboard", tmp_path, "--domain", name)
    assert f"{name}: measured on {name}" in shown


def test_an_unknown_domain_is_wrong_usage(tmp_path):
    put_fold(tmp_path, "m", 1, [("aicm14/V/0", 1, 0, 0)])
    _, said = invoke("leaderboard", tmp_path, "--domain", "lap", code=2)
    assert "there is no domain 'lap'" in said


def test_a_dataset_is_named_after_its_folder_but_never_hidden(tmp_path):
    for folder, name in ((".data", "data"), ("..x", "x"), ("a b", "a b"), (".toml", "own")):
        write_frame(tmp_path / folder, "a", "0", [], size=(8, 8))
        if folder == ".toml":
            (tmp_path / folder / "dataset.toml").write_text('name = "own"')
        assert index_dataset(tmp_path / folder).name == name


def test_no_domain_is_called_all(tmp_path):
    write_frame(tmp_path / "ds", "a", "0", [], size=(8, 8))
    (tmp_path / "ds" / "dataset.toml").write_text('[domains]\na = "all"')
    assert "cannot be 'all'" in invoke("data", "check", tmp_path / "ds", code=1)[1]


def test_the_domain_table_knows_a_surgery_in_every_unicode_form(tmp_path):
    for name in (NFD, "b"):
        write_frame(tmp_path / "ds", name, "0", [], size=(8, 8))
    (tmp_path / "ds" / "dataset.toml").write_text(f'[domains]\n"{NFC}" = "lab"', "utf-8")
    assert set(index_dataset(tmp_path / "ds").frames) == {"lab", "intraop"}


def test_images_of_another_format_alone_are_named(tmp_path):
    label = write_frame(tmp_path / "ds", "a", "0", [], size=(8, 8))
    (images_of(label) / "0.png").rename(images_of(label) / "0.WEBP")
    label.unlink()
    _, said = invoke("data", "info", tmp_path / "ds", code=1)
    assert "no frames found" in said and "There is a/video_1/images/0.WEBP: convert" in said


@pytest.mark.parametrize(("folder", "name"), [(b"caf\xe9", "caf\\udce9"), (b"a\nb", "a\\nb")])
def test_a_dataset_in_a_folder_of_any_name_has_a_printable_one(tmp_path, folder, name):
    root = tmp_path / folder.decode("utf-8", "surrogateescape")
    try:
        write_frame(root, "a", "0", [], size=(8, 8))
    except OSError:
        pytest.skip("this file system refuses the name")
    assert index_dataset(root).name == name
    invoke("data", "check", root)


@pytest.mark.parametrize("platform", ["grand-challenge", "codabench", "synapse", "evalai"])
def test_labels_in_a_bundle_say_how_large_their_frames_are(tmp_path, platform):
    root = tmp_path / "gt"
    for stem in "01":
        unsized(write_frame(root, "a", stem, [(700, 500)], size=(800, 600)))
    (root / "a" / "video_1" / "images" / "1.png").unlink()
    before = {path.name: path.read_bytes() for path in root.rglob("*.json")}
    invoke("adapter", platform, "--out", tmp_path / "b", "--labels", root)
    if platform == "codabench":
        labels = {p.name: p.read_bytes() for p in (tmp_path / "b").rglob("point_labels/*.json")}
    elif platform == "grand-challenge":
        with tarfile.open(next((tmp_path / "b").rglob("*.tar.gz"))) as archive:
            labels = {Path(m.name).name: archive.extractfile(m).read() for m in archive}
    else:
        name = {"synapse": "groundtruth.zip", "evalai": "labels.zip"}[platform]
        with zipfile.ZipFile(next((tmp_path / "b").rglob(name))) as archive:
            labels = {Path(n).name: archive.read(n) for n in archive.namelist()}
    sizes = {"imageWidth": 800, "imageHeight": 600}
    assert json.loads(labels["0.json"]) == json.loads(before["0.json"]) | sizes
    assert labels["1.json"] == before["1.json"], "nothing says the size of this one"
