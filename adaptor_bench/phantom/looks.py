"""How a surgery looks at a setting of the gap dial: one domain's appearance, or a mix of both."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import cv2
import numpy as np

from .appearance import Lighting, Palette
from .appearance_intraop import IntraopAppearance
from .appearance_sim import SimAppearance
from .geometry import Ring
from .options import DIFFICULTY, LAYOUT, Difficulty

Kind = TypeVar("Kind", Palette, Lighting)


@dataclass(frozen=True)
class Look:
    """What does not move against the tissue, and how everything else is coloured and lit.

    scene: (canvas height, canvas width, 3) uint8 RGB; highlights: (canvas height, canvas width)
    uint8, added after exposure.
    """

    palette: Palette
    lighting: Lighting
    scene: np.ndarray
    highlights: np.ndarray


def difficulty_of(name: str, domain: str, gap: float) -> Difficulty:
    """The named difficulty of a domain. As intraop nears sim with the gap, so do its knobs,
    except those of its layout."""
    levels = DIFFICULTY[name]
    chosen = levels[domain]
    if domain == "sim" or gap == 1:
        return chosen
    knobs = [field.name for field in fields(Difficulty) if field.name not in LAYOUT]
    nearer = {k: _between(getattr(levels["sim"], k), getattr(chosen, k), gap) for k in knobs}
    return replace(chosen, **nearer)


def draw_look(
    domain: str, gap: float, rng: np.random.Generator, difficulty: Difficulty, ring: Ring
) -> Look:
    """The look of a surgery of a domain; an intraop one is drawn in both and mixed by ``gap``."""
    share = 0.0 if domain == "sim" else gap
    # Each its own stream: one domain's pictures do not depend on the other's, nor on the gap.
    streams = rng.spawn(2)
    sim = _drawn(SimAppearance(streams[0], difficulty, ring)) if share < 1 else None
    intraop = _drawn(IntraopAppearance(streams[1], difficulty, ring)) if share > 0 else None
    if sim is None or intraop is None:
        only = sim or intraop
        assert only is not None
        return only
    # Spools change one by one: half a dark and half a bright thread would be none to see.
    changed = rng.permutation(len(sim.palette.threads)) < round(share * len(sim.palette.threads))
    threads = np.where(changed[:, None], intraop.palette.threads, sim.palette.threads)
    return Look(
        palette=replace(_mixed(sim.palette, intraop.palette, share), threads=threads),
        lighting=_mixed(sim.lighting, intraop.lighting, share),
        scene=cv2.addWeighted(sim.scene, 1 - share, intraop.scene, share, 0),
        highlights=cv2.addWeighted(sim.highlights, 1 - share, intraop.highlights, share, 0),
    )


def _drawn(appearance: SimAppearance | IntraopAppearance) -> Look:
    return Look(appearance.palette, appearance.lighting, *appearance.paint_scene())


def _mixed(sim: Kind, intraop: Kind, share: float) -> Kind:
    names = [field.name for field in fields(sim)]
    return type(sim)(**{n: _between(getattr(sim, n), getattr(intraop, n), share) for n in names})


def _between(low: Any, high: Any, share: float) -> Any:
    """A value, array or tuple of them between two of the same kind; integers stay integers."""
    if isinstance(low, tuple):
        return tuple(_between(a, b, share) for a, b in zip(low, high, strict=True))
    mixed = low + share * (high - low)
    return round(mixed) if isinstance(low, int) and isinstance(high, int) else mixed
