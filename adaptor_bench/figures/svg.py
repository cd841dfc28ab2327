"""Inline SVG for pages: colours come from the page's style sheet, text stays text."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from adaptor_bench.report.markup import Markup

SERIES = 8
"""Colours, dashes and markers there are; further series begin anew with other dashes."""

_DASHES = ("", "7 3", "2 3", "9 3 2 3", "5 5", "1 4", "12 4", "3 6")
_MARKERS = (
    '<circle r="3.6"/>',
    '<rect x="-3.3" y="-3.3" width="6.6" height="6.6"/>',
    '<polygon points="0,-4.6 4.4,3.4 -4.4,3.4"/>',
    '<polygon points="0,-4.8 4.8,0 0,4.8 -4.8,0"/>',
)
_LONGEST = 40  # letters of a name in a plot


def svg(width: float, height: float, title: str, parts: Sequence[str], look: str = "") -> Markup:
    """A picture of ``width`` x ``height`` units whose alternative text is ``title``."""
    return Markup(
        '<svg class="{}" viewBox="0 0 {w:.0f} {h:.0f}" width="{w:.0f}" height="{h:.0f}" '
        'role="img" aria-label="{}">{}</svg>'
    ).format(f"plot {look}".strip(), title, Markup("").join(parts), w=width, h=height)


def line(x1: float, y1: float, x2: float, y2: float, look: str) -> Markup:
    """A line of class ``look``."""
    place = Markup('<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="{}"/>')
    return place.format(x1, y1, x2, y2, look)


def text(x: float, y: float, words: str, anchor: str, look: str = "") -> Markup:
    """``words`` that start, end or have their middle at (x, y)."""
    place = Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}" class="{}">{}</text>')
    return place.format(x, y, anchor, look, words)


def marker(index: int, x: float, y: float) -> Markup:
    """A marker whose shape tells the series where its colour does not."""
    place = Markup('<g class="marker s{}" transform="translate({:.1f} {:.1f})">{}</g>')
    shape = _MARKERS[(index + index // SERIES) % len(_MARKERS)]
    return place.format(index % SERIES, x, y, Markup(shape))


def dash(index: int) -> str:
    """The dashes of a line: a value of ``stroke-dasharray``."""
    return _DASHES[(index + index // SERIES) % len(_DASHES)] or "none"


def key(index: int) -> Markup:
    """The legend's sample of a line."""
    return Markup(
        '<svg class="key" viewBox="0 0 34 14" width="34" height="14" aria-hidden="true">'
        '<line x1="1" y1="7" x2="33" y2="7" class="line s{}" stroke-dasharray="{}"/>{}</svg>'
    ).format(index % SERIES, dash(index), marker(index, 17, 7))


def shortened(name: str) -> str:
    """``name`` without its middle where it would need too much room: names differ at both ends."""
    half = (_LONGEST - 1) // 2
    return name if len(name) <= _LONGEST else f"{name[:half]}…{name[-half:]}"


def name_room(names: Sequence[str]) -> float:
    """Width that the longest of ``names`` takes, shortened."""
    return max((sum(map(_letter, shortened(name))) for name in names), default=0.0)


def _letter(letter: str) -> float:
    """Px that ``letter`` takes at 12 px: an estimate, the font is the reader's."""
    if unicodedata.east_asian_width(letter) in "WF":
        return 13.0
    return 9.0 if letter.isupper() or letter in "@%+=<>" else 6.9


CELL = 38.0
_TOP = 26.0


class Grid:
    """Places in a plot of methods against methods, or ranks, whose rows are ``methods``."""

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
