"""Parts of inline SVG: colours come from the page's style sheet, text stays text."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from adaptor_bench.site.markup import Markup, element

__all__ = ["coordinate", "line", "name_room", "shortened", "svg", "text"]

_LONGEST = 40  # letters of a name in a plot


def svg(width: float, height: float, title: str, parts: Sequence[Markup], look: str = "") -> Markup:
    """A picture of ``width`` x ``height`` units whose alternative text is ``title``."""
    attributes = {
        "class": f"plot {look}".strip(),
        "viewBox": f"0 0 {width:.0f} {height:.0f}",
        "width": f"{width:.0f}",
        "height": f"{height:.0f}",
        "role": "img",
        "aria-label": title,
    }
    return element("svg", attributes, *parts)


def line(x1: float, y1: float, x2: float, y2: float, look: str) -> Markup:
    """A line of class ``look``."""
    ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
    return element("line", {k: coordinate(v) for k, v in ends.items()} | {"class": look})


def text(x: float, y: float, words: str, anchor: str, look: str = "") -> Markup:
    """``words`` that start, end or have their middle at (x, y)."""
    place = {"x": coordinate(x), "y": coordinate(y), "text-anchor": anchor}
    return element("text", place | ({"class": look} if look else {}), words)


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


def coordinate(value: float) -> str:
    """A number as attributes carry it."""
    return f"{value:.1f}"
