"""What can be chosen about the phantom: its dials, label quality, and how hard each domain is."""

from __future__ import annotations

import math
from dataclasses import dataclass

Span = tuple[float, float]


@dataclass(frozen=True)
class PhantomOptions:
    """The dials of a drawing, and flaws of a human annotator, off by default.

    gap: how far intraop differs from sim in look, 0 (as sim) to 1; sim never changes.
    difficulty: a name in DIFFICULTY.
    label_noise_px: standard deviation of each coordinate of a label, px.
    label_drop: probability that a visible landmark is not labelled.
    """

    gap: float = 1.0
    difficulty: str = "standard"
    label_noise_px: float = 0.0
    label_drop: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.gap <= 1:
            raise ValueError("gap must lie between 0 and 1")
        if self.difficulty not in DIFFICULTY:
            raise ValueError(f"difficulty must be one of: {', '.join(DIFFICULTY)}")
        if not 0 <= self.label_noise_px < math.inf:
            raise ValueError("label_noise_px must be finite and must not be negative")
        if not 0 <= self.label_drop <= 1:
            raise ValueError("label_drop must lie between 0 and 1")


@dataclass(frozen=True)
class Difficulty:
    """Knobs of one domain, by default as in the simulator. A span (low, high) is drawn from
    uniformly unless noted."""

    # --- landmarks -------------------------------------------------------------------------
    stitches: tuple[int, int] = (8, 11)  # fewest and most when finished; surgeries take turns
    placed_at_start: Span = (0.38, 0.54)  # fraction of them already placed in the first frame
    unsutured_opening: float = 0.02  # share of the video before the first stitch, in some
    pair_gap_px: Span = (9.0, 21.0)  # distance between entry and exit of a stitch, px
    close_pair_fraction: float = 0.08  # stitches whose gap is below the span (5 px to its low end)
    # --- how well a landmark shows -----------------------------------------------------------
    end_contrast: Span = (0.8, 1.0)  # opacity of a thread at the tissue (1 = full colour)
    fade_px: Span = (6.0, 25.0)  # length over which it gains full contrast, px
    dimple_depth: Span = (0.6, 0.9)  # darkening of the hole at the entry point (0 = none)
    pinch: Span = (18.0, 36.0)  # brightening of the puckered rim beside the hole, grey levels
    bare_fraction: float = 0.03  # landmarks that show only a stub of thread
    pledget_fraction: float = 0.06  # stitches with a small felt pad between their points
    # --- distractors: mean number in a frame ---------------------------------------------------
    loose_threads: float = 0.7  # threads with an end on the tissue that is not a landmark
    passing_threads: float = 0.4  # threads from border to border
    specks: float = 14  # dots on the tissue (static)
    empty_holes: float = 6  # dimples without a thread (static)
    remnants: float = 4  # cut bits of thread (static)
    # --- occluders: mean number in a frame -----------------------------------------------------
    instruments: float = 0.75
    flaps: float = 0.5  # tissue flaps and drops over the ring
    highlights: float = 16  # specular blobs of the whole scene (static)
    # --- picture -------------------------------------------------------------------------------
    warmth: Span = (-0.02, 0.03)  # white balance of a surgery: red gains this share, blue loses it
    thread_variety: float = 0.5  # spread of thread colours, 0..1
    texture: float = 5.0  # strength of the tissue's fine texture, grey levels
    blur_px: Span = (0.3, 0.6)  # standard deviation of defocus, px
    motion_blur: float = 0.05  # probability of a shaken frame
    noise: float = 1.4  # standard deviation of sensor noise, grey levels


SIM_DIFFICULTY = Difficulty()
INTRAOP_DIFFICULTY = Difficulty(
    stitches=(6, 9),
    placed_at_start=(0.2, 0.34),
    pair_gap_px=(9.0, 20.0),
    pledget_fraction=0.10,
    specks=12,
    empty_holes=4,
    remnants=3,
    instruments=0.7,
    flaps=0.6,
    highlights=14,
    warmth=(-0.02, 0.05),
    texture=6.0,
    noise=1.5,
)
#: The knobs that say how many of what there are and where: they stay a domain's own when the gap
#: dial brings its look nearer to the other's.
LAYOUT = frozenset(
    {
        "stitches",
        "placed_at_start",
        "unsutured_opening",
        "pair_gap_px",
        "close_pair_fraction",
        "instruments",
        "flaps",
        "loose_threads",
        "passing_threads",
    }
)
#: Named settings, frozen with the generator's version: the knobs of each domain.
DIFFICULTY: dict[str, dict[str, Difficulty]] = {
    "standard": {"sim": SIM_DIFFICULTY, "intraop": INTRAOP_DIFFICULTY},
}
#: Full gap, standard difficulty; every visible landmark is labelled where it is.
STANDARD = PhantomOptions()
