"""What judges, scores and renders works from the plain installation, without any of the extras.

All commands run in one process in which nothing can be imported that the plain installation does
not bring: neither torch nor matplotlib, nor what tests use.
"""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from commands import in_one_process, python
from finished_runs import put_hits
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from small_board import SURGERIES, predict, put_board, put_data

from adaptor_bench.cli import COMMANDS
from adaptor_bench.cli.paper.figures import drawn_figures
from adaptor_bench.extras import EXTRAS
from adaptor_bench.harness.journal import Journal

PROJECT = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8"))
DECLARED = PROJECT["project"]["optional-dependencies"]
# Always there, whatever pip is asked for.
ALWAYS = {"adaptor_bench", "_distutils_hack", "pip", "pkg_resources", "setuptools"}

# Each reads what those before it wrote; "| TEXT": printed somewhere.
WORK = """
validate good --reference data | valid
explain frame-missing | frame-missing
schema | 2020-12
evaluate good data --analysis | Against chance
evaluate good data --format json | "f1": 1.0
audit good data | no pair is fragile
conformance | "cases"
methods --parameters | improved_heatmap/no_cutting
doctor | judging, scoring and tables work
data info data | leave-one-surgery-out
data check data | no problem found
data phantom phantom --profile tiny --workers 1 | drawn: phantom
board create --labels data --title Mine | adds an entry
compare good poor --labels data | good against poor
submit good --board small --team Team --method good --data data | good by Team
submit poor --board small --team Team --method poor --data data | poor by Team
verify small --data data | 2 of 2 entries verified
leaderboard --board small --write | table.md
leaderboard runs | Yao
status runs | 1 cell: 1 done.
compare one two --runs runs | one
card runs | Ranking card
card --board small --format json | "verdict"
report runs --board small --data data --out site | index.html
adapter codabench --labels data --out codabench | README.md
adapter challenger-csv --labels data --entry a=good --entry b=poor --out t.csv | 2 algorithms
card --challenger t.csv --na drop | Ranking card: surgery-f1
paper table1 --data data | case_1
paper table3 runs | two
""".strip().splitlines()
# What cannot be done, and the extra that brings what it takes.
LACKING = {
    "run --method improved_heatmap --profile smoke": "train",
    "run --method template --profile smoke --workers 2": "train",
    "run --method template --profile smoke --executor slurm": "slurm",
    "run --method template --profile smoke --executor ray": "ray",
    "curve stern --profile smoke": "train",
    "predict runs --input data --output p": "train",
    "export unet_peaks --format onnx --out e": "train",
    "check template": "train",
    "view data good --with napari": "napari",
    "view data --with fiftyone": "fiftyone",
    "translate runs --input data --output t --to sim": "train",
    "container landmark_detection --input data --output out --model runs": "train",
    **{f"paper {name} runs --out figure.png": "figures" for name in drawn_figures()},
}


def brought() -> set[str]:
    """The names of all distributions that the plain installation brings, canonical."""
    todo = list(PROJECT["project"]["dependencies"])
    found: set[str] = set()
    while todo:
        wanted = Requirement(todo.pop())
        name = canonicalize_name(wanted.name)
        if name in found or (wanted.marker and not wanted.marker.evaluate({"extra": ""})):
            continue
        found.add(name)
        try:
            todo += requires(name) or []
        except PackageNotFoundError:
            continue
    return found


@pytest.fixture(scope="module")
def withheld(tmp_path_factory) -> Path:
    """A folder that, on PYTHONPATH, makes every import fail that the plain installation lacks."""
    plain = brought()
    lacking = sorted(
        name
        for name, distributions in packages_distributions().items()
        if name not in ALWAYS and not plain & {canonicalize_name(d) for d in distributions}
    )
    folder = tmp_path_factory.mktemp("plain")
    (folder / "sitecustomize.py").write_text(
        f"import sys\nsys.modules.update(dict.fromkeys({lacking!r}))\n"
    )
    return folder


@pytest.fixture(scope="module")
def done(withheld, tmp_path_factory) -> dict[str, list]:
    """How every command ended, in a folder with labels, predictions, runs and a board."""
    root = tmp_path_factory.mktemp("work")
    data = put_data(root / "data")
    put_board(root / "small", data)
    predict(root / "good", data, 0)
    predict(root / "poor", data, 4, SURGERIES, extra=[(400, 250)])
    for method, hits in (("one", (9, 8, 9, 7)), ("two", (5, 6, 4, 5))):
        put_hits(root / "runs", method, hits, wrong=1)
    Journal(root / "runs" / "phantom-x").plans(["one/intraop/fold_1"])
    given = [line.rpartition(" | ")[0] for line in WORK] + list(LACKING)
    env = {"PYTHONPATH": str(withheld), "ADAPTOR_BENCH_CACHE": str(root / "cache")}
    return dict(
        zip(given, in_one_process(map(str.split, given), cwd=root, env=env)[0], strict=True)
    )


IMPORTED_AS = {"skimage": "scikit-image"}


@pytest.mark.quick
def test_pip_and_the_package_agree_on_what_an_extra_brings():
    for extra, libraries in EXTRAS.items():
        listed = {canonicalize_name(Requirement(r).name) for r in DECLARED[extra]}
        assert listed == {IMPORTED_AS.get(n, canonicalize_name(n)) for n in libraries}
    (everything,) = [r for r in map(Requirement, DECLARED["dev"]) if r.name == "adaptor-bench"]
    assert everything.extras >= {"figures", "train"}, "the tests need them"


def test_nothing_else_can_be_imported_there(withheld):
    shown, _ = python("-c", "import sys; print(*(n for n, m in sys.modules.items() if m is None))",
                      env={"PYTHONPATH": str(withheld)})  # fmt: skip
    lacking = set(shown.split())
    assert {"torch", "segmentation_models_pytorch", "matplotlib", "skimage", "pytest"} <= lacking
    assert not {"numpy", "scipy", "pandas", "cv2", "click"} & lacking


@pytest.mark.parametrize("case", WORK)
def test_it_works_without_an_extra(done, case):
    line, _, says = case.rpartition(" | ")
    code, shown, told, _ = done[line]
    assert code == 0, shown + told
    assert says in shown + told


@pytest.mark.parametrize("line", LACKING)
def test_what_needs_an_extra_says_which_in_one_line(done, line):
    code, shown, told, _ = done[line]
    assert (code, shown) == (2, "")
    assert f'pip install "adaptor-bench[{LACKING[line]}]"' in told
    assert len(told.splitlines()) <= 2 and "which is not installed" in told


def test_every_command_has_a_case():
    lines = [line.split()[0] for line in (*WORK, *LACKING)]
    assert set(COMMANDS) <= set(lines)
