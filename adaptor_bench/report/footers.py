"""Sentences that stand below tables of results, whichever table it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from adaptor_bench.data.radius import radius_note
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.results.runs import Run

__all__ = ["PHANTOM", "change_notes", "matching_notes", "unlabelled_keys", "unlabelled_notes"]

PHANTOM = "Numbers on the phantom are numbers about the phantom, not AdaptOR results."


def matching_notes(settings: MatchSettings, runs: Iterable[Run]) -> list[str]:
    """Rule, radius, boundary and missing policy; what the radius is on frames of other sizes."""
    note = radius_note(settings.radius, {size for run in runs for size in run.frame_sizes})
    return [settings.describe(), *([note] if note else [])]


def change_notes(changed: Iterable[tuple[str, str, Mapping[str, Any]]]) -> list[str]:
    """One line per distinct set of changes, naming the methods it applies to.

    ``changed`` are (method, profile, changes); changes map a parameter to [published value, value
    used] and are empty at the published settings, of which nothing is said.
    """
    methods: dict[str, dict[str, None]] = {}
    for method, profile, changes in changed:
        text = ", ".join(
            f"{key} {_value(published)} -> {_value(used)}"
            for key, (published, used) in sorted(changes.items())
        )
        if text:
            methods.setdefault(f"{profile} changes: {text}.", {})[method] = None
    return [f"{', '.join(names)}: {text}" for text, names in methods.items()]


def _value(value: Any) -> str:
    """Sizes as 512x288, the rest as it is; 0 stands where a setting is not used."""
    if isinstance(value, list):
        return "x".join(str(v) for v in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def unlabelled_keys(unlabelled: Mapping[str, float]) -> dict[str, Any]:
    """What JSON says of the folds without labels of one method; nothing if there is none."""
    if not unlabelled:
        return {}
    return {"unlabelled_folds": list(unlabelled), "unlabelled_false_points": dict(unlabelled)}


def unlabelled_notes(rows: Iterable[tuple[str, Mapping[str, float]]]) -> list[str]:
    """One line per fold. ``rows`` are methods with the false points of each such fold."""
    by_fold: dict[str, list[str]] = {}
    for method, unlabelled in rows:
        for fold, false in unlabelled.items():
            by_fold.setdefault(fold, []).append(f"{method} {false:g}")
    return [
        f"Fold {fold} has no labels and counts for no method: means and ranks are over the other "
        f"folds. False points there: {', '.join(found)}."
        for fold, found in sorted(by_fold.items(), key=lambda item: int(item[0][1:]))
    ]
