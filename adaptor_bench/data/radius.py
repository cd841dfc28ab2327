"""What a matching radius in px means on frames that are not 512x288, in words."""

from __future__ import annotations

from collections.abc import Iterable

from adaptor_bench.data.sizes import shrinkage

__all__ = ["radius_note"]

_USUAL = 6.0  # px, the radius that belongs to 512x288
_SAME = 0.05


def radius_note(radius: float, sizes: Iterable[tuple[int, int]]) -> str:
    """What a matching radius in px of the frames is at 512x288; empty where it is the same.

    Sizes that differ by a twentieth at most count as the same.
    """
    scales = {size: shrinkage(size) for size in sizes}
    if all(abs(scale - 1) <= _SAME for scale in scales.values()):
        return ""
    low, high = min(scales.values()), max(scales.values())
    ordered = [f"{w}x{h}" for w, h in sorted(scales, key=lambda size: -scales[size])]
    if len(ordered) > 1:
        return (
            f"Frames are of {len(ordered)} sizes, {ordered[0]} to {ordered[-1]}: {radius:g} px on "
            f"them correspond to {radius * low:.3g} to {radius * high:.3g} px at 512x288."
        )
    note = (
        f"Frames are {ordered[0]}: {radius:g} px on them correspond to {radius * low:.3g} px at "
        "512x288"
    )
    if radius == _USUAL:
        note += f"; --radius {radius / low:.3g} would correspond to {radius:g} px"
    return f"{note}."
