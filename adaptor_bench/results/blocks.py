"""What stands on a leaderboard: rows, in blocks within which they may be ranked together.

A block is one dataset and one domain. Published numbers share a block with measured ones only
when these come from the real AdaptOR 2021 frames and its published folds.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from adaptor_bench.data.folds import MANIFEST
from adaptor_bench.data.frames import in_order
from adaptor_bench.errors import InputError
from adaptor_bench.evaluate.metrics import METRICS, PRIMARY
from adaptor_bench.evaluate.ranking import ranks
from adaptor_bench.evaluate.scorefile import FoldScore
from adaptor_bench.harness.failures import Failure
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.results.published import PublishedResult
from adaptor_bench.results.runs import Cell, Run, group_cells

__all__ = ["Block", "Numbers", "Row", "blocks", "distinct_names"]

REAL = "adaptor2021"


@dataclass(frozen=True)
class Numbers:
    """One metric of one row, percent. ``folds`` maps ``f1``, ``f2``, .. to values, NaN for 0/0."""

    mean: float | None = None
    std: float | None = None
    folds: dict[str, float] | None = None
    seed_std: float | None = None


@dataclass(frozen=True)
class Row:
    """A method on a domain. ``rank`` is None for incomplete rows and where nothing is ranked;
    ``cell`` are the runs of a measured one.

    ``n`` folds are behind its means. ``unlabelled`` folds count for no method; they map to the
    false points there.
    """

    method: str
    title: str
    domain: str
    dataset: str
    source: str
    numbers: dict[str, Numbers]
    rank: int | None = None
    n: int | None = None
    missing: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    unlabelled: Mapping[str, float] = field(default_factory=dict)
    seeds: tuple[int, ...] = ()
    profile: str | None = None
    place: str | None = None
    protocol: str | None = None
    cell: Cell | None = field(default=None, repr=False, compare=False)

    @property
    def of_folds(self) -> int | str | None:
        """5, or ``4/5`` where folds are missing or have no labels."""
        others = len(self.missing) + len(self.unlabelled)
        return self.n if self.n is None or not others else f"{self.n}/{self.n + others}"


@dataclass(frozen=True)
class Block:
    """Rows that share dataset, domain, folds and matching. ``kind`` is ``published`` without a
    measured row, else the dataset's kind; ``examples`` are one run and score per measured row;
    ``failures`` the folds of its dataset and domain that a method did not get through."""

    domain: str
    dataset: str
    kind: str
    rows: tuple[Row, ...]
    examples: tuple[Cell, ...] = ()
    published: tuple[PublishedResult, ...] = ()
    ranked: bool = True
    failures: tuple[Failure, ...] = ()

    @property
    def settings(self) -> MatchSettings:
        """How all scores of the measured rows were matched: a block allows one way only."""
        return self.examples[0].pairs()[0][1].settings


def blocks(
    runs: Sequence[Run],
    published: Sequence[PublishedResult],
    *,
    ddof: int = 0,
    all_published: bool = False,
    failures: Sequence[Failure] = (),
    score_of: Callable[[Run], FoldScore] = Run.score,
) -> list[Block]:
    """All blocks, by domain: the measured ones by dataset, and after them the published.

    A failure in a domain where nothing was finished is told in the other blocks of its dataset.

    Raises InputError when runs of one dataset and domain differ in fold plan, data fingerprint or
    matching: such rows cannot be compared.
    """
    grouped: dict[tuple[str, str], list[Cell]] = {}
    for cell in group_cells(runs, score_of):
        grouped.setdefault((cell.example.domain, cell.example.dataset["name"]), []).append(cell)
    _refuse_mixtures(grouped.values())
    result = []
    for domain in in_order({key[0] for key in grouped} | {p.domain for p in published}):
        here = tuple(p for p in published if p.domain == domain)
        default = tuple(p for p in here if p.in_default_table)
        shared = False
        for key in sorted(key for key in grouped if key[0] == domain):
            cells = tuple(grouped[key])
            dataset = cells[0].example.dataset
            join = dataset["kind"] == REAL and cells[0].example.fold_plan["name"] == MANIFEST
            shared = shared or join
            failed = tuple(
                f
                for f in failures
                if f.dataset == key[1]
                and (f.domain == domain or (f.domain, f.dataset) not in grouped)
            )
            rows = _measured(cells, ddof, failed)
            rows += [_printed(p) for p in default] if join else []
            beside = default if join else ()
            result.append(
                Block(
                    domain, key[1], dataset["kind"], _ranked(rows), cells, beside, failures=failed
                )
            )
        if default and not shared:
            printed = _ranked([_printed(p) for p in default])
            result.append(Block(domain, REAL, "published", printed, published=default))
        others = tuple(p for p in here if not p.in_default_table)
        if others and all_published:
            unranked = tuple(_printed(p) for p in others)
            result.append(
                Block(domain, REAL, "published", unranked, published=others, ranked=False)
            )
    return sorted(result, key=lambda block: block.kind == "published")


def _measured(cells: Sequence[Cell], ddof: int, failures: Sequence[Failure]) -> list[Row]:
    names = distinct_names([cell.example for cell in cells])
    rows = []
    for cell, name in zip(cells, names, strict=True):
        run = cell.example
        aggregates = cell.aggregates(ddof)
        first = aggregates[PRIMARY]
        rows.append(
            Row(
                method=name,
                title=run.title,
                domain=run.domain,
                dataset=run.dataset["name"],
                source="measured",
                numbers={
                    key: Numbers(
                        mean=_percent(a.mean),
                        std=_percent(a.std),
                        folds={f"f{k}": 100 * v for k, v in sorted(a.folds.items())},
                        seed_std=_percent(a.seed_std),
                    )
                    for key, a in aggregates.items()
                },
                n=first.n,
                missing=tuple(f"f{k}" for k in first.missing),
                unlabelled={f"f{k}": false for k, false in first.unlabelled.items()},
                failed=tuple(
                    f"f{f.fold}"
                    for f in failures
                    if (f.method, f.domain) == (run.method, run.domain) and f.fold in first.missing
                ),
                seeds=tuple(sorted(cell.scores)),
                profile=run.profile,
                cell=cell,
            )
        )
    return rows


def _printed(result: PublishedResult) -> Row:
    metrics = result.metrics
    folds = metrics[PRIMARY].folds
    return Row(
        method=result.method,
        title=result.method,
        domain=result.domain,
        dataset=REAL,
        source="published",
        numbers={
            key: Numbers(metrics[key].mean, metrics[key].std, metrics[key].folds)
            if key in metrics
            else Numbers()
            for key in METRICS
        },
        n=len(folds) if folds else None,
        place=f"{result.source['document']}, {result.source['place']}",
        protocol=result.protocol,
    )


def _ranked(rows: Sequence[Row]) -> tuple[Row, ...]:
    """With ranks by mean F1, best first; what has no rank goes last, by name."""
    placed = ranks([row.numbers[PRIMARY].mean for row in rows])
    ranked = [replace(row, rank=rank) for row, rank in zip(rows, placed, strict=True)]
    return tuple(sorted(ranked, key=lambda r: (r.rank is None, r.rank or 0, r.method)))


def distinct_names(runs: Sequence[Run]) -> list[str]:
    """Method names; where several rows share one, with the parameters in which they differ, and
    with the program's hash where that differs."""
    names = []
    for run in runs:
        namesakes = [r for r in runs if r.method == run.method and r.profile == run.profile]
        keys = sorted({key for r in namesakes for key in r.parameters})
        differing = [
            f"{key}={json.dumps(run.parameters.get(key))}"
            for key in keys
            if len({json.dumps(r.parameters.get(key), sort_keys=True) for r in namesakes}) > 1
        ]
        if len({r.program for r in namesakes}) > 1:
            differing.append(f"code {run.program or 'not recorded'}")
        names.append(f"{run.method} ({', '.join(differing)})" if differing else run.method)
    return names


