"""What the experiments here share: arms are trained and scored as ``bench run`` does, F1 is
collected by fold and seed, and comparisons are written beside the script.

An arm is a registered method with some parameters changed. All arms of an experiment stand in one
folder of runs and share what they have in common: arms that differ in their decoding train once.
Rerun a script to resume it; finished folds are kept.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from adaptor_bench.api.datasets import dataset_folder
from adaptor_bench.atomic import write_json, write_text
from adaptor_bench.bounded import read_json
from adaptor_bench.data.frames import index_dataset
from adaptor_bench.harness import Bench, RunRequest, requested_domains
from adaptor_bench.harness.telling import Teller
from adaptor_bench.harness.workers import cores, run_with
from adaptor_bench.methodspec import PROFILES, MethodSpec
from adaptor_bench.progress import Progress, message
from adaptor_bench.registry import discover
from adaptor_bench.results.learning import BUDGET
from adaptor_bench.scoring.metrics import Counts, f1
from adaptor_bench.scoring.scorefile import FoldScore
from adaptor_bench.scoring.uncertainty.intervals import Interval, fold_interval

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Arm:
    """A registered ``method`` with ``changes``, as ``bench run --set`` has them, under a ``name``
    that may be a folder's."""

    name: str
    method: str
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Where:
    """The data that arms are run on, and how: ``budget`` multiplies the steps of the training."""

    data: str = "phantom-mini"
    domain: str = "all"
    folds: tuple[int, ...] = ()
    seeds: tuple[int, ...] = (0,)
    profile: str = "quick"
    budget: float = 1.0
    runs: Path = Path("runs/experiments")
    workers: int = 1
    artefacts: Path | None = None


@dataclass(frozen=True)
class Row:
    """The counts of one arm on one fold with one seed, and the CPU seconds of all that was trained
    for it, whichever arm it was trained for."""

    arm: str
    dataset: str
    domain: str
    fold: int
    seed: int
    tp: int
    fp: int
    fn: int
    seconds: float
    cohort: str = ""

    @property
    def f1(self) -> float:
        """Percent, NaN for 0/0."""
        return 100 * f1(Counts(self.tp, self.fp, self.fn))


def parser(description: str, folder: str, without: Collection[str] = ()) -> argparse.ArgumentParser:
    """The arguments of an experiment, but for those that it has no use for; :func:`where` reads
    them. Experiments that keep their runs in the same ``folder`` train what they have in common
    once."""
    made = argparse.ArgumentParser(description=description)
    known: dict[str, dict[str, Any]] = {
        "data": {"default": "phantom-mini", "help": "dataset folder or built-in phantom"},
        "domain": {"default": "all"},
        "fold": {"type": int, "action": "append", "default": [], "help": "repeatable"},
        "seed": {"type": int, "action": "append", "default": [], "help": "repeatable; default 0"},
        "profile": {"choices": PROFILES, "default": "quick"},
        "budget": {"type": float, "default": 1.0, "help": "times the steps of a training"},
        "workers": {"type": int, "default": min(2, cores())},
        "runs": {"type": Path, "default": Path("runs/experiments") / folder},
        "artefacts": {
            "type": Path,
            "help": "trained parts to share, such as runs/DATASET/artefacts",
        },
        "out": {"type": Path, "default": HERE, "help": "where the tables go"},
    }
    for name, about in known.items():
        if name not in without:
            made.add_argument(f"--{name}", **about)
    return made


def where(given: argparse.Namespace, **fixed: Any) -> Where:
    """What the arguments of :func:`parser` say, or where it lacks one, what is ``fixed``."""
    asked = {f.name: getattr(given, f.name) for f in fields(Where) if hasattr(given, f.name)}
    asked |= {"folds": tuple(given.fold), "seeds": tuple(given.seed) or (0,)}
    return Where(**asked, **fixed)


def run(arms: Sequence[Arm], place: Where) -> list[Row]:
    """Run what is not finished yet; the rows of all arms, folds and seeds. Failed folds are told
    and have no row."""
    # Read when torch is loaded, hence before anything imports it.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    rows = []
    for seed in place.seeds:
        make = partial(bench_of, arms, place, seed)
        bench = make()
        run_with(bench, make, place.workers)
        rows += list(_rows(bench, seed))
    return rows


