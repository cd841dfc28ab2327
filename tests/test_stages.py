"""Parts of detectors: found by themselves, exchanged one by one, each in one file."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from commands import invoke
from conftest import write_frame

from adaptor_bench.errors import BenchError
from adaptor_bench.registry import discover
from adaptor_bench.stages.registry import PROGRAM, shipped
from adaptor_bench.train.keys import code_of

PAGE = Path(__file__).parent.parent / "docs" / "stages.md"
DECODERS = sorted(name for of, name in shipped() if of == "decode")
HEAD = """
from dataclasses import dataclass
from adaptor_bench.stages.registry import stage
"""


@pytest.fixture(autouse=True)
def without_parts_of_other_tests(monkeypatch):
    """Those that test files mark count as the program's own."""
    for key in list(PROGRAM):
        monkeypatch.delitem(PROGRAM, key)


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """The file that the page on stages tells people to copy, in a folder of its own."""
    folder = tmp_path_factory.mktemp("parts")
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    (folder / "mine.py").write_text(code)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("data") / "two"
    for surgery in ("aicm1", "aicm2", "aicm11", "aicm12", "aicm13"):
        write_frame(root, surgery, "000000", [(400, 100), (130, 140)])
    return root


def bench_run(parts, data, out, *arguments):
    invoke(
        "run", "--methods-from", parts, "--data", data, "--domain", "intraop", "--fold", 1,
        "--profile", "smoke", "--out", out, *arguments,
    )  # fmt: skip


@pytest.fixture(scope="module")
def shared(parts, data, tmp_path_factory):
    """Runs that hold what the shipped method trains."""
    out = tmp_path_factory.mktemp("shared") / "runs"
    bench_run(parts, data, out, "--method", "improved_heatmap/no_cutting")
    return out


def record(out, method):
    return json.loads((out / "two" / method / "intraop" / "fold_1" / "run.json").read_text())


def kept(out, kind):
    return sorted(path.name for path in out.glob(f"two/artefacts/{kind}-*"))


def points_of(out, method):
    files = (out / "two" / method / "intraop").rglob("point_labels/*.json")
    return [len(json.loads(path.read_text())["points"]) for path in files]


def test_a_method_of_parts_of_ones_own_and_its_ablation_share_what_they_agree_on(
    parts, data, tmp_path
):
    out = tmp_path / "runs"
    bench_run(parts, data, out, "--method", "mine", "--method", "mine/peaks")
    assert [len(kept(out, kind)) for kind in ("translator", "network", "heatmaps")] == [1, 1, 1]
    assert points_of(out, "mine") == [5]
    found = record(out, "mine")
    assert found["parameters"]["network.width"] == 2 and found["others"].keys() == {"sim"}
    assert found["profile_changes"] == {"network.width": [8, 2], "training.steps": [None, 3]}
    assert {"mine", "adaptor_bench.stages.decoders.peaks"} <= found["code"]["modules"].keys()


def test_an_edited_file_of_parts_is_another_program(parts, tmp_path):
    text = (parts / "mine.py").read_text()
    codes = []
    for content in (text, text + "# remarked", text.replace("<= self.radius *", "< self.radius *")):
        (tmp_path / "mine.py").write_text(content)
        made = discover([tmp_path]).get("stern").schema.catalogue["target", "disks"]()
        codes.append(code_of("network", [made]))
    assert codes[0] == codes[1] != codes[2]


@pytest.mark.parametrize(
    ("stage", "part", "setting", "again"),
    [
        ("decode", "brightest", "number=2", set()),
        ("loss", "pixel_entropy", "", {"network", "heatmaps"}),
        ("target", "disks", "radius=9", {"network", "heatmaps"}),
        ("network", "three_layers", "width=3", {"network", "heatmaps"}),
        ("translate", "brightness", "", {"translator", "network", "heatmaps"}),
    ],
)
def test_one_part_of_a_shipped_method_is_exchanged(
    parts, data, shared, stage, part, setting, again
):
    out = shared
    shutil.rmtree(out / "two" / "improved_heatmap" / "intraop", ignore_errors=True)
    before = {kind: kept(out, kind) for kind in ("translator", "network", "heatmaps")}
    changes = ["--set", f"{stage}={part}"] + (["--set", f"{stage}.{setting}"] if setting else [])
    bench_run(parts, data, out, "--method", "improved_heatmap", *changes)
    found = record(out, "improved_heatmap")["parameters"]
    assert found[stage] == part
    if setting:
        key, _, value = setting.partition("=")
        assert found[f"{stage}.{key}"] == int(value)
    assert {kind for kind, names in before.items() if kept(out, kind) != names} == again
    if stage == "decode":
        assert points_of(out, "improved_heatmap") == [2]


