"""Judging, scoring and rendering start at once: the heavy libraries stay out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import in_one_process, python
from finished_runs import put_method
from frame_files import write_frame

HEAVY = {"torch", "torchvision", "lightning", "pytorch_lightning", "segmentation_models_pytorch",
         "timm", "matplotlib"}  # fmt: skip
REPOSITORY = Path(__file__).parent.parent


def loaded(body: str) -> tuple[list[str], str]:
    """The heavy libraries that are in memory after ``body``, and what it prints."""
    report = (
        f"import sys\n{body}\nprint('LOADED', *sorted({HEAVY} & set(sys.modules)), file=sys.stderr)"
    )
    shown, told = python("-c", report)
    return told.strip().splitlines()[-1].split()[1:], shown


def test_this_test_would_notice():
    assert loaded("import json, torch")[0] == ["torch"]


# What is printed, or told, by commands that do not train.
COMMANDS = {
    "--help": (0, "leaderboard"),
    "run --help": (0, "--methods-from"),
    "predict --help": (0, "--output"),
    "validate data": (0, ""),
    "evaluate data data": (0, "100"),
    "evaluate data data --format json": (0, '"f1": 1.0'),
    "evaluate data data --analysis": (0, "Against chance"),
    "explain point-outside": (0, "512x288"),
    "schema": (0, "2020-12"),
    "audit data data": (0, "no pair is fragile"),
    "conformance": (0, "point matching"),
    "leaderboard": (0, "55.79"),
    "leaderboard --format json": (0, "published"),
    "methods --parameters": (0, "improved_heatmap/no_cutting"),
    "paper table1": (0, "2246"),
    "report runs --out site": (0, "index.html"),
    "data info data": (0, "leave-one-surgery-out"),
    "data check data": (0, "no problem found"),
    "--version": (0, "adaptor_bench"),
    "run --method no_such_method --profile smoke": (2, "no_such_method"),
    "rnu": (2, "run"),
}


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """All of them in one process; data are labels, which may be predictions of themselves."""
    root = tmp_path_factory.mktemp("places")
    for surgery in ("a", "b"):
        write_frame(root / "data", surgery, "000000", [(10, 10), (300, 200)])
    put_method(root / "runs", "m", 0.5)
    return dict(zip(COMMANDS, in_one_process(map(str.split, COMMANDS), cwd=root)[0], strict=True))


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_that_do_not_train_load_nothing_heavy(done, command):
    code, shown, told, modules = done[command]
    assert not HEAVY & set(modules)
    assert code == COMMANDS[command][0] and COMMANDS[command][1] in shown + told


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
    assert {"adaptor_bench.harness.job", "adaptor_bench.stages.networks.small_unet"} <= set(names)
    heavy, _ = loaded(f"import importlib; [importlib.import_module(n) for n in {names!r}]")
    assert heavy == []
