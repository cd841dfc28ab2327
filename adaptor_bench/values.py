"""Values as they are typed and printed: ``none``, ``512x288``, ``0.8 to 1.2``, and the way back."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any

_BOOLEANS = {
    "true": True, "yes": True, "on": True, "false": False, "no": False, "off": False,
}  # fmt: skip


def read_as(value: Any, default: Any) -> Any:
    """``value``, which may be text, as a value like ``default``; None if it does not fit."""
    if default is None:
        return value
    if isinstance(value, str) and isinstance(default, bool | tuple):
        value = _read(value, default)
    if isinstance(default, float) and type(value) is int:
        try:
            return float(value)
        except OverflowError:
            return math.inf
    if isinstance(default, tuple):
        if not isinstance(value, list | tuple) or len(value) != len(default):
            return None
        items = tuple(read_as(v, d) for v, d in zip(value, default, strict=True))
        return None if any(item is None for item in items) else items
    return value if type(value) is type(default) else None


def written(value: object) -> str:
    """A value as it can be typed: ``none``, ``512x288``, ``0.8 to 1.2``."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple) and value:
        return (" to " if isinstance(value[0], float) else "x").join(map(str, value))
    return str(value)


def readable(value: object) -> str:
    """A value as readers see it: as :func:`written`, but a number of more than six digits is a
    fraction, ``1/3``, if it is one of small numbers, and else rounded to six."""
    if isinstance(value, list | tuple) and value:
        return (" to " if isinstance(value[0], float) else "x").join(map(readable, value))
    if isinstance(value, float) and len(f"{value}".strip("-0.")) > 7 and math.isfinite(value):
        simple = Fraction(value).limit_denominator(16)
        return str(simple) if simple and float(simple) == value else f"{value:.6g}"
    return written(value)


def plain(number: float) -> str:
    """A number without the digits that say nothing."""
    return str(int(number)) if math.isfinite(number) and number == int(number) else f"{number:g}"


def _read(text: str, example: bool | tuple[Any, ...]) -> Any:
    """A boolean or several numbers as they are typed and printed; None if it is neither."""
    if isinstance(example, bool):
        return _BOOLEANS.get(text.strip().lower())
    items = re.split(r"[x×,]|\bto\b", text.strip().strip("()[]").lower())
    kinds = [type(one) for one in example]
    if len(items) != len(kinds) or not {*kinds} <= {int, float}:
        return None
    try:
        return tuple(kind(item) for kind, item in zip(kinds, items, strict=True))
    except ValueError:
        return None
