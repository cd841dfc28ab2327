"""What values a method's parameters may have: declared beside them, checked before anything runs.

    def build(*, cell: Annotated[int, Number(1, 512)] = 16, a: Annotated[float, Number(0, 1)] = 0.5)

A default gives the type, a :class:`Number` or :class:`OneOf` the values. What depends on several
parameters is a :data:`Relation`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_origin

from adaptor_bench.errors import suggest

__all__ = ["Number", "OneOf", "Relation", "Rule", "fit_value", "rules_of"]

Relation = Callable[[Mapping[str, Any]], Iterator[str]]
"""From all parameters of a method to sentences on those that do not go together."""


@dataclass(frozen=True)
class Number:
    """From ``low`` to ``high``, both included; with ``above`` more than ``low``. One of ``words``
    does instead. For a pair it holds for both."""

    low: float = -math.inf
    high: float = math.inf
    above: bool = False
    words: tuple[str, ...] = ()

    def allows(self, value: Any) -> bool:
        """Whether a number is in the range."""
        return bool(self.low < value if self.above else self.low <= value) and value <= self.high

    def __str__(self) -> str:
        """``from 0 to 1``, ``above 0 or 'otsu'``, ..; empty without any limit."""
        low, high = _plain(self.low), _plain(self.high)
        text = f"up to {high}" if self.high < math.inf else ""
        if self.low > -math.inf and self.above:
            text = f"above {low} {text}".rstrip()
        elif self.low > -math.inf:
            text = f"from {low} to {high}" if text else f"of at least {low}"
        return " or ".join([*([text] if text else []), *map(repr, self.words)])


@dataclass(frozen=True)
class OneOf:
    """One of some words."""

    words: tuple[str, ...]

    def __init__(self, *words: str) -> None:
        object.__setattr__(self, "words", words)

    def __str__(self) -> str:
        return f"one of {', '.join(self.words)}"


Rule = Number | OneOf


def rules_of(factory: Callable[..., Any]) -> dict[str, Rule]:
    """The rules that stand in a factory's annotations, by parameter."""
    found = {}
    for name, annotation in getattr(factory, "__annotations__", {}).items():
        if isinstance(annotation, str):  # from __future__ import annotations
            try:
                annotation = eval(annotation, factory.__globals__)  # the file's own code
            except Exception:  # a name for type checkers only
                continue
        if get_origin(annotation) is Annotated:
            for extra in annotation.__metadata__:
                if isinstance(extra, Number | OneOf):
                    found[name] = extra
    return found


def fit_value(value: Any, default: Any, rule: Rule | None) -> Any:
    """``value`` in the type of ``default``: whole numbers pass as floats, lists as tuples.

    Raises ValueError saying what the value must be.
    """
    words = rule.words if rule else ()
    if isinstance(value, str) and value in words:
        return value
    if isinstance(rule, OneOf):
        raise ValueError(str(rule), suggest(str(value), words))
    # A word may stand in for a number, as a default too.
    example = 0.5 if words and isinstance(default, str) else default
    fitted = _typed(value, example)
    numbers = fitted if isinstance(fitted, tuple) else (fitted,)
    finite = all(not isinstance(n, float) or math.isfinite(n) for n in numbers)
    if fitted is None and default is not None:
        raise ValueError(_expected(example, rule))
    if not finite or (rule and not all(rule.allows(n) for n in numbers)):
        raise ValueError(_expected(example, rule))
    return fitted


def _typed(value: Any, default: Any) -> Any:
    """None if it does not fit."""
    if default is None:
        return value
    if isinstance(default, float) and type(value) is int:
        try:
            return float(value)
        except OverflowError:
            return math.inf
    if isinstance(default, tuple):
        if not isinstance(value, list | tuple) or len(value) != len(default):
            return None
        items = tuple(_typed(v, d) for v, d in zip(value, default, strict=True))
        return None if any(item is None for item in items) else items
    return value if type(value) is type(default) else None


def _expected(example: Any, rule: Rule | None) -> str:
    """``like 0, a whole number from 0 to 9``."""
    first = example[0] if isinstance(example, tuple) and example else example
    kind = {int: "a whole number", float: "a number"}.get(type(first))
    if kind is None:
        return f"like {example!r}"
    if isinstance(example, tuple):
        kind = f"each {kind}"
    return f"like {example!r}, {kind} {rule or ''}".rstrip()


def _plain(number: float) -> str:
    return str(int(number)) if math.isfinite(number) and number == int(number) else f"{number:g}"
