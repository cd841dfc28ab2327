"""Methods by what their training costs: what figures of it draw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from adaptor_bench.errors import listed
from adaptor_bench.figures.boards import BoardView
from adaptor_bench.results.cost import Cost
from adaptor_bench.results.result import cost_note

LEAST = 0.1
"""CPU seconds: what is recorded as less is drawn there, for the axis is logarithmic."""


@dataclass(frozen=True)
class Mark:
    """A method: its F1 and interval in percent (the F1 itself where there is none), its cost,
    whether it is on the front, and its number on all boards."""

    name: str
    f1: float
    low: float
    high: float
    cost: Cost
    front: bool
    index: int = 0

    @property
    def seconds(self) -> float:
        """Where it stands on the axis."""
        return max(self.cost.total, LEAST)


def marks_of(view: BoardView) -> list[Mark]:
    """The complete competitors whose cost is known, best first."""
    known = [
        (r, 100 * mean, r.cost)
        for r in view.complete
        if r.cost and (mean := r.main.mean) is not None and not math.isnan(mean)
    ]
    best, front = -1.0, set()
    for result, value, _ in sorted(known, key=lambda k: (k[2].total, -k[1])):
        if value > best:
            best = value
            front.add(result.name)
    marks: list[Mark] = []
    for result, value, cost in sorted(known, key=lambda k: -k[1]):
        low, high = view.interval(result.name) or (value, value)
        place = view.places.get(result.name, len(marks))
        on = result.name in front
        marks.append(Mark(result.name, value, max(low, 0.0), min(high, 100.0), cost, on, place))
    return marks


def axis_limits(marks: Sequence[Mark]) -> tuple[float, float]:
    """Of the axis of seconds: room for names on both sides."""
    known = [mark.seconds for mark in marks]
    return min(known) / 1.6, max(known) * 2.2


def axis_ticks(low: float, high: float) -> list[float]:
    """Powers of ten, and between them where these are few."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if math.log10(high / low) < 3 else (1,)
    return [t for p in powers for s in steps if low <= (t := s * 10.0**p) <= high]


def front_corners(marks: Sequence[Mark]) -> list[tuple[float, float]]:
    """Corners of the front: the best F1 that so many seconds buy."""
    corners: list[tuple[float, float]] = []
    for mark in sorted((m for m in marks if m.front), key=lambda m: m.seconds):
        if corners:
            corners.append((mark.seconds, corners[-1][1]))
        corners.append((mark.seconds, mark.f1))
    return corners


def explained(views: Sequence[BoardView]) -> str:
    """What a reader must know of the marks."""
    shown = [result for view in views for result in view.complete]
    level = next((100 * view.study.study.options.level for view in views if view.study), 95)
    said = [
        f"Bars: {level:g} % intervals over folds. Step line: the Pareto front, which no method "
        f"beats with as little training or less. CPU seconds: {cost_note(shown)}"
    ]
    if any(r.cost and r.cost.translation for r in shown):
        said.append("The thin tail to the left of a mark is its translator's share.")
    devices = {r.cost_machine.get("device", part.device) for r in shown for part in r.fold_results}
    if any("cuda" in device for device in devices):
        said.append("Seconds of a GPU are not counted.")
    if without := [*dict.fromkeys(r.name for r in shown if not r.cost)]:
        said.append(f"Not drawn, for their cost is not known: {listed(without)}.")
    return " ".join(said)
