"""Painting of metal and lumps: instruments, needles, flaps, drops, and the shadows of things."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from .appearance import Palette
from .clutter import Blob
from .instruments import Instrument, Ribbon
from .raster import (
    FRACTION_BITS,
    CoverMap,
    ellipse_outline,
    fill,
    fixed_point,
    normals,
    ribbon_outline,
    stroke,
)
from .tissue import colour_at

#: Brightness across a rod, from one edge to the other: two reflections and dark flanks.
_ACROSS = np.array([0.34, 0.5, 0.72, 1.0, 1.5, 1.85, 1.45, 1.0, 0.72, 0.6, 0.74, 0.95, 0.66, 0.36])
#: A narrow ribbon is painted with every third of these strips.
_NARROW_PX = 9.0
SHADOW_SCALE = 2  # shadows are computed at half resolution
DEFOCUS_SCALE = 2  # and so is what is out of focus
#: How much a fold is lit, and shades what is beside it, grey levels.
FOLD_RELIEF, FOLD_SHADOW = 60, 40


def paint_instrument(
    image: np.ndarray, cover: CoverMap, instrument: Instrument, palette: Palette
) -> None:
    """Paint an instrument and put it on the cover map."""
    for ribbon in instrument.ribbons:
        cover.put_outline(ribbon_outline(ribbon.centre, ribbon.width + 1.5 + 3 * instrument.blur))
    if instrument.blur > 0:
        _paint_defocused(image, instrument, palette)
    else:
        _paint_metal(image, instrument, palette)


def _paint_defocused(image: np.ndarray, instrument: Instrument, palette: Palette) -> None:
    """Paint an instrument out of focus: at a fraction of the size, softened with its outline."""
    scale = DEFOCUS_SCALE
    height, width = image.shape[0] // scale, image.shape[1] // scale
    small = replace(
        instrument,
        ribbons=[Ribbon(r.centre / scale, r.width / scale) for r in instrument.ribbons],
        pivot=None if instrument.pivot is None else instrument.pivot / scale,
    )
    layer = np.zeros((height, width, 3), np.uint8)
    mask = np.zeros((height, width), np.uint8)
    _paint_metal(layer, small, palette)
    for ribbon in small.ribbons:
        fill(mask, ribbon_outline(ribbon.centre, ribbon.width), 255)
    soft = instrument.blur / scale
    size = (image.shape[1], image.shape[0])
    metal, shown = (
        cv2.resize(cv2.GaussianBlur(part, (0, 0), soft), size, interpolation=cv2.INTER_LINEAR)
        for part in (layer, mask)
    )
    clear = 255 - shown
    behind = cv2.multiply(image, cv2.merge([clear, clear, clear]), scale=1 / 255)
    cv2.add(behind, metal, dst=image)


def _paint_metal(image: np.ndarray, instrument: Instrument, palette: Palette) -> None:
    metal = palette.metal * instrument.tone
    for ribbon in instrument.ribbons:
        _paint_rod(image, ribbon, metal)
        _paint_stain(image, ribbon, metal, palette, instrument.stain)
    if instrument.pivot is not None:
        size = instrument.ribbons[-1].width[0] * 0.2
        fill(image, ellipse_outline(instrument.pivot, (size, size), 0.0, 14), metal * 0.4)
        fill(
            image, ellipse_outline(instrument.pivot, (size * 0.6, size * 0.6), 0.0, 12), metal * 1.2
        )


def _paint_rod(image: np.ndarray, ribbon: Ribbon, metal: np.ndarray) -> None:
    """Strips along the rod, each as bright as its place across says."""
    aside = normals(ribbon.centre)
    # The upper side is lit, whichever way the rod points.
    if aside[:, 1].mean() > 0:
        aside = -aside
    levels = _ACROSS if ribbon.width.max() > _NARROW_PX else _ACROSS[1::3]
    places = np.linspace(-0.5, 0.5, len(levels) + 1)[::-1, None, None]
    lines = ribbon.centre + aside * ribbon.width[:, None] * places
    outlines = fixed_point(np.concatenate([lines[:-1], lines[1:, ::-1]], axis=1))
    colours = np.minimum(metal * levels[:, None], 250)
    for outline, colour in zip(outlines, colours.tolist(), strict=True):
        cv2.fillPoly(image, [outline], colour, cv2.LINE_AA, FRACTION_BITS)


def _paint_stain(
    image: np.ndarray, ribbon: Ribbon, metal: np.ndarray, palette: Palette, strength: float
) -> None:
    """A film of blood (or a dark reflection) along the lower part of the rod."""
    if strength <= 0 or ribbon.width.max() <= _NARROW_PX:
        return
    aside = normals(ribbon.centre)
    if aside[:, 1].mean() < 0:
        aside = -aside
    place = ribbon.centre + aside * ribbon.width[:, None] * 0.14
    share = 0.5 * strength
    for size, level in ((0.55, 0.6), (0.42, 0.85), (0.22, 1.1)):
        colour = (metal * level) * (1 - share) + palette.metal_stain * share
        fill(image, ribbon_outline(place, ribbon.width * size * strength), colour)


def paint_needle(image: np.ndarray, cover: CoverMap, centre: np.ndarray, palette: Palette) -> None:
    """A curved needle (S, 2)."""
    width = np.linspace(2.4, 1.0, len(centre))
    fill(image, ribbon_outline(centre, width), palette.metal * 0.5)
    stroke(image, [centre + np.array([0.0, -0.5])], np.minimum(palette.metal * 1.5, 250))
    cover.put_outline(ribbon_outline(centre, width + 0.6))


def paint_blob(
    image: np.ndarray, cover: CoverMap, blob: Blob, palette: Palette, tissue: np.ndarray
) -> None:
    """A lump with a shaded border, a drop with a glint; a fold is made of ``tissue``, the picture
    without threads."""
    cover.put_outline(blob.outline)
    if blob.material == "fold":
        _paint_fold(image, blob.outline, tissue)
        return
    centre = blob.outline.mean(axis=0)
    body = palette.drop if blob.material == "drop" else palette.flap
    body = 0.5 * body + 0.5 * colour_at(image, centre)
    fill(image, blob.outline + np.array([1.2, 1.6]), body * 0.62)
    fill(image, blob.outline, body * 0.9)
    for share, level in ((0.8, 0.97), (0.55, 1.03)):
        inner = centre + (blob.outline - centre) * share + np.array([-0.6, -0.8])
        fill(image, inner, np.minimum(body * level, 250))
    if blob.material == "flap":
        return
    reach = np.abs(blob.outline - centre).max(axis=0)
    glint = ellipse_outline(centre - reach * (0.25, 0.3), reach * 0.16 + 0.5, 0.4, 10)
    fill(image, glint, np.minimum(body * 1.3 + 40, 255))


def _paint_fold(image: np.ndarray, outline: np.ndarray, tissue: np.ndarray) -> None:
    """The tissue itself, raised over what crosses it: lit above, dark below."""
    height, width = image.shape[:2]
    left, top = np.maximum(np.floor(outline.min(axis=0)).astype(int) - 4, 0)
    right, bottom = np.ceil(outline.max(axis=0)).astype(int) + 5
    right, bottom = min(right, width), min(bottom, height)
    if right <= left or bottom <= top:
        return
    part = np.s_[top:bottom, left:right]
    mask = np.zeros((bottom - top, right - left), np.uint8)
    fill(mask, outline - (left, top), 255)
    soft = cv2.GaussianBlur(mask, (0, 0), 1.1).astype(np.int32)
    low = cv2.GaussianBlur(mask, (0, 0), 2.6).astype(np.int32)
    # Brighter where the outline rises toward the light, darker where it falls away from it.
    relief = np.roll(low, -2, axis=0) - np.roll(low, 2, axis=0)
    raised = tissue[part] + (relief * FOLD_RELIEF >> 8)[..., None]
    fallen = image[part] - ((255 - soft) * low * FOLD_SHADOW >> 16)[..., None]
    share = soft[..., None]
    image[part] = np.clip((raised * share + fallen * (255 - share)) // 255, 0, 255)


def cast_shadows(
    image: np.ndarray, outlines: list[tuple[np.ndarray, np.ndarray]], depth: float
) -> np.ndarray:
    """The picture darkened softly below things, each given as its outline and its offset (px)."""
    height, width = image.shape[:2]
    layer = np.full((height // SHADOW_SCALE, width // SHADOW_SCALE), 255, np.uint8)
    for outline, offset in outlines:
        fill(layer, (outline + offset) / SHADOW_SCALE, 255 * (1 - depth))
    soft = cv2.GaussianBlur(layer, (0, 0), 1.4)
    soft = cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.multiply(image, cv2.merge([soft, soft, soft]), scale=1 / 255)
