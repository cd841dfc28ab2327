"""Where names stand beside marks so that none hides another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

Box = tuple[float, float, float, float]
"""Left, low, right, high: units of the drawing, whichever way its y runs."""
_GAP = 7.0  # between a mark and its name
_RINGS = 12  # how many heights away from its mark a name may go


def place_names(
    marks: Sequence[tuple[float, float]],
    widths: Sequence[float],
    height: float,
    within: Box,
    taken: Sequence[Box] = (),
) -> list[tuple[float, float]]:
    """Where the names of ``marks`` (x, y) begin: left, and middle of their ``height``.

    A name goes to the nearest place ``within`` the drawing where it covers no mark, nothing that is
    ``taken`` and no name before it; where there is none, to the one where it covers least.
    """
    full = [*taken, *((x - 5, y - 5, x + 5, y + 5) for x, y in marks)]
    found = []
    for (x, y), width in zip(marks, widths, strict=True):
        best, least = None, float("inf")
        for left, middle in _places(x, y, width, height):
            box = left, middle - height / 2, left + width, middle + height / 2
            covered = sum(_common(box, other) for other in full) + 10 * _outside(box, within)
            if covered < least:
                best, least = (left, middle, box), covered
            if not covered:
                break
        assert best is not None
        full.append(best[2])
        found.append(best[:2])
    return found


def _places(x: float, y: float, width: float, height: float) -> Iterator[tuple[float, float]]:
    """Beside the mark, then ever further above and below."""
    yield x + _GAP, y
    yield x - _GAP - width, y
    for ring in range(1, _RINGS):
        for away in (ring * height, -ring * height):
            for left in (x + _GAP, x - _GAP - width, x - width / 2):
                yield left, y + away


def _common(a: Box, b: Box) -> float:
    """The area that both cover."""
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    return wide * high if wide > 0 and high > 0 else 0.0


def _outside(box: Box, within: Box) -> float:
    """The area of ``box`` that is not ``within``."""
    return (box[2] - box[0]) * (box[3] - box[1]) - _common(box, within)
