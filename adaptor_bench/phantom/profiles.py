"""How many frames the phantom has, per surgery and video, in each profile."""

from __future__ import annotations

#: Raised whenever the pixels or the labels of any frame change.
GENERATOR_VERSION = 3

#: Whatever is chosen (settings, rates, thresholds) is chosen on drawings of these seeds; published
#: boards are made on the others alone, which nobody tunes on.
DEVELOPMENT_SEEDS = range(100)
REPORT_SEEDS = (101, 102, 103)
#: The drawing that is made on demand and bears the plain name of its profile.
EMBEDDED_SEED = REPORT_SEEDS[0]

#: Videos of the real AdaptOR 2021 training data and their number of frames.
REAL_VIDEOS: dict[str, dict[str, int]] = {
    "aicm1": {"VID000_0": 200},
    "aicm2": {"VID000_0": 200},
    "aicm3": {"VID000_0": 226},
    "aicm4": {"VID000_0": 308},
    "aicm5": {"Ch1_002_CH001_V": 374},
    "aicm6": {"Ch1_004_CH001_V": 374},
    "aicm7": {"Ch2_001_CH004_V": 372},
    "aicm8": {"Ch2_001_CH001_V": 192},
    "aicm9": {"Ch2_002_CH003_V": 226},
    "aicm10": {"Ch2_004_CH001_V": 236},
    "aicm11": {"Ch1_008_CH001_V": 278, "Ch1_008_V": 408},
    "aicm12": {"Ch1_002_CH005_V": 186, "Ch1_002_CH006_V": 186},
    "aicm13": {"Ch1_001_CH001_V": 168, "Ch1_001_V": 356},
    "aicm14": {"VID002_C": 68, "VID002_D": 356, "VID002_G": 370},
}

SIM_SURGERIES = tuple(f"aicm{number}" for number in range(1, 11))


#: Frames of each surgery of a domain; None: as many as the real surgery has.
PROFILES: dict[str, dict[str, int | None]] = {
    "tiny": {"sim": 4, "intraop": 6},
    "mini": {"sim": 24, "intraop": 60},
    "paper": {"sim": None, "intraop": None},
    "board": {"sim": 24, "intraop": 60},  # in each of several drawings, which are cohorts
}


def embedded_seeds(profile: str) -> tuple[int, ...]:
    """The drawings of the dataset that bears the plain name of ``profile``."""
    return REPORT_SEEDS if profile == "board" else (EMBEDDED_SEED,)


def domain_of(surgery: str) -> str:
    """``"sim"`` or ``"intraop"``; an unknown surgery raises ``KeyError``."""
    if surgery not in REAL_VIDEOS:
        raise KeyError(f"the phantom has no surgery named {surgery!r}")
    return "sim" if surgery in SIM_SURGERIES else "intraop"


def video_frames(surgery: str, total: int) -> dict[str, int]:
    """Frames per video of a surgery of ``total`` frames, in the order in which they were filmed.

    The frames are shared out in proportion to the real videos (largest remainder), and every
    video has at least one.
    """
    real = REAL_VIDEOS[surgery]
    if total < len(real):
        raise ValueError(f"{surgery} has {len(real)} videos and cannot have only {total} frames")
    # One frame each first, the others in proportion.
    spare = total - len(real)
    spare_of_real = sum(real.values()) - len(real)
    shares = {video: spare * (count - 1) / spare_of_real for video, count in real.items()}
    frames = {video: 1 + int(share) for video, share in shares.items()}
    by_remainder = sorted(shares, key=lambda video: int(shares[video]) - shares[video])
    for video in by_remainder[: total - sum(frames.values())]:
        frames[video] += 1
    return frames


def frames_of(profile: str, surgery: str) -> int:
    """Number of frames of one surgery."""
    wanted = PROFILES[profile][domain_of(surgery)]
    return sum(REAL_VIDEOS[surgery].values()) if wanted is None else wanted


def phantom_frame_count(profile: str) -> int:
    """Number of frames of a whole phantom dataset."""
    return sum(frames_of(profile, surgery) for surgery in REAL_VIDEOS)
