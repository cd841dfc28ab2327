"""The phantom: a procedurally drawn stand-in for the AdaptOR 2021 images.

Numbers measured on it are numbers about the phantom, not AdaptOR results. See docs/phantom.md.
"""

from .dataset import write_phantom
from .options import DIFFICULTY, PhantomOptions
from .profiles import GENERATOR_VERSION, PROFILES, frames_of, phantom_frame_count
from .surgery import PhantomSurgery

__all__ = [
    "DIFFICULTY",
    "GENERATOR_VERSION",
    "PROFILES",
    "PhantomOptions",
    "PhantomSurgery",
    "frames_of",
    "phantom_frame_count",
    "write_phantom",
]
