"""``bench export``: what other programs get is the network, and says what it is."""

from __future__ import annotations

import json
import os
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from commands import invoke
from frame_files import write_frame
from PIL import Image
from safetensors.torch import load_file, save_file

from adaptor_bench import extras
from adaptor_bench.harness import equality, export
from adaptor_bench.harness.checkpoint import load_method
from adaptor_bench.harness.equality import UnequalError, compare, frames_to_compare
from adaptor_bench.harness.shipped import shipped_weights
from adaptor_bench.registry import discover
from adaptor_bench.train import portable

ONNX = pytest.mark.skipif(
    any(find_spec(name) is None for name in extras.EXTRAS["onnx"]),
    reason="the extra [onnx] is not installed",
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> tuple[Path, Path]:
    """A dataset, and the folder with smoke runs on its fold 1."""
    root = tmp_path_factory.mktemp("finished")
    data, before = root / "dataset", Path.cwd()
    rng = np.random.default_rng(0)
    for surgery in ("case_1", "case_2", "case_3"):
        for k in range(2):
            write_frame(data, surgery, f"{k:06d}", rng.uniform(10, 280, (4, 2)).round(1))
    os.chdir(root)
    try:
        invoke("run", "--method", "unet_peaks", "--method", "template", "--data", data,
               "--profile", "smoke", "--fold", 1)  # fmt: skip
    finally:
        os.chdir(before)
    return data, root / "runs" / "dataset"


@pytest.fixture
def fold(finished) -> Path:
    return finished[1] / "unet_peaks" / "intraop" / "fold_1"


@pytest.mark.parametrize("form", ["torchscript", "safetensors"])
def test_a_run_becomes_a_folder_that_says_what_it_is(finished, fold, form):
    _, told = invoke("export", fold, "--format", form, "--out", "out", "--data", finished[0])
    assert f"out: exported as {form}; compared with the original on 2 frames of dataset" in told
    config = json.loads(Path("out/config.json").read_text())
    (model,) = {path.name for path in Path("out").iterdir()} - {"README.md", "config.json"}
    assert config["file"]["name"] == model == export.FORMATS[form]
    assert config["method"] == "unet_peaks" and config["parameters"]["network.width"] == 8
    assert config["parameters"]["decode.threshold"] == config["decoder"]["threshold"] is not None
    assert config["input"]["shape"] == ["batch", 3, 72, 128]
    assert config["output"]["shape"] == ["batch", 1, 72, 128]
    assert config["frames"]["size"] == config["frames"]["points_in"] == [512, 288]
    assert config["trained_on"]["validation"] and config["trained_on"]["seed"] == 0
    assert config["equality"]["largest_difference_of_maps"] <= equality.OF_MAPS
    card = Path("out/README.md").read_text()
    score = json.loads((fold / "score.json").read_text())
    tp = sum(len(frame["pairs"]) for frame in score["frames"])
    assert f"| {tp} / " in card and "| all | " in card
    assert "no clinical tool" in card and "compared with the original" in card


def test_what_a_hub_reads_of_the_card(finished, fold):
    hub = pytest.importorskip("huggingface_hub")
    invoke("export", fold, "--format", "safetensors", "--out", "out", "--data", finished[0])
    data = hub.ModelCard.load("out/README.md").data
    assert data.license == "other" and data.library_name == "adaptor_bench"
    assert data.pipeline_tag == "keypoint-detection" and "safetensors" in data.tags
    for result in data.eval_results or []:
        assert result.metric_type == "f1" and 0 <= result.metric_value <= 1


def test_a_folder_for_a_hub_predicts_as_the_run_does(finished, fold):
    invoke("export", fold, "--format", "safetensors", "--out", "out", "--data", finished[0])
    for run, place in ((fold, "own"), ("out", "again")):
        invoke("predict", run, "--input", finished[0], "--output", place)
    own = {p.relative_to("own"): p.read_bytes() for p in Path("own").rglob("*.json")}
    again = {p.relative_to("again"): p.read_bytes() for p in Path("again").rglob("*.json")}
    assert own == again and len(own) == 6
    invoke("export", "out", "--format", "safetensors", "--out", "twice", "--data", finished[0])
    first, second = (
        {p.name: p.read_bytes() for p in Path(place).iterdir()} for place in ("out", "twice")
    )
    assert first == second


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
@pytest.mark.parametrize("form", [pytest.param("onnx", marks=ONNX), "torchscript"])
def test_the_code_of_the_card_finds_what_predict_finds(form, monkeypatch):
    """In a frame of another size than those trained on, in pixels of that frame."""
    Path("pictures").mkdir()
    rng, image = np.random.default_rng(1), np.full((576, 1024, 3), 150, np.uint8)
    for x, y in rng.integers((40, 40), (980, 530), (25, 2)):
        image[y - 4 : y + 5, x - 4 : x + 5] = 20
    Image.fromarray(image).save("pictures/frame.png")
    _, told = invoke("export", "unet_peaks", "--format", form, "--out", "out")
    assert "8 random pictures (the run's data are not at hand" in told
    invoke("predict", "unet_peaks", "--input", "pictures", "--output", "p", "--format", "json")
    (picture,) = json.loads(Path("p/points.json").read_text())["images"]
    expected = np.array([[point["x"], point["y"]] for point in picture["points"]])
    card = Path("out/README.md").read_text()
    (code,) = re.findall(r"^```python\n(.*?)^```", card, re.M | re.S)
    Path("out/frame.png").write_bytes(Path("pictures/frame.png").read_bytes())
    monkeypatch.chdir("out")
    found: dict = {}
    exec(code, found)
    assert len(expected) > 10
    away = np.linalg.norm(found["points"][:, None] - expected[None], axis=-1)
    assert away.shape == (len(expected),) * 2  # the order of equal scores is open
    assert away.min(axis=0).max() < 0.1 and away.min(axis=1).max() < 0.1
    config = json.loads(Path("config.json").read_text())
    assert config["measured"]["sim"]["tp"] == 616
    assert config["opset"] == (18 if form == "onnx" else None)
    assert 'license: "mit"' in card and "phantom, which is drawn" in card


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda maps: maps + 0.01, "its maps of"),
        (lambda maps: maps * np.nan, "its maps of"),
        (lambda maps: maps[..., 1:], "its maps are"),
    ],
)
def test_what_is_not_equal_is_not_written(finished, fold, monkeypatch, spoil, said):
    true = portable.of_torchscript

    def spoilt(path):
        maps = true(path)
        return lambda images: spoil(maps(images))

    monkeypatch.setattr(portable, "of_torchscript", spoilt)
    arguments = ("export", fold, "--format", "torchscript", "--out", "out", "--data", finished[0])
    _, told = invoke(*arguments, code=1)
    assert f"the exported network is not equal to the original: {said}" in told
    assert "nothing was written" in told and not Path("out").exists()


