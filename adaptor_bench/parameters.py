"""What values a parameter may have: declared beside it, checked before anything runs.

    def build(*, cell: Annotated[int, Number(1, 512)] = 16, a: Annotated[float, Number(0, 1)] = 0.5)

    @dataclass(frozen=True)
    class Spots:
        size: Annotated[int | None, Number(1)] = None

A default gives the type, in a dataclass its annotation does (``None`` included); a :class:`Number`
or :class:`OneOf` gives the values. What depends on several parameters is a :data:`Relation`.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from adaptor_bench.errors import UsageError, nearest
from adaptor_bench.values import plain, read_as, written

Relation = Callable[[Mapping[str, Any]], Iterator[str]]
"""From all parameters of a method to sentences on those that do not go together."""


@dataclass(frozen=True)
class Number:
    """From ``low`` to ``high``, both included; with ``above`` more than ``low``, with ``below``
    less than ``high``. One of ``words`` does instead. For a pair it holds for both."""

    low: float = -math.inf
    high: float = math.inf
    above: bool = False
    words: tuple[str, ...] = ()
    below: bool = False

    def allows(self, value: Any) -> bool:
        """Whether a number is in the range."""
        enough = self.low < value if self.above else self.low <= value
        return bool(enough and (value < self.high if self.below else value <= self.high))

    def __str__(self) -> str:
        """``from 0 to 1``, ``above 0 or 'otsu'``, ..; empty without any limit."""
        low, high = plain(self.low), plain(self.high)
        to = "below" if self.below else "up to"
        text = f"{to} {high}" if self.high < math.inf else ""
        if self.low > -math.inf and self.above:
            text = f"above {low} {text}".rstrip()
        elif self.low > -math.inf and self.below:
            text = f"of at least {low} and {text}"
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


@dataclass(frozen=True)
class Parameter:
    """One parameter: its default, an ``example`` of its type, its ``rule``; whether None will do.

    None is written ``none`` on the command line and null in JSON.
    """

    default: Any
    example: Any
    rule: Rule | None = None
    optional: bool = False

    def fit(self, value: Any) -> Any:
        """``value`` in the type of the example: whole numbers pass as floats, lists as tuples, and
        words as booleans and pairs (``no``, ``128x72``, ``0.8 to 1.2``).

        Raises ValueError saying what the value must be.
        """
        words = self.rule.words if self.rule else ()
        if isinstance(value, str) and value in words:
            return value
        if self.optional and (value is None or value in ("none", "None")):
            return None
        if isinstance(self.rule, OneOf):
            raise ValueError(str(self.rule), nearest(str(value), words))
        # A word may stand in for a number, as a default too.
        example = 0.5 if words and isinstance(self.example, str) else self.example
        fitted = read_as(value, example)
        numbers = fitted if isinstance(fitted, tuple) else (fitted,)
        finite = all(not isinstance(n, float) or math.isfinite(n) for n in numbers)
        refused = fitted is None and example is not None
        if refused or not finite or (self.rule and not all(map(self.rule.allows, numbers))):
            raise ValueError(_expected(example, self.rule) + ", or none" * self.optional)
        return fitted

    @property
    def may_be(self) -> str:
        """The values that can work, where the parameter says so."""
        words = [str(self.rule)] if self.rule else []
        return " or ".join([*words, "none"] if self.optional else words)


def fit_all(
    values: Mapping[str, Any], parameters: Mapping[str, Parameter]
) -> tuple[dict[str, Any], list[str], str | None]:
    """All ``values`` in their types, what is wrong with those that do not fit, and a hint."""
    fitted, problems, hint = {}, [], None
    for key, value in values.items():
        try:
            fitted[key] = parameters[key].fit(value)
        except ValueError as error:
            expected, *near = error.args
            hint = "".join(near) or hint
            problems.append(f"parameter {key!r} must be {expected}, got {value!r}")
    return fitted, problems, hint


class UnknownParameterError(UsageError):
    """There is no parameter of this name. ``hint`` says what was probably meant; empty: nothing."""

    def __init__(self, key: str, hint: str) -> None:
        if key in _OPTIONS:
            hint = f"This is an option of its own: --{key}."
        hint = hint or "`bench methods --parameters` lists all parameters."
        super().__init__(f"has no parameter {key!r}", hint=hint)
        self.key = key


@dataclass(frozen=True)
class Signature:
    """The parameters of a function: its keywords, all with defaults."""

    factory: Callable[..., Any]
    relations: tuple[Relation, ...] = ()

    @property
    def defaults(self) -> dict[str, Any]:
        """Name to default."""
        signature = inspect.signature(self.factory)
        return {name: parameter.default for name, parameter in signature.parameters.items()}

    def parameters(self, values: Mapping[str, Any]) -> dict[str, Parameter]:
        """What the annotations say of each."""
        annotations = getattr(self.factory, "__annotations__", {})
        rules = {}
        for name, annotation in annotations.items():
            if isinstance(annotation, str):  # from __future__ import annotations
                try:
                    annotation = eval(annotation, self.factory.__globals__)  # the file's own code
                except Exception:  # a name for type checkers only
                    continue
            rules[name] = _rule(annotation)
        return {name: Parameter(d, d, rules.get(name)) for name, d in self.defaults.items()}

    def layered(self, *layers: Mapping[str, Any], profile: str = "") -> dict[str, Any]:
        """All parameters, not looked at yet; later layers win. Raises UsageError."""
        values = self.defaults
        for layer in layers:
            for key in layer:
                if key not in values:
                    raise UnknownParameterError(key, nearest(key, values))
            values |= layer
        return values

    def problems(self, values: Mapping[str, Any]) -> list[str]:
        """What of them does not go together."""
        return [text for relation in self.relations for text in relation(values)]

    def build(self, values: Mapping[str, Any]) -> Any:
        """Call the function."""
        return self.factory(**values)

    def files(self, values: Mapping[str, Any]) -> list[Path]:
        """No file beside the function's own."""
        return []


