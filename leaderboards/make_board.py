"""Make a leaderboard in one go: train its methods, enter them, write tables and ranking card.

``python leaderboards/make_board.py phantom-mini``, or with the data that a user must have,
``python leaderboards/make_board.py mbm --data MBM``. What is made stands in the board's
``recipe.toml``. Finished folds are kept: the same command goes on where it was stopped. The
board's folder is changed at the very end, when everything is there.

With ``--costs`` nothing is entered anew: two folds of every method are trained on this machine, as
many at a time as ``bench run`` takes, and entries get their CPU seconds in place of their own.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from adaptor_bench.api.datasets import dataset_folder
from adaptor_bench.data.frames import index_dataset
from adaptor_bench.entries.entry import write_board
from adaptor_bench.entries.submit import board_from_runs, with_labels
from adaptor_bench.errors import BenchError, UsageError
from adaptor_bench.progress import message
from adaptor_bench.results.learning import BUDGET

HERE = Path(__file__).resolve().parent
TEAM = "adaptor_bench"
COST_FOLDS = (1, 2)
MADE = ("*.json", "table.md", "card.md", "predictions")
"""What is replaced in the folder of a board."""


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 when the board was made, 1 when a fold failed or an entry cannot be verified."""
    given = _parser().parse_args(arguments)
    home = given.board if given.board.is_dir() else HERE / given.board
    try:
        recipe = read_recipe(home)
        data = dataset_folder(given.data or recipe["dataset"])
        if (name := index_dataset(data).name) != recipe["dataset"]:
            raise UsageError(f"{data}: is dataset {name!r}, the board's is {recipe['dataset']!r}")
    except BenchError as error:
        message(str(error))
        return error.exit_code
    for key in ("methods", "seeds", "profile"):
        recipe[key] = getattr(given, key) or recipe[key]
    runs = given.runs / home.resolve().name
    if given.costs:
        measure_costs(recipe, data, home, runs / "costs", given.run)
        return 0
    places = train(recipe, data, runs, given.run)
    if given.no_board:
        return 0
    made = assemble(recipe, data, places, runs / "board" / home.resolve().name)
    for pattern in MADE:
        for path in [*home.glob(pattern)]:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(made, home, dirs_exist_ok=True)
    message(f"made: {home}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("board", type=Path, help="a name beside this script, or a folder")
    parser.add_argument("--data", type=Path, help="default: the phantom, drawn if needed")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="default: runs")
    parser.add_argument("--methods", nargs="+", help="default: as in recipe.toml; so are the next")
    parser.add_argument("--seeds", nargs="+", type=int)
    parser.add_argument("--profile")
    parser.add_argument("--costs", action="store_true", help="measure costs, and leave it at that")
    parser.add_argument("--no-board", action="store_true", help="train, and leave it at that")
    parser.add_argument(
        "--run", nargs=argparse.REMAINDER, default=[], help="further options of `bench run`, last"
    )
    return parser


def read_recipe(home: Path) -> dict[str, Any]:
    """What ``recipe.toml`` says, with what it leaves out. Raises UsageError where there is none."""
    path = home / "recipe.toml"
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    usual = {"radius": 6, "profile": "quick", "seeds": [0]}
    usual |= {"once": [], "budgets": {}, "notes": []}
    found = usual | tomllib.loads(path.read_text("utf-8"))
    return found | {"published": home / "published"}


def train(recipe: dict[str, Any], data: Path, runs: Path, more: list[str]) -> list[Path]:
    """Run every method with every seed, those named ``once`` with the first alone, each for its
    budget; returns the folders of the seeds."""
    places = []
    for seed in recipe["seeds"]:
        once = recipe["once"] if seed != recipe["seeds"][0] else ()
        methods = [m for m in recipe["methods"] if m not in once]
        places.append(runs / f"seed{seed}")
        for budget in dict.fromkeys(budget_of(recipe, m) for m in methods):
            names = [m for m in methods if budget_of(recipe, m) == budget]
            bench(
                "run", *(a for m in names for a in ("--method", m)), "--data", data,
                "--profile", recipe["profile"], "--seed", seed, "--radius", recipe["radius"],
                "--out", places[-1], *(() if budget is None else ("--set", f"{BUDGET}={budget:g}")),
                *more,
            )  # fmt: skip
    return places


def measure_costs(
    recipe: dict[str, Any], data: Path, home: Path, runs: Path, more: list[str]
) -> None:
    """Give the entries the costs of two folds of a domain, trained here. A fold of every method
    comes before another of any, so that a machine whose speed drifts is unfair to none."""
    recipe = recipe | {"seeds": recipe["seeds"][:1]}
    for fold in COST_FOLDS:
        places = train(recipe, data, runs, ["--fold", str(fold), *more])
    bench("board", "costs", home, *places)
    bench("leaderboard", "--board", home, "--write")


def budget_of(recipe: dict[str, Any], method: str) -> float | None:
    """Times the training steps of the profile: what ``[budgets]`` has for the method, or for the
    one that it is an ablation of. None, if it has nothing."""
    return recipe["budgets"].get(method, recipe["budgets"].get(method.partition("/")[0]))


def assemble(recipe: dict[str, Any], data: Path, places: list[Path], folder: Path) -> Path:
    """The whole board in a new ``folder``: definition, entries, tables, card. Verified."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    board = with_labels(board_from_runs(places, folder, recipe["title"]), data)
    write_board(replace(board, notes=(*recipe["notes"], *board.notes)))
    if recipe["published"].is_dir():
        shutil.copytree(recipe["published"], folder / "published")
    for method in recipe["methods"]:
        bench("submit", *places, "--board", folder, "--team", TEAM, "--method", method,
              "--data", data)  # fmt: skip
    bench("verify", folder, "--data", data)
    bench("leaderboard", "--board", folder, "--write")
    # With a single competitor there is no ranking, hence no card.
    card = bench("card", "--board", folder, "--format", "markdown", may_fail=True)
    if card:
        (folder / "card.md").write_text(card, "utf-8")
    return folder


def bench(*arguments: Any, may_fail: bool = False) -> str:
    """Run a command as a user types it; returns what it prints. Ends the script if it fails."""
    words = [str(a) for a in arguments]
    began = time.monotonic()
    message(f"bench {shlex.join(words)}")
    done = subprocess.run(
        [sys.executable, "-m", "adaptor_bench", *words], stdout=subprocess.PIPE, text=True
    )
    message(f"  {time.monotonic() - began:.0f} s")
    if done.returncode > may_fail:  # 1: judged and found wanting
        sys.exit(done.returncode)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
