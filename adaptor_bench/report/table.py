"""The one table model: plain values, and columns that say how they are shown.

What is None or NaN is shown as a dash. :mod:`adaptor_bench.report.render` draws tables.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from typing import Any, Literal, TypeVar

from adaptor_bench.names import printable
from adaptor_bench.scoring.metrics import PRIMARY

DASH = "-"
INTERVAL = "interval"
"""Key of the column beside that of the metric that ranks."""
T = TypeVar("T")


MOST_FOLDS = 9
"""Columns of folds that a table has room for."""


def wrapped(folds: Sequence[T]) -> list[Sequence[T]]:
    """Folds for as many tables as they need, about as many in each: 15 are 8 and 7."""
    tables = max(1, math.ceil(len(folds) / MOST_FOLDS))
    each = math.ceil(len(folds) / tables)
    return [folds[start : start + each] for start in range(0, max(1, len(folds)), max(1, each))]


@dataclass(frozen=True)
class Spread:
    """A mean and its spread; the spread may be unknown."""

    mean: float | None
    std: float | None = None


def plain(value: Any) -> str:
    """The value as it prints."""
    return DASH if absent(value) else str(value)


def number(digits: int) -> Callable[[Any], str]:
    """A format with ``digits`` decimals."""
    return lambda value: DASH if absent(value) else f"{value:.{digits}f}"


def signed(digits: int) -> Callable[[Any], str]:
    """A format with ``digits`` decimals and always a sign; what rounds to zero has none."""

    def show(value: Any) -> str:
        if absent(value):
            return DASH
        text = f"{value:+.{digits}f}"
        return text if text.strip("+-0.") else text[1:]

    return show


def spread(digits: int, *, sign: bool = False) -> Callable[[Any], str]:
    """A format ``mean ± std`` whose parts line up in a column; ``sign`` signs the mean."""
    width = digits + 4 + sign  # room for 100.00
    mean_of = signed(digits) if sign else number(digits)

    def show(value: Any) -> str:
        if absent(value) or absent(value.mean):
            return " " * (width - digits - 2) + DASH
        mean = f"{mean_of(value.mean):>{width}}"
        if absent(value.std):
            return mean
        return f"{mean} ± {value.std:{width - 1}.{digits}f}"

    return show


@dataclass(frozen=True)
class Column:
    """``key`` into a row, heading, alignment, what it is (``role``), and how values are shown.

    In a ``group`` column equal values that follow one another are shown once and hold their rows
    together. Neighbouring columns with the same ``over`` share it as a heading (latex, html).
    A ``data`` column is in csv and json only: what a title says of all rows of a table. ``about``
    says more than the heading, where there is room to.
    """

    key: str
    title: str
    align: Literal["left", "right"] = "left"
    role: Literal["rank", "label", "metric", "detail"] = "detail"
    show: Callable[[Any], str] = plain
    group: bool = False
    over: str = ""
    data: bool = False
    about: str = ""


@dataclass(frozen=True)
class TableCell:
    """A cell as it is typeset: its text in ``parts`` (mean and spread are two), ``room`` for so
    many digits in front that means line up, and the ``rows`` it reaches over (0: one above does).
    ``value`` is the row's own."""

    column: Column
    parts: tuple[str, ...]
    value: Any
    room: int = 0
    rows: int = 1
    best: bool = False

    @property
    def text(self) -> str:
        """As a page shows it: a dash and minus as printed, spaces as wide as a digit."""
        if self.parts == (DASH,):
            return "\u2013"
        text = " ± ".join(self.parts)
        negative = text[:1] == "-" and text[1:2].isdigit()
        return "\u2007" * self.room + (text.replace("-", "\u2212") if negative else text)

    @property
    def sorts(self) -> str:
        """What a page sorts by: the number itself, else nothing for what is absent."""
        value = self.value.mean if isinstance(self.value, Spread) else self.value
        return "" if absent(value) else f"{value:.6f}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Table:
    """A title, columns, rows as mappings from column key to value, and notes that go below.

    ``best`` names the cells to stand out, as (row number from 0, column key); ``label`` is what
    LaTeX refers to the table by, instead of words of its title.
    """

    title: str
    columns: tuple[Column, ...]
    rows: Sequence[dict[str, Any]]
    notes: tuple[str, ...] = field(default=())
    best: frozenset[tuple[int, str]] = frozenset()
    label: str = ""

    @property
    def shown(self) -> tuple[Column, ...]:
        """The columns that are seen, in order."""
        return tuple(c for c in self.columns if not c.data)

    @property
    def untitled(self) -> Table:
        """The same below a heading that stands outside, its notes likewise."""
        return replace(self, title="", notes=())

    @property
    def primary_first(self) -> Table:
        """The same, the metric that ranks and its interval straight behind what a row is called:
        where little room is, they are what has to be seen."""
        first = [c for c in self.columns if c.key in (PRIMARY, INTERVAL)]
        rest = [c for c in self.columns if c not in first]
        labels = [i for i, c in enumerate(rest) if c.role == "label"]
        place = labels[-1] + 1 if labels else 0
        return replace(self, columns=(*rest[:place], *first, *rest[place:]))

    def cells(self) -> list[list[str]]:
        """All cells of the columns that are seen, row by row."""
        return [[printable(c.show(row.get(c.key))) for c in self.shown] for row in self.rows]

    def groups(self) -> list[range]:
        """Row numbers held together by the group columns; one group where there is none."""
        keys = [c.key for c in self.columns if c.group]
        starts = [
            i
            for i, row in enumerate(self.rows)
            if i == 0 or any(row.get(k) != self.rows[i - 1].get(k) for k in keys)
        ]
        return [range(a, b) for a, b in pairwise([*starts, len(self.rows)])]

    def headings(self) -> list[tuple[str, int, list[Column]]]:
        """Columns under one heading ``over`` (or none), with the number of the first, from 1."""
        headings: list[tuple[str, int, list[Column]]] = []
        for over, columns in groupby(self.shown, key=lambda c: c.over):
            headings.append((over, 1 + sum(len(c) for _, _, c in headings), list(columns)))
        return headings

    def has_spread(self, column: Column) -> bool:
        """Whether means with a spread stand in the column."""
        return any(isinstance(row.get(column.key), Spread) for row in self.rows)

    def typeset(self) -> list[list[list[TableCell]]]:
        """Cells by group and row, as a page or a paper shows them."""
        texts = self.cells()
        spreads = {c.key for c in self.shown if self.has_spread(c)}
        means = [[text.partition("±")[0].strip() for text in row] for row in texts]
        widths = [max(map(len, column)) for column in zip(*means, strict=True)]

        def cell(i: int, j: int, group: range) -> TableCell:
            column, text = self.shown[j], texts[i][j].strip()
            spread, room = column.key in spreads, 0
            parts = tuple(part.strip() for part in text.split("±")) if spread else (text,)
            if spread:
                room = widths[j] - len(means[i][j]) if text != DASH else 0
            rows = (len(group) if i == group[0] else 0) if column.group else 1
            value = self.rows[i].get(column.key)
            best = (i, column.key) in self.best
            return TableCell(column, parts, value, room, rows, best)

        return [
            [[cell(i, j, group) for j in range(len(self.shown))] for i in group]
            for group in self.groups()
        ]


def row_notes(notes: Sequence[str], names: Sequence[str]) -> list[str]:
    """The notes of each row, ``" | "`` between them: those that begin with its name, alone or among
    others, and those that begin with nobody's."""
    owners = []
    for note in notes:
        named = set(note.partition(": ")[0].split(", ")) & {*names}
        starts = [name for name in names if re.match(rf"{re.escape(name)}[ ,:]", note)]
        owners.append(named or set(sorted(starts, key=len)[-1:]))
    return [
        " | ".join(n for n, of in zip(notes, owners, strict=True) if name in of or not of)
        for name in names
    ]


def absent(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