def test_points_are_compared_too(monkeypatch):
    """Maps that are near enough may still decode otherwise."""
    method = load_method(shipped_weights()["unet_peaks"], discover())
    frames, _ = frames_to_compare({}, method, (512, 288), None)
    draws = portable.of_network(method.trained())
    same = compare(method, draws, frames[:2], "two")
    assert same.points > 20 and same.px == same.maps == 0
    monkeypatch.setattr(equality, "OF_MAPS", 1.0)
    with pytest.raises(UnequalError, match=r"a point of .* px away"):
        compare(method, lambda images: np.roll(draws(images), 1, axis=-1), frames[:2], "two")
    with pytest.raises(UnequalError, match="0 points in"):
        compare(method, lambda images: 0 * draws(images), frames[:2], "two")


COMPOSED = [name for name, spec in discover().methods.items()
            if "network" in spec.resolve("smoke") and not spec.changes]  # fmt: skip


@pytest.mark.parametrize("name", COMPOSED)
def test_every_network_can_be_exported(name, tmp_path):
    """Those with several maps, maps smaller than the image, and layers that ask for sizes."""
    spec = discover().methods[name]
    method = spec.build(spec.resolve("smoke"))
    torch.manual_seed(0)
    network = method.network.build(method.target.channels).eval()
    portable.write_torchscript(network, (120, 72), tmp_path / "model.pt")
    images = np.random.default_rng(0).random((3, 3, 72, 120), np.float32)
    drawn = portable.of_torchscript(tmp_path / "model.pt")(images)
    assert drawn.shape[:2] == (3, method.target.channels) and 0 <= drawn.min() <= drawn.max() <= 1
    np.testing.assert_allclose(drawn, portable.of_network(network)(images), atol=1e-6)


@ONNX
def test_maps_smaller_than_the_image_as_onnx(tmp_path):
    spec = discover().methods["centre_offset"]
    method = spec.build(spec.resolve("smoke"))
    network = method.network.build(method.target.channels).eval()
    portable.write_onnx(network, (66, 50), tmp_path / "model.onnx")
    images = np.random.default_rng(0).random((3, 3, 50, 66), np.float32)
    drawn = portable.of_onnx(tmp_path / "model.onnx")(images)
    assert drawn.shape == (3, 3, 13, 17)
    np.testing.assert_allclose(drawn, portable.of_network(network)(images), atol=1e-5)


def test_a_method_without_a_network_is_refused(finished):
    run = finished[1] / "template" / "intraop" / "fold_1"
    _, told = invoke("export", run, "--format", "safetensors", "--out", "out", code=2)
    assert "method 'template' has no network of this package to export" in told
    assert not Path("out").exists()


def test_what_cannot_be_exported_is_told(finished, fold, monkeypatch):
    Path("there").mkdir()
    _, told = invoke("export", fold, "--format", "safetensors", "--out", "there", code=1)
    assert "there: already exists" in told
    _, told = invoke("export", "nothing", "--format", "safetensors", "--out", "out", code=2)
    assert "neither a finished run nor a method with weights" in told

    class Unfollowed(torch.nn.Module):
        def forward(self, image):
            raise RuntimeError("a layer\nof its own")

    with pytest.raises(Exception, match=r"cannot write this network as TorchScript: a layer\n"):
        portable.write_torchscript(Unfollowed(), (64, 64), Path("model.pt"))
    monkeypatch.setitem(extras.EXTRAS, "onnx", ("a_library_nobody_has",))
    _, told = invoke("export", fold, "--format", "onnx", "--out", "out", code=2)
    assert 'pip install "adaptor-bench[onnx]"' in told and not Path("out").exists()


