"""The phantom: a procedurally drawn stand-in for the AdaptOR 2021 images.

Numbers measured on it are numbers about the phantom, not AdaptOR results. See docs/phantom.md.
"""

from .dataset import write_phantom
from .options import DIFFICULTY, PhantomOptions
from .profiles import (
    DEVELOPMENT_SEEDS,
    EMBEDDED_SEED,
    GENERATOR_VERSION,
    PROFILES,
    REPORT_SEEDS,
    embedded_seeds,
    frames_of,
    phantom_frame_count,
)
from .surgery import PhantomSurgery

__all__ = [
    "DEVELOPMENT_SEEDS",
    "DIFFICULTY",
    "EMBEDDED_SEED",
    "GENERATOR_VERSION",
    "PROFILES",
    "REPORT_SEEDS",
    "PhantomOptions",
    "PhantomSurgery",
    "embedded_seeds",
    "frames_of",
    "phantom_frame_count",
    "write_phantom",
]
