"""What a run changed against its method's published settings, in words for a footer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["change_notes"]


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