@pytest.mark.parametrize(
    "change", [{"dataset": 3}, {"frame_sizes": {"0x": 1}}, {"train": "all"}, {"measured": {"a": 1}}]
)
def test_a_damaged_record_is_told(change, tmp_path):
    shutil.copytree(shipped_weights()["unet_peaks"], tmp_path / "run")
    record = json.loads((tmp_path / "run" / "run.json").read_text()) | change
    (tmp_path / "run" / "run.json").write_text(json.dumps(record))
    arguments = ("export", tmp_path / "run", "--format", "safetensors", "--out", "out")
    assert "is damaged: " in invoke(*arguments, code=1)[1]
    assert not Path("out").exists()


def test_frames_of_another_domain_are_told_and_what_is_not_measured_is_a_dash(tmp_path):
    shutil.copytree(shipped_weights()["unet_peaks"], tmp_path / "run")
    place = tmp_path / "run" / "run.json"
    record = json.loads(place.read_text())
    measured = {"sim": {**record["measured"]["sim"], "tp": 0, "fp": 0, "fn": 0}}
    record |= {"others": {"sim": "0123456789abcdef0123"}, "measured": measured}
    record["parameters"]["translate"] = "unchanged"
    place.write_text(json.dumps(record))
    invoke("export", tmp_path / "run", "--format", "safetensors", "--out", "out")
    invoke("export", "out", "--format", "safetensors", "--out", "twice")
    for folder in ("out", "twice"):
        config = json.loads(Path(folder, "config.json").read_text())
        assert config["trained_on"]["others"] == record["others"]
        card = Path(folder, "README.md").read_text()
        assert "another domain as well: sim (fingerprint `0123456789abcdef`); " in card
        assert "`translate=unchanged`" in card and "`training.translated_share=" in card
        assert "| sim | - | - | - | 0 / 0 / 0 |" in card and "nan" not in card


@pytest.mark.parametrize("form", ["torchscript", "safetensors"])
@pytest.mark.parametrize("how", ["missing", "truncated", "not finite"])
def test_damaged_weights_are_the_runs_own(form, how, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(shipped_weights()["unet_peaks"], run)
    record = json.loads((run / "run.json").read_text())
    record.pop("files")  # hashes, which a run that was just trained does not have
    (run / "run.json").write_text(json.dumps(record))
    weights = run / "network.safetensors"
    said = f"{weights}: not readable as network weights"
    if how == "missing":
        weights.unlink()
    elif how == "truncated":
        weights.write_bytes(weights.read_bytes()[:-100])
    else:
        tensors = load_file(weights)
        for tensor in tensors.values():
            if tensor.is_floating_point():
                tensor.fill_(torch.nan)
        save_file(tensors, weights)
        said = f"{run}: its network draws values that are not finite in "
    _, told = invoke("export", run, "--format", form, "--out", "out", code=1)
    assert told.startswith(f"error: {said}")
    assert "partial" not in told and "equal" not in told and not Path("out").exists()


def test_a_folder_with_other_weights_than_its_own_is_refused(finished):
    invoke("export", "unet_peaks", "--format", "safetensors", "--out", "out")
    model, config = Path("out/model.safetensors"), Path("out/config.json")
    content = bytearray(model.read_bytes())
    content[-1] ^= 1
    model.write_bytes(content)
    _, told = invoke("predict", "out", "--input", finished[0], code=1)
    assert "out/model.safetensors: its sha256 is not the one in config.json" in told
    model.unlink()
    _, told = invoke("predict", "out", "--input", finished[0], code=1)
    assert "out/model.safetensors: cannot be read: No such file" in told
    record = json.loads(config.read_text())
    config.write_text(json.dumps({k: v for k, v in record.items() if k != "file"}))
    _, told = invoke("predict", "out", "--input", finished[0], code=1)
    assert "out/config.json: says no sha256 of model.safetensors" in told


def test_frames_of_another_size_are_no_comparison(fold, tmp_path):
    write_frame(tmp_path / "large", "case_1", "0", [(9, 9)], size=(640, 480))
    arguments = ("export", fold, "--format", "safetensors", "--out", "out")
    _, told = invoke(*arguments, "--data", tmp_path / "large", code=1)
    assert "the frames are not 512x288 px, as those of the run were" in told


def test_what_was_exported_for_others_is_not_read_again(finished, fold):
    invoke("export", fold, "--format", "torchscript", "--out", "out", "--data", finished[0])
    _, told = invoke("predict", "out", "--input", finished[0], code=1)
    assert "out: exported as torchscript, for other programs" in told
    Path("odd").mkdir()
    Path("odd/config.json").write_text('{"architectures": []}')
    _, told = invoke("predict", "odd", "--input", finished[0], code=1)
    assert "odd: not a finished run" in told
