"""The phantom: a procedurally drawn stand-in for the AdaptOR 2021 images.

Numbers measured on it are numbers about the phantom, not AdaptOR results. See docs/phantom.md.
"""

from .dataset import write_phantom
from .options import DIFFICULTY, INTRAOP_DIFFICULTY, SIM_DIFFICULTY, Difficulty, PhantomOptions
from .profiles import GENERATOR_VERSION, PROFILES, Profile, phantom_frame_count
from .surgery import PhantomFrame, PhantomSurgery

__all__ = [
    "DIFFICULTY",
    "GENERATOR_VERSION",
    "INTRAOP_DIFFICULTY",
    "PROFILES",
    "SIM_DIFFICULTY",
    "Difficulty",
    "PhantomFrame",
    "PhantomOptions",
    "PhantomSurgery",
    "Profile",
    "phantom_frame_count",
    "write_phantom",
]
