"""What can be chosen about the phantom: its dials, label quality, and how hard each domain is."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

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
    stitches: tuple[int, int] = (10, 14)  # fewest and most when finished; surgeries take turns
    placed_at_start: Span = (0.38, 0.54)  # fraction of them already placed in the first frame
    unsutured_opening: float = 0.02  # share of the video before the first stitch, in some
    single_fraction: float = 0.16  # stitches of which one point alone is in sight
    double_fraction: float = 0.2  # stitches of doubled thread
    # --- how well a landmark shows -----------------------------------------------------------
    contrast: Span = (0.95, 1.0)  # opacity of a thread well away from the tissue
    end_contrast: Span = (0.92, 1.0)  # share of it that is left where the thread vanishes
    fade_px: Span = (2.5, 6.0)  # length over which it thins and fades
    bulge: Span = (50.0, 80.0)  # relief of the tissue around the point, grey levels
    dimple_fraction: float = 0.5  # points with a dark dimple
    pucker_fraction: float = 0.48  # points where the puckered tissue catches the light
    dimple_depth: Span = (0.8, 1.0)  # how dark the one, how bright the other is
    bare_fraction: float = 0.02  # landmarks that show only a stub of thread
    pledget_fraction: float = 0.08  # stitches with a small felt pad between their points
    # --- look-alikes: mean number in a frame; on the scene those marked (static) -----------------
    loose_threads: float = 0.4  # threads with a cut end, or a needle, on the tissue
    passing_threads: float = 0.5  # threads from border to border
    knots: float = 0.1  # share of threads with a knot
    empty_holes: float = 2  # dimples and bulges without a thread (static)
    specks: float = 5  # dots (static)
    remnants: float = 1  # cut bits of thread (static)
    buried_threads: float = 2  # pale lines just below the surface (static)
    empty_pads: float = 0.4  # felt pads without a thread (static)
    prints: float = 2  # printed or drawn marks (static)
    # --- occluders: mean number in a frame -----------------------------------------------------
    instruments: float = 0.8
    near_instruments: float = 0.35  # large ones close to the lens, out of focus
    flaps: float = 0.9  # folds, flaps and drops over ring and threads
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
    stitches=(9, 13),
    placed_at_start=(0.2, 0.34),
    contrast=(0.95, 1.0),
    end_contrast=(0.9, 1.0),
    fade_px=(3.0, 8.0),
    bulge=(70.0, 110.0),
    dimple_fraction=0.55,
    pucker_fraction=0.45,
    dimple_depth=(0.85, 1.0),
    loose_threads=0.4,
    passing_threads=0.4,
    empty_holes=2,
    remnants=1,
    buried_threads=1,
    pledget_fraction=0.12,
    specks=2,
    prints=0,
    instruments=0.75,
    near_instruments=0.35,
    flaps=0.9,
    highlights=8,
    knots=0.04,
    double_fraction=0.1,
    warmth=(-0.02, 0.05),
    texture=4.0,
    noise=1.5,
)
#: The knobs that say how many of what there are and where: they stay a domain's own when the gap
#: dial brings its look nearer to the other's.
LAYOUT = frozenset(
    {
        "stitches",
        "placed_at_start",
        "unsutured_opening",
        "single_fraction",
        "double_fraction",
        "instruments",
        "near_instruments",
        "flaps",
        "loose_threads",
        "passing_threads",
    }
)


def _scaled(base: Difficulty, sight: float, amount: float) -> Difficulty:
    """A domain at another setting: how well ends show is multiplied by ``sight``, the number of
    look-alikes and occluders, and what the camera adds, by ``amount``."""

    def times(span: Span, by: float, most: float = math.inf) -> Span:
        return min(span[0] * by, most), min(span[1] * by, most)

    counted = (
        "loose_threads passing_threads knots empty_holes specks remnants buried_threads empty_pads "
        "prints instruments near_instruments flaps highlights motion_blur noise"
    )
    return replace(
        base,
        contrast=times(base.contrast, sight, 1.0),
        end_contrast=times(base.end_contrast, sight * sight, 0.98),
        fade_px=times(base.fade_px, 1 / sight),
        bulge=times(base.bulge, sight),
        blur_px=times(base.blur_px, amount),
        **{name: getattr(base, name) * amount for name in counted.split()},
    )


_STANDARD = {"sim": SIM_DIFFICULTY, "intraop": INTRAOP_DIFFICULTY}
#: Named settings, frozen with the generator's version: the knobs of each domain.
DIFFICULTY: dict[str, dict[str, Difficulty]] = {
    "easy": {domain: _scaled(base, 1.6, 0.5) for domain, base in _STANDARD.items()},
    "standard": _STANDARD,
    "hard": {domain: _scaled(base, 0.75, 1.5) for domain, base in _STANDARD.items()},
}
#: Full gap, standard difficulty; every visible landmark is labelled where it is.
STANDARD = PhantomOptions()