def _refuse_mixtures(groups: Iterable[Sequence[Cell]]) -> None:
    problems = []
    for cells in groups:
        # Every run of a cell is looked at, not only its example.
        described: dict[str, Callable[[Run, Any], str]] = {
            "fold plan": lambda run, _: f"{run.fold_plan['name']} {run.fold_plan['sha256'][:12]}",
            "dataset fingerprint": lambda run, _: run.dataset["fingerprint"][:12],
            "matching": lambda _, score: score.settings.describe(),
        }
        for what, describe in described.items():
            users: dict[str, list[str]] = {}
            for cell in cells:
                for run, score in cell.pairs():
                    users.setdefault(describe(run, score), []).append(str(run.path))
            if len(users) > 1:
                run = cells[0].example
                problems.append(f"{run.dataset['name']}, {run.domain}: several values of {what}")
                problems += [
                    f"  {value}: {paths[0]}" + (f" and {len(paths) - 1} more" * (len(paths) > 1))
                    for value, paths in users.items()
                ]
    if problems:
        raise InputError.collect(
            "these runs cannot stand in one table:",
            problems,
            hint="Give the run directories that belong together, or repeat the others. `bench "
            "leaderboard --radius R --data DIR` scores all of them alike.",
        )


def _percent(value: float | None) -> float | None:
    """NaN (a ratio 0/0) and None (a fold is missing) both have nothing to show."""
    return None if value is None or math.isnan(value) else 100 * value