def test_a_run_with_a_part_of_ones_own_is_used_with_its_file(parts, data, shared, tmp_path):
    shutil.rmtree(shared / "two" / "improved_heatmap" / "intraop", ignore_errors=True)
    bench_run(parts, data, shared, "--method", "improved_heatmap", "--set", "decode=brightest")
    run = shared / "two" / "improved_heatmap" / "intraop" / "fold_1"
    arguments = ("predict", run, "--input", data, "--domain", "intraop", "--output", tmp_path / "p")
    _, told = invoke(*arguments, code=1)
    assert f"'decode' must be one of {', '.join(DECODERS)}" in told and "--methods-from" in told
    invoke(*arguments, "--methods-from", parts)
    (kept,) = (run / "predictions").rglob("*.json")
    again = tmp_path / "p" / kept.relative_to(run / "predictions")
    assert again.read_bytes() == kept.read_bytes()


def test_parts_are_listed_with_their_parameters(parts):
    document = json.loads(invoke("methods", "--methods-from", parts, "--format", "json")[0])
    assert document["parts"]["decode"]["brightest"] == {"number": 3}
    assert document["parts"]["decode"]["otsu"]["threshold"] is None
    assert set(document["parts"]) == {"translate", "target", "network", "loss", "decode"}
    shown, _ = invoke("methods", "--methods-from", parts, "--parameters")
    names = ", ".join(sorted(["brightest", *DECODERS]))
    assert re.search(rf"decode +{names}\n", shown)
    assert re.search(r"decode\.threshold +none +none +none +from 0 to 1 or none", shown)
    with pytest.raises(BenchError, match=f"one of {', '.join(DECODERS)}, got 'brightest'"):
        discover().get("stern").resolve("smoke", {"decode": "brightest"})


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("@stage('decode', 'x')\nclass X: ...", "decode=x (X) is no frozen dataclass"),
        ("@stage('decode', 'x')\n@dataclass(frozen=True)\nclass X: ...", "(X) lacks decode"),
        ("@stage('loss', 'x')\n@dataclass(frozen=True)\nclass X: ...", "(X) lacks __call__"),
        ("@stage('decoder', 'x')\n@dataclass(frozen=True)\nclass X: ...", "no stage 'decoder'"),
        (
            "@stage('decode', 'x')\n@dataclass(frozen=True)\nclass X:\n    n: int\n"
            "    def decode(self, maps, size): ...",
            "field 'n' needs a default",
        ),
        (
            "@stage('decode', 'x')\n@dataclass(frozen=True)\nclass X:\n    n: dict = None\n"
            "    def decode(self, maps, size): ...",
            "field 'n' cannot be of type",
        ),
        (
            "from adaptor_bench.method import Card\nfrom adaptor_bench.registry import composed\n"
            "from adaptor_bench.train.detector import Detector\n"
            "made = Detector(target=1, network=2, loss=3, decode=4)\n"
            "composed('x', made, card=Card('X'))",
            "target: int is not marked by @stage",
        ),
    ],
)
def test_a_part_that_does_not_fit_is_listed_with_the_reason(tmp_path, code, says):
    (tmp_path / "x.py").write_text(HEAD + code)
    (reason,) = discover([tmp_path]).unavailable.values()
    assert says in reason


def test_a_name_given_twice_names_both_files(parts, tmp_path):
    (tmp_path / "other.py").write_text(
        HEAD + "@stage('decode', 'brightest')\n@dataclass(frozen=True)\nclass X:\n"
        "    def decode(self, maps, size): ..."
    )
    with pytest.raises(BenchError, match="decode=brightest is registered twice") as error:
        discover([parts, tmp_path])
    assert str(parts / "mine.py") in error.value.message


def test_an_installed_package_brings_its_parts(parts, monkeypatch):
    from importlib import metadata

    monkeypatch.syspath_prepend(parts)
    entry = metadata.EntryPoint("mine", "mine", "adaptor_bench.stages")
    real = metadata.entry_points
    monkeypatch.setattr(
        metadata,
        "entry_points",
        lambda group: [entry] if group == "adaptor_bench.stages" else real(group=group),
    )
    registry = discover()
    assert registry.get("stern").resolve("smoke", {"decode": "brightest"})["decode.number"] == 3
    assert ("loss", "pixel_entropy") in registry.parts