@cache
def of_dataclass(settings: type) -> dict[str, Parameter]:
    """The fields of a dataclass, all with defaults. Raises TypeError for a field without one, and
    for a type that no value on a command line can have."""
    hints = get_type_hints(settings, include_extras=True)
    found = {}
    for field in fields(settings):
        if field.default is MISSING:
            raise TypeError(f"{settings.__name__}: field {field.name!r} needs a default")
        try:
            found[field.name] = of_annotation(hints[field.name], field.default)
        except TypeError as error:
            raise TypeError(f"{settings.__name__}: field {field.name!r} {error}") from None
    return found


def of_annotation(annotation: Any, default: Any) -> Parameter:
    """The parameter that an annotation describes. Raises TypeError."""
    rule = _rule(annotation)
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    union = get_origin(annotation) in (Union, UnionType)
    kinds = get_args(annotation) if union else (annotation,)
    kind = next(kind for kind in kinds if kind is not NoneType)
    if kind not in _EXAMPLES:
        raise TypeError(f"cannot be of type {kind}")
    example = _EXAMPLES[kind] if default is None else default
    return Parameter(default, example, rule, NoneType in kinds)


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The parameters that stand in ``after`` with another value: name -> [before, after]."""
    return {
        key: [before.get(key), value]
        for key, value in after.items()
        if key not in before or before[key] != value
    }


_EXAMPLES: dict[Any, Any] = {
    bool: False, int: 1, float: 0.5, str: "", tuple[int, int]: (256, 144),
    tuple[float, float]: (0.5, 1.5),
}  # fmt: skip


_OPTIONS = (
    "data", "device", "domain", "fold", "folds", "matching", "method", "missing", "out", "profile",
    "radius", "restart", "seed",
)  # fmt: skip


def _rule(annotation: Any) -> Rule | None:
    extras = annotation.__metadata__ if get_origin(annotation) is Annotated else ()
    return next((extra for extra in extras if isinstance(extra, Number | OneOf)), None)


def _expected(example: Any, rule: Rule | None) -> str:
    """``a whole number from 0 to 9``, ``like 512x288, each ..``: in a form that can be typed."""
    if isinstance(example, bool):
        return "true or false"
    first = example[0] if isinstance(example, tuple) and example else example
    kind = {int: "a whole number", float: "a number"}.get(type(first))
    if kind is None:
        return f"like {example!r}"
    if isinstance(example, tuple):
        kind = f"like {written(example)}, each {kind}"
    return f"{kind} {rule or ''}".rstrip()
