"""Judging, scoring and rendering start at once: the heavy libraries stay out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import python
from finished_runs import put_method
from frame_files import write_frame

HEAVY = ("torch", "torchvision", "lightning", "pytorch_lightning", "segmentation_models_pytorch",
         "timm", "matplotlib")  # fmt: skip
REPOSITORY = Path(__file__).parent.parent

REPORT = """
import sys
sys.argv = ["bench"] + sys.argv[1:]
try:
    {body}
finally:
    print("LOADED", *sorted(name for name in {heavy!r} if name in sys.modules), file=sys.stderr)
"""
COMMAND = "from adaptor_bench.cli import main; main()"


def loaded(body: str, *arguments: object, code: int = 0) -> tuple[list[str], str]:
    """The heavy libraries that were in memory when the process left, and its stdout."""
    report = REPORT.format(body=body, heavy=HEAVY)
    shown, told = python("-c", report, *arguments, code=code)
    return told.strip().splitlines()[-1].split()[1:], shown


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Labels, which may as well be predictions of themselves, and runs."""
    root = tmp_path_factory.mktemp("places")
    for surgery in ("a", "b"):
        write_frame(root / "data", surgery, "000000", [(10, 10), (300, 200)])
    return {"data": root / "data", "runs": put_method(root / "runs", "m", 0.5), "out": root / "out"}


def test_this_test_would_notice():
    assert loaded("import json, torch")[0] == ["torch"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--help"], "leaderboard"),
        (["run", "--help"], "--methods-from"),
        (["predict", "--help"], "--output"),
        (["validate", "{data}"], ""),
        (["evaluate", "{data}", "{data}"], "100"),
        (["evaluate", "{data}", "{data}", "--format", "json"], '"f1": 1.0'),
        (["evaluate", "{data}", "{data}", "--analysis"], "Against chance"),
        (["explain", "point-outside"], "512x288"),
        (["schema"], "2020-12"),
        (["audit", "{data}", "{data}"], "no pair is fragile"),
        (["conformance"], "point matching"),
        (["leaderboard"], "55.79"),
        (["leaderboard", "--format", "json"], "published"),
        (["methods", "--parameters"], "improved_heatmap/no_cutting"),
        (["paper", "table1"], "2246"),
        (["report", "{runs}", "--out", "{out}"], "index.html"),
        (["data", "info", "{data}"], "leave-one-surgery-out"),
        (["data", "check", "{data}"], "no problem found"),
        (["--version"], "adaptor_bench"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_commands_that_do_not_train_load_nothing_heavy(places, arguments, says):
    heavy, shown = loaded(COMMAND, *(a.format(**places) for a in arguments))
    assert heavy == []
    assert says in shown


@pytest.mark.parametrize(
    ("body", "slow"),
    [
        ("from adaptor_bench.cli import evaluate, validate, leaderboard",
         {"scipy", "pandas", "tabulate"}),
        ("import adaptor_bench.cli.paper as p; p.command.get_command(None, 'table1')",
         {"numpy", "scipy", "pandas", "tabulate"}),
    ],
)  # fmt: skip
def test_a_command_waits_for_its_work_before_it_loads_what_that_needs(body, slow):
    assert loaded(f"{body}; assert not {slow} & set(sys.modules)")[0] == []


def test_wrong_usage_is_told_without_loading_anything_heavy():
    for arguments in (["run", "--method", "no_such_method", "--profile", "smoke"], ["rnu"]):
        assert loaded(COMMAND, *arguments, code=2)[0] == []


def test_every_method_file_is_read_without_torch():
    body = (
        "import json; from adaptor_bench.registry import discover; r = discover(); "
        "assert not r.unavailable, r.unavailable; "
        "print(json.dumps(sorted({s.origin for s in r.methods.values()})))"
    )
    heavy, shown = loaded(body)
    assert heavy == []
    expected = {str(p) for p in (REPOSITORY / "baselines").glob("*.py") if p.name[0] != "_"}
    assert set(json.loads(shown)) == expected


def test_the_library_without_the_training_zone_is_torch_free():
    """Everything but ``train`` and what parts keep apart can be imported without torch."""
    package = REPOSITORY / "adaptor_bench"
    names = sorted(
        ".".join(("adaptor_bench", *p.relative_to(package).with_suffix("").parts)).removesuffix(
            ".__init__"
        )
        for p in package.rglob("*.py")
        if "train" not in p.relative_to(package).parts
        and p.name != "__main__.py"
        and not ("stages" in p.parts and p.name[0] == "_" and p.name != "__init__.py")
        and "_bundled" not in p.parts
    )
    names += [f"adaptor_bench.train.{name}" for name in ("detector", "heatmaps", "settings")]
    assert {"adaptor_bench.harness.job", "adaptor_bench.stages.networks.plain_unet"} <= set(names)
    heavy, _ = loaded(f"import importlib; [importlib.import_module(n) for n in {names!r}]")
    assert heavy == []
