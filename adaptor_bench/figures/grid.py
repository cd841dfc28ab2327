"""Plots of methods against methods, or ranks: a row and a column each."""

from __future__ import annotations

from collections.abc import Sequence

from adaptor_bench.figures.svg import line, name_room, shortened, svg, text
from adaptor_bench.report.markup import Markup

CELL = 38.0
_TOP = 26.0


class Grid:
    """Places in a plot whose rows are ``methods``."""

    def __init__(self, methods: Sequence[str]) -> None:
        self._methods = methods
        self._left = 40 + name_room(methods)

    def centre(self, row: int, column: int) -> tuple[float, float]:
        """(x, y) of the middle of a cell."""
        return self._left + CELL * (column + 0.5), _TOP + CELL * (row + 0.5)

    def picture(self, title: str, parts: Sequence[Markup]) -> Markup:
        """``parts`` on the names of rows with their numbers, those of columns, and lines."""
        size = CELL * len(self._methods) + 4
        width = self._left + size
        frame = []
        for k, name in enumerate(self._methods):
            x, y = self.centre(k, k)
            frame.append(text(self._left - 10, y + 4, f"{shortened(name)}  {k + 1}", "end"))
            frame.append(text(x, _TOP - 9, str(k + 1), "middle"))
            frame.append(line(0, y + CELL / 2, width, y + CELL / 2, "grid"))
        return svg(width, _TOP + size, title, [*frame, *parts], "grid-plot")
