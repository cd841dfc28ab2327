"""What a run changed against its method's published settings, in words for a footer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adaptor_bench.runs import Run

__all__ = ["change_notes"]


def change_notes(runs: Sequence[Run]) -> list[str]:
    """One line per distinct set of changes, naming the methods it applies to.

    Empty for runs at the published settings. ``profile_changes`` of a run maps a parameter to
    [published value, value used].
    """
    methods: dict[str, dict[str, None]] = {}
    for run in runs:
        text = ", ".join(
            f"{key} {_value(published)} -> {_value(used)}"
            for key, (published, used) in sorted(run.profile_changes.items())
        )
        if text:
            methods.setdefault(f"{run.profile} changes: {text}.", {})[run.method] = None
    return [f"{', '.join(names)}: {text}" for text, names in methods.items()]


def _value(value: Any) -> str:
    """Sizes as 512x288, the rest as it is; 0 stands where a setting is not used."""
    if isinstance(value, list):
        return "x".join(str(v) for v in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
