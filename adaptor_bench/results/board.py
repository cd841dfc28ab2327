"""Boards: results that may stand in one table, in order, each with its name and its rank.

A board is one dataset and domain under one fold plan and one matching; where results differ in
these it is refused. Published numbers share a board with measured ones only when these come from
the real AdaptOR 2021 frames and its published folds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from adaptor_bench.data.folds import MANIFEST
from adaptor_bench.data.frames import in_order
from adaptor_bench.entries.entry import Entry, Leaderboard
from adaptor_bench.errors import InputError
from adaptor_bench.harness.failures import Failure
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.results.naming import name_results
from adaptor_bench.results.published import load_published
from adaptor_bench.results.result import REAL, Result, ScoredFold
from adaptor_bench.results.sources import published_results, results_of_entries
from adaptor_bench.scoring.ranking import ranks
from adaptor_bench.scoring.uncertainty.study import study
from adaptor_bench.scoring.uncertainty.tally import Tally, tally


@dataclass(frozen=True)
class Board:
    """``results`` in the order of the table: named, ranked if ``ranked``.

    ``kind`` is ``published`` without a measured result, else the dataset's kind; ``failures`` are
    the folds of its dataset and domain that a method did not get through; ``leaderboard`` is the
    definition of one whose entries these are.
    """

    domain: str
    dataset: str
    kind: str
    results: tuple[Result, ...]
    ranked: bool = True
    failures: tuple[Failure, ...] = ()
    leaderboard: Leaderboard | None = None

    @property
    def ddof(self) -> int:
        """That of the measured spreads."""
        return self.measured[0].ddof if self.measured else 0

    @property
    def measured(self) -> tuple[Result, ...]:
        """Those that are not printed numbers."""
        return tuple(r for r in self.results if r.source == "measured")

    @property
    def published(self) -> tuple[Result, ...]:
        """Those that are printed numbers."""
        return tuple(r for r in self.results if r.source == "published")

    @property
    def competitors(self) -> tuple[Result, ...]:
        """The measured ones without floors, ceilings, and those that are the same as another."""
        return tuple(r for r in self.measured if r.same_as is None and not r.role)

    @property
    def floor(self) -> Result | None:
        """The best of the floors that have all their folds, if there is one."""
        floors = [r for r in self.measured if r.role == "floor" and r.main.complete]
        return max(floors, key=lambda r: r.main.mean or 0.0, default=None)

    @property
    def settings(self) -> MatchSettings:
        """How all measured results were matched: a board allows one way only."""
        if self.leaderboard is not None:
            return self.leaderboard.settings
        settings = self.measured[0].settings
        assert settings is not None
        return settings

    @property
    def title(self) -> str:
        """What it is a table of, without its unit."""
        if self.leaderboard is not None:
            return f"{self.leaderboard.title}: {self.domain}"
        if self.kind != "published":
            return f"{self.domain}: measured on {self.dataset}"
        if not self.ranked:
            where = "" if self.dataset == REAL else f" on {self.dataset}"
            return f"{self.domain}: published{where} under other protocols, not ranked"
        return f"{self.domain}: published on AdaptOR 2021, not comparable with other data"

    @property
    def folds(self) -> tuple[int, ...]:
        """All folds that any result knows, in order."""
        known = ({*r.main.folds, *r.main.missing, *r.main.unlabelled} for r in self.results)
        return tuple(sorted(set[int]().union(*known)))


def boards_of(
    results: Sequence[Result],
    *,
    all_published: bool = False,
    failures: Sequence[Failure] = (),
) -> list[Board]:
    """All boards, by domain: the measured ones by dataset, and after them the published.

    ``all_published`` adds results under other protocols, unranked. A failure in a domain where
    nothing was finished is told on the other boards of its dataset. Raises InputError when results
    of one dataset and domain differ in fold plan, data fingerprint or matching.
    """
    measured = [r for r in results if r.source == "measured"]
    names = dict(zip(map(id, measured), name_results(measured), strict=True))
    grouped: dict[tuple[str, str], list[Result]] = {}
    for result in measured:
        named = replace(result, name=names[id(result)])
        grouped.setdefault((result.domain, result.dataset), []).append(named)
    _refuse_mixtures(grouped.values())
    printed = [r for r in results if r.printed]
    boards = []
    for domain in in_order({key[0] for key in grouped} | {r.domain for r in printed}):
        here = [r for r in printed if r.domain == domain]
        default = [r for r in here if r.printed and r.printed.in_default_table]
        shared = False
        for key in sorted(key for key in grouped if key[0] == domain):
            group, kind = grouped[key], grouped[key][0].kind
            failed = tuple(
                f
                for f in failures
                if f.dataset == key[1]
                and (f.domain == domain or (f.domain, f.dataset) not in grouped)
            )
            join = kind == REAL and group[0].plan[0] == MANIFEST
            shared = shared or join
            ranked = _ranked([_with_failures(r, failed) for r in group] + default * join)
            boards.append(Board(domain, key[1], kind, ranked, failures=failed))
        if default and not shared:
            boards.append(Board(domain, REAL, "published", _ranked(default)))
        others = [r for r in here if r not in default]
        if others and all_published:
            unranked = tuple(replace(r, name=r.method) for r in others)
            boards.append(Board(domain, REAL, "published", unranked, ranked=False))
    return sorted(boards, key=lambda board: board.kind == "published")


def leaderboard_boards(
    leaderboard: Leaderboard, entries: Iterable[Entry], ddof: int = 0
) -> list[Board]:
    """The board of every domain of a leaderboard, even without an entry; from its files alone."""
    results = results_of_entries(leaderboard, sorted(entries, key=lambda e: e.id), ddof)
    results = [
        replace(r, name=name) for r, name in zip(results, name_results(results), strict=True)
    ]
    return [
        Board(
            domain,
            leaderboard.dataset,
            leaderboard.kind,
            _ranked([r for r in results if r.domain == domain]),
            leaderboard=leaderboard,
        )
        for domain in leaderboard.folds
    ]


def tally_of(results: Sequence[Result]) -> Tally:
    """Their counts side by side, by name. Raises InputError when they cannot be paired."""
    return tally({r.name: r.counts for r in results}, results[0].cohorts)


def printed_beside(leaderboard: Leaderboard) -> list[Board]:
    """What papers print about the data of a leaderboard, by domain: the files in its folder
    ``published``. Never ranked, for it was measured otherwise."""
    printed = published_results(
        load_published(leaderboard.folder / "published"), leaderboard.dataset
    )
    return [
        Board(
            domain,
            leaderboard.dataset,
            "published",
            tuple(replace(r, name=r.method) for r in printed if r.domain == domain),
            ranked=False,
        )
        for domain in in_order({r.domain for r in printed})
    ]


def _with_failures(result: Result, failures: Iterable[Failure]) -> Result:
    failed = [
        f.fold
        for f in failures
        if (f.method, f.domain) == (result.method, result.domain) and f.fold in result.missing
    ]
    return replace(result, failed=tuple(failed))


def _ranked(results: Sequence[Result]) -> tuple[Result, ...]:
    """With ranks by the mean and tiers, best first; what is the same as another stands below it;
    what has no rank goes last, by name, and after it floors and ceilings."""
    everything = [r if r.name else replace(r, name=r.method) for r in results]
    named = [r for r in everything if not r.role]
    same = _same_as(named)
    alone = [r for r in named if r.name not in same]
    placed = ranks([r.main.mean for r in alone])
    tiers = _tiers([r for r in alone if r.source == "measured" and not r.missing])
    ranked = [
        replace(r, rank=rank, tier=tiers.get(r.name)) for r, rank in zip(alone, placed, strict=True)
    ]
    ordered: list[Result] = []
    for result in sorted(ranked, key=lambda r: (r.rank is None, r.rank or 0, r.name)):
        ordered.append(result)
        below = sorted((r for r in named if same.get(r.name) == result.name), key=lambda r: r.name)
        ordered += [replace(r, same_as=result.name) for r in below]
    apart = sorted(
        (r for r in everything if r.role),
        key=lambda r: (r.role == "ceiling", -(r.main.mean or 0.0), r.name),
    )
    return (*ordered, *apart)


def _tiers(complete: Sequence[Result]) -> dict[str, int | None]:
    """By name; none for a method alone, or where counts cannot be paired: the card says why."""
    if len(complete) < 2:
        return {}
    try:
        return study(tally_of(complete)).tiers
    except InputError:
        return {}


def _same_as(results: Sequence[Result]) -> dict[str, str]:
    """Name to the name of the result whose very points it has.

    Of such results the one with the shortest ablation (``a`` before ``a/b``), then a run before an
    entry, then the first by name, stands for all, in whatever order they are given.
    """
    same: dict[str, str] = {}
    firsts: dict[str, list[Result]] = {}
    for result in sorted(results, key=lambda r: (r.method.count("/"), bool(r.entry), r.name)):
        alike = firsts.setdefault(_outline(result), [])
        other = next((r for r in alike if same_points(result, r)), None)
        if other is None:
            alike.append(result)
        else:
            same[result.name] = other.name
    return same


def same_points(a: Result, b: Result) -> bool:
    """Whether two results agree in every predicted point, on all folds and seeds.

    Points are read where counts agree; those that are not known, and empty ones, are nobody's.
    """
    if not any(part.counts.tp + part.counts.fp for part in a.fold_results):
        return False
    return _outline(a) == _outline(b) and a.digests is not None and a.digests == b.digests


def _outline(result: Result) -> str:
    return repr([(p.seed, p.fold, sorted(p.surgeries.items())) for p in result.fold_results])


def _refuse_mixtures(groups: Iterable[Sequence[Result]]) -> None:
    described: dict[str, Callable[[Result, ScoredFold], str]] = {
        "fold plan": lambda r, p: (
            f"{p.run.fold_plan['name']} {p.run.fold_plan['sha256'][:12]}"
            if p.run
            else f"{r.plan[0]} {r.plan[1][:12]}"
        ),
        "dataset fingerprint": lambda r, p: (
            p.run.dataset["fingerprint"] if p.run else r.fingerprint
        )[:12],
        "matching": lambda r, p: (p.score or r).settings.describe(),  # type: ignore[union-attr]
    }
    problems = []
    for group in groups:
        for what, describe in described.items():
            users: dict[str, list[str]] = {}
            for result in group:
                for part in result.fold_results:
                    users.setdefault(describe(result, part), []).append(part.where)
            if len(users) > 1:
                problems.append(f"{group[0].dataset}, {group[0].domain}: several values of {what}")
                problems += [
                    f"  {value}: {where[0]}" + (f" and {len(where) - 1} more" * (len(where) > 1))
                    for value, where in users.items()
                ]
    if problems:
        raise InputError.collect(
            "these runs cannot be shown in one table:",
            problems,
            hint="Pass run directories that belong together, or rerun the others. `bench "
            "leaderboard --radius R --data DIR` scores all of them alike.",
        )
