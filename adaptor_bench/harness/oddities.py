"""What is odd about the data of a run, and on which of its cells it bears."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from adaptor_bench.data.check import DomainFrames
from adaptor_bench.data.oddities import find_all
from adaptor_bench.data.sizes import radius_note, settings_note
from adaptor_bench.errors import UsageError
from adaptor_bench.harness.plan import Cell
from adaptor_bench.matching.settings import RADIUS
from adaptor_bench.method import FoldTask, Method


def refuse(tasks: Mapping[Cell, FoldTask], methods: Mapping[str, Method]) -> None:
    """Raise one UsageError that says which methods cannot learn from these frames, and why: each
    may have ``refuses(task)``."""
    problems = {
        f"method {cell.spec.name!r}, {cell.domain}: {why}": None
        for cell, task in tasks.items()
        for why in getattr(methods[cell.spec.name], "refuses", lambda _: ())(task)
    }
    if problems:
        raise UsageError("\n  ".join(problems), hint="Leave them out, or use another translator.")


def oddities(
    loaded: Mapping[str, DomainFrames],
    tasks: Mapping[Cell, FoldTask],
    methods: Mapping[str, Method],
    cohorts: Mapping[str, str] | None,
) -> Iterator[tuple[str, str, list[Cell]]]:
    """What to warn of, what to note in results that rest on it, and the cells that do."""
    plans = {cell.domain: cell.plan for cell in tasks}
    for finding in find_all(loaded, plans, cohorts):
        touched = [
            cell
            for cell, task in tasks.items()
            if finding.concerns(cell.domain, cell.fold.number, task.others)
        ]
        yield finding.message, finding.message, touched
    sizes = {f.size for domain in plans for f in loaded[domain].frames}
    radius = next(iter(tasks.values())).matching.radius
    if radius == RADIUS and (note := radius_note(radius, sizes)):
        yield note, note, []
    for name, method in methods.items():
        # Settings in px were chosen on 512x288 frames; on others they mean something else.
        note = settings_note(getattr(method, "px_settings", {}), sizes)
        if note:
            yield f"{name}: {note}", note, [c for c in tasks if c.spec.name == name]
