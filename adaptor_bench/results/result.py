"""A result: what one method reached on one domain of one dataset, wherever that is known from.

    Result       who, on what, under which settings; ``fold_results``; numbers derived from them
    ScoredFold   one fold of one seed: counts by surgery; where known, frames, pairs and points
    Board        results that may stand in one table: their order, ranks and names (``board.py``)

``sources.py`` makes results from run directories, from entries of a leaderboard (with or without
their predictions) and from what papers print; ``notes.py`` words what stands below their tables.
Only counts are kept. Every ratio, mean and spread is derived: ``metrics`` of a result, in 0..1.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from adaptor_bench.entries.entry import Entry
from adaptor_bench.entries.packed import Points, digest, read_folder
from adaptor_bench.errors import InputError, listed
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.results.cost import Cost, kind_of_machine, mean_cost
from adaptor_bench.results.published import PublishedResult
from adaptor_bench.results.runs import Run
from adaptor_bench.scoring.aggregate import Aggregate, aggregate
from adaptor_bench.scoring.metrics import METRICS, PRIMARY, Counts
from adaptor_bench.scoring.scorefile import FoldScore

REAL = "adaptor2021"
"""The kind of the real AdaptOR 2021 frames, and the dataset that published numbers are about."""
_ROUNDING = 0.00501  # of a percentage printed with two decimals


@dataclass(frozen=True, eq=False)
class ScoredFold:
    """One fold of one seed. ``surgeries`` are the counts of those it was validated on.

    ``score`` has the frames and pairs, where more than counts is known; ``where`` is what errors
    call it; folds of different ``cohort`` share no training surgery. A run has its folder
    (``run``); an entry holds its points in memory (``held``).
    """

    seed: int
    fold: int
    surgeries: Mapping[str, Counts]
    where: str
    validation: tuple[str, ...] = ()
    cohort: str = ""
    score: FoldScore | None = None
    run: Run | None = None
    held: Points | None = field(default=None, repr=False)
    device: str = "not said"
    versions: Mapping[str, Any] = field(default_factory=dict)
    seconds: Mapping[str, Any] = field(default_factory=dict)
    cost: Cost | None = None

    @cached_property
    def counts(self) -> Counts:
        """Pooled over the surgeries."""
        return sum(self.surgeries.values(), Counts())

    def points(self) -> Points:
        """Frame to predicted points (N, 2), order x, y, in px of the frame.

        Raises InputError when there are none, or they cannot be read.
        """
        if self.held is not None:
            return self.held
        if self.run is None:
            raise InputError(f"{self.where}: its predictions were not published")
        return read_folder(self.run.predictions)


@dataclass(frozen=True, eq=False)
class Result:
    """One method on one domain of one dataset.

    ``source`` is ``measured`` or ``published``; ``plan`` the name and hash of the fold plan,
    ``folds`` its numbers; ``code`` the first digits of the program's hash; ``changes`` maps a
    parameter to (published value, value used). Of ``unlabelled`` folds nothing counts.
    ``without_prediction`` is the number of labelled frames without one, over all seeds. ``ddof``
    is that of the spreads. ``role`` is empty for a competitor, else ``floor`` or ``ceiling``;
    ``perfect`` is what the method's own target scores through its own decoder, by surgery, where
    that is known; ``cost_machine`` where the cost was measured, if not by its own runs.

    A board sets ``name`` (what tables call it, unique there), ``rank`` (None where nothing is
    ranked or a fold is missing), ``tier`` (of the competitors with all folds: what cannot be told
    from its best), ``same_as`` (the name of the result whose very predictions these are) and
    ``failed`` folds. ``printed`` or ``entry`` is what it was made from, if not from runs.
    """

    method: str
    title: str
    domain: str
    dataset: str
    kind: str
    source: str = "measured"
    fingerprint: str = ""
    team: str | None = None
    profile: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""
    plan: tuple[str, str] = ("", "")
    folds: tuple[int, ...] = ()
    settings: MatchSettings | None = None
    fold_results: tuple[ScoredFold, ...] = ()
    unlabelled: frozenset[int] = frozenset()
    without_prediction: int = 0
    frame_sizes: frozenset[tuple[int, int]] = frozenset()
    notes: tuple[str, ...] = ()
    printed: PublishedResult | None = None
    entry: Entry | None = None
    ddof: int = 0
    role: str = ""
    cost_machine: Mapping[str, Any] = field(default_factory=dict)
    perfect: Mapping[str, Counts] = field(default_factory=dict)
    name: str = ""
    rank: int | None = None
    tier: int | None = None
    same_as: str | None = None
    failed: tuple[int, ...] = ()

    @cached_property
    def metrics(self) -> dict[str, Aggregate]:
        """Every metric, in 0..1: as aggregated over the folds of the plan, or as printed."""
        if self.printed is not None:
            return {key: self.printed.aggregate(key) for key in METRICS}
        counts: dict[int, dict[int, Counts]] = {}
        for part in self.fold_results:
            counts.setdefault(part.seed, {})[part.fold] = part.counts
        return aggregate(counts, self.folds, self.ddof, unlabelled=self.unlabelled)

    @cached_property
    def ceilings(self) -> dict[str, Aggregate]:
        """Every metric, in 0..1, of a perfect map of the method's own target through its own
        decoder; empty where that is not known of all surgeries."""
        counts: dict[int, Counts] = {}
        for part in self.fold_results:
            if not part.surgeries.keys() <= self.perfect.keys():
                return {}
            counts[part.fold] = sum((self.perfect[s] for s in part.surgeries), Counts())
        found = aggregate({0: counts}, self.folds, self.ddof, unlabelled=self.unlabelled)
        return found if counts else {}

    @cached_property
    def cost(self) -> Cost | None:
        """Of training a fold: the mean of CPU seconds over folds and seeds, the highest peak of
        memory; None unless all of them tell, or those that were trained again for it."""
        costs = [part.cost for part in self.fold_results]
        return mean_cost([c for c in costs if c] if self.cost_machine else costs)

    @property
    def cost_measured(self) -> dict[str, Any]:
        """The machine, and the ``folds`` by name, of a cost that is not of its own runs; else
        empty."""
        folds = fold_names({part.fold for part in self.fold_results if part.cost})
        return {"folds": list(folds), **self.cost_machine} if self.cost_machine else {}

    def costs(self, seed: int) -> dict[int, Cost]:
        """By fold, as far as it is known."""
        return {p.fold: p.cost for p in self.fold_results if p.seed == seed and p.cost is not None}

    @property
    def main(self) -> Aggregate:
        """The metric that ranks."""
        return self.metrics[PRIMARY]

    @property
    def seeds(self) -> tuple[int, ...]:
        """All training seeds."""
        return tuple(sorted({part.seed for part in self.fold_results}))

    @property
    def missing(self) -> tuple[int, ...]:
        """Folds of the plan that some seed lacks."""
        return self.main.missing

    @property
    def n(self) -> int | None:
        """How many folds are behind the numbers; None where none are printed."""
        return self.main.n or (None if self.printed else 0)

    @property
    def of_folds(self) -> int | str | None:
        """5, or ``4/5`` where folds are missing or have no labels."""
        others = len(self.missing) + len(self.main.unlabelled)
        return f"{self.n}/{(self.n or 0) + others}" if others else self.n

    def claim(self, key: str) -> float | None:
        """What the entry claims of a metric, percent."""
        return self.entry.claim.get(self.domain, {}).get(key) if self.entry else None

    def claim_holds(self, key: str) -> bool:
        """Whether what is claimed of a metric, if anything is, is what was measured."""
        claimed, mean = self.claim(key), self.metrics[key].mean
        return claimed is None or (mean is not None and abs(100 * mean - claimed) <= _ROUNDING)

    @property
    def counts(self) -> dict[int, dict[int, Mapping[str, Counts]]]:
        """Seed to fold to surgery to counts."""
        found: dict[int, dict[int, Mapping[str, Counts]]] = {}
        for part in self.fold_results:
            found.setdefault(part.seed, {})[part.fold] = part.surgeries
        return found

    @property
    def cohorts(self) -> dict[int, str]:
        """Fold to its cohort; empty names where the dataset has none."""
        return {part.fold: part.cohort for part in self.fold_results}

    @property
    def identity(self) -> str:
        """The same for the same method, program and settings of the same team, on any board."""
        entry = self.entry.id if self.entry else self.printed.id if self.printed else None
        return json.dumps(
            [self.method, self.team, entry, self.profile, self.parameters, self.code],
            sort_keys=True,
        )

    @cached_property
    def digests(self) -> dict[int, str] | None:
        """Seed to hash of all predicted points, whatever their order.

        None when the points are not known: not published, gone, or not those that were counted.
        """
        if self.entry is not None:
            return {s: c.sha256 for s, c in self.entry.measured[self.domain].items()}
        found: dict[int, Points] = {}
        for part in self.fold_results:
            try:
                points = part.points()
            except InputError:
                return None
            if sum(map(len, points.values())) != part.counts.tp + part.counts.fp:
                return None
            found.setdefault(part.seed, {}).update(points)
        return {seed: digest(points) for seed, points in found.items()}


def fold_names(folds: Any) -> tuple[str, ...]:
    """``f1``, ``f2``, .. in order."""
    return tuple(f"f{fold}" for fold in sorted(folds))


def cost_note(results: Iterable[Result]) -> str:
    """Of what their CPU seconds are, and where they were measured."""
    of = "of training all that a fold rests on, whichever run made it"
    ways: dict[str, list[str]] = {}
    for result in results:
        if result.cost:
            ways.setdefault(_measured(result), []).append(result.name)
    if len(ways) < 2:
        return f"{of}; mean over {next(iter(ways), 'folds and seeds')}."
    parts = [f"of {listed(names)}: mean over {way}" for way, names in ways.items()]
    return f"{of}; {'; '.join(parts)}."


def _measured(result: Result) -> str:
    if not (told := result.cost_measured):
        return "folds and seeds, on the machine that trained"
    kind = kind_of_machine(result.cost_machine)
    return f"{listed(told['folds'])}, trained once more on one kind of machine ({kind})"
