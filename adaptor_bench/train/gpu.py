"""Whether there may be a GPU, found out without loading torch, which takes seconds."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# NVIDIA's own, its embedded boards', AMD's, and Windows' under WSL.
_NODES = ("nvidia*", "nvhost*", "nvmap", "kfd", "dxg")


def certainly_cpu(device: str) -> bool:
    """Whether ``device``, ``auto`` included, will certainly be the CPU. False says nothing."""
    if device != "auto":
        return device.partition(":")[0] == "cpu"
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        return True
    if sys.platform == "darwin":
        return True
    return sys.platform == "linux" and not any(any(Path("/dev").glob(n)) for n in _NODES)
