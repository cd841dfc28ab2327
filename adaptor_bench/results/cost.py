"""What training has cost: of one fold, and of a result as the mean over its folds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from adaptor_bench.results.runs import Run

TRANSLATION = ("translator", "translating")
"""Parts that make frames of one domain look like those of another."""


@dataclass(frozen=True)
class Cost:
    """CPU seconds and peak resident memory (MiB, of the process that trained) by trained part:
    ``network``, ``translator``, ``translating``, whatever a method tells, or ``fit`` where it tells
    nothing. Of a part that folds or methods share it is what making it once has cost."""

    cpu_seconds: Mapping[str, float]
    peak_memory: Mapping[str, float] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """CPU seconds of all that the fold rests on."""
        return sum(self.cpu_seconds.values())

    @property
    def translation(self) -> float:
        """Those of the translator, and of translating the frames."""
        return sum(self.cpu_seconds.get(part, 0.0) for part in TRANSLATION)

    @property
    def training(self) -> float:
        """Those without the translator's."""
        return self.total - self.translation

    @property
    def peak(self) -> float | None:
        """MiB of the part that needed most; None where it is not known."""
        return max(self.peak_memory.values(), default=None)


def cost_of_run(run: Run) -> Cost | None:
    """What ``run.json`` says; None where it does not."""
    return Cost(run.cpu_seconds, run.peak_memory or {}) if run.cpu_seconds else None


def mean_cost(costs: Iterable[Cost | None]) -> Cost | None:
    """The mean of CPU seconds over folds and seeds, and the highest peak; None unless all tell."""
    told = list(costs)
    known = [cost for cost in told if cost is not None]
    if not known or len(known) < len(told):
        return None
    parts = dict.fromkeys(part for cost in known for part in cost.cpu_seconds)
    seconds = {p: sum(c.cpu_seconds.get(p, 0.0) for c in known) / len(known) for p in parts}
    peaks: dict[str, float] = {}
    for part, peak in (item for cost in known for item in cost.peak_memory.items()):
        peaks[part] = max(peak, peaks.get(part, 0.0))
    return Cost(seconds, peaks)


# --- as an entry keeps it: "cpu_seconds" and "peak_memory" to part to fold to number ------------

COST_MACHINE = "cost_machine"
"""Beside it in ``setup``: where it was measured, when that was not by the entry's own runs."""


def kind_of_machine(told: Mapping[str, str]) -> str:
    """What ``cost_machine`` says, in words."""
    return "{machine}, {device}, threads {threads}, torch {torch}".format(**told)


def cost_to_json(costs: Mapping[int, Cost]) -> dict[str, Any]:
    """``costs`` by fold."""
    found: dict[str, Any] = {}
    for fold, cost in sorted(costs.items()):
        for key, values in (("cpu_seconds", cost.cpu_seconds), ("peak_memory", cost.peak_memory)):
            for part, value in values.items():
                found.setdefault(key, {}).setdefault(part, {})[str(fold)] = value
    return found


def cost_from_json(document: Mapping[str, Any], fold: int) -> Cost | None:
    """That of one fold; None where it is not there."""

    def by_part(key: str) -> dict[str, float]:
        parts = document.get(key, {}).items()
        return {part: folds[str(fold)] for part, folds in parts if str(fold) in folds}

    seconds = by_part("cpu_seconds")
    return Cost(seconds, by_part("peak_memory")) if seconds else None