def bench_of(
    arms: Sequence[Arm],
    place: Where,
    seed: int,
    progress: Progress | None = None,
    teller: Teller | None = None,
) -> Bench:
    """The bench of all arms for one seed."""
    registry = discover()
    specs = tuple(_spec(arm, registry.get(arm.method), place) for arm in arms)
    dataset = index_dataset(dataset_folder(place.data))
    request = RunRequest(
        specs,
        requested_domains(dataset, place.domain),
        place.profile,
        {},
        folds=place.folds,
        seed=seed,
        device="cpu",
        out=place.runs / f"seed{seed}",
        artefacts=place.artefacts,
    )
    return Bench(dataset, request, progress or Progress(lines=True), teller)


def _spec(arm: Arm, spec: MethodSpec, place: Where) -> MethodSpec:
    """The method as the arm has it."""
    changes = {**spec.changes, **arm.changes}
    if place.budget != 1:
        changes[BUDGET] = place.budget
    told = ", ".join(f"{k} {v}" for k, v in arm.changes.items())
    return replace(spec, name=arm.name, changes=changes, ablates=told)


def _rows(bench: Bench, seed: int) -> Iterator[Row]:
    for cell in bench.cells:
        if (cell.directory / "run.json").is_file():
            counts = FoldScore.load(cell.directory / "score.json").counts
            record = read_json(cell.directory / "run.json")
            yield Row(
                cell.spec.name,
                bench.dataset.name,
                cell.domain,
                cell.fold.number,
                seed,
                counts.tp,
                counts.fp,
                counts.fn,
                round(sum(record.get("cpu_seconds", {}).values()), 1),
                record.get("cohort", ""),
            )


def mean(rows: Iterable[Row]) -> Interval:
    """Mean F1 (percent) over folds, each averaged over its seeds, and its 95 % interval."""
    return _interval([(r, r.f1) for r in rows])


def difference(first: Iterable[Row], second: Iterable[Row]) -> Interval:
    """Mean F1 of ``first`` minus ``second`` on the folds and seeds of both, and its interval, not
    corrected for others."""
    other = {(r.dataset, r.domain, r.fold, r.seed): r.f1 for r in second}
    pairs = [(r, other.get((r.dataset, r.domain, r.fold, r.seed))) for r in first]
    return _interval([(r, r.f1 - f1) for r, f1 in pairs if f1 is not None])


def _interval(values: Iterable[tuple[Row, float]]) -> Interval:
    """Over folds, of the mean over seeds: folds of other datasets or cohorts share no training."""
    folds: dict[tuple[str, str, str, int], list[float]] = {}
    for row, value in values:
        folds.setdefault((row.dataset, row.domain, row.cohort, row.fold), []).append(value)
    cohorts = list(dict.fromkeys(key[:3] for key in folds))
    return fold_interval(
        np.array([np.mean(v) for v in folds.values()]), [cohorts.index(key[:3]) for key in folds]
    )


def shown(interval: Interval, sign: bool = False) -> str:
    """``64.2 [58.0, 70.4]``."""
    form = "+.1f" if sign else ".1f"
    if np.isnan(interval.estimate):
        return "-"
    if np.isnan(interval.low):
        return f"{interval.estimate:{form}}"
    return f"{interval.estimate:{form}} [{interval.low:{form}}, {interval.high:{form}}]"


def markdown(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    rows = [head, ["---"] * len(head), *lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def write(
    out: Path, name: str, rows: Sequence[Any], text: str, record: Mapping[str, Any] | None = None
) -> None:
    """Write ``name``.csv (a line a row), ``name``.md and, with a ``record``, ``name``.json."""
    stream = io.StringIO()
    table = [asdict(row) if not isinstance(row, Mapping) else dict(row) for row in rows]
    lines = csv.DictWriter(stream, list(table[0]) if table else [], lineterminator="\n")
    lines.writeheader()
    lines.writerows(table)
    write_text(out / f"{name}.csv", stream.getvalue())
    write_text(out / f"{name}.md", text)
    if record is not None:
        write_json(out / f"{name}.json", record)
    message(f"written: {out / name}.md, .csv")


def of(rows: Iterable[Row], **fixed: Any) -> list[Row]:
    """The rows whose fields are these: ``of(rows, arm="none", domain="sim")``."""
    return [r for r in rows if all(getattr(r, k) == v for k, v in fixed.items())]
