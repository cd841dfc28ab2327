"""What produced a result: versions, machine, commit."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import adaptor_bench

_LIBRARIES = (
    "torch",
    "torchvision",
    "segmentation-models-pytorch",
    "numpy",
    "scipy",
    "opencv-python-headless",
)


def versions() -> dict[str, str]:
    """Versions of this package, of what computes, of Python and of the machine's kind."""
    listed = {"adaptor_bench": adaptor_bench.__version__}
    commit = _commit()
    if commit:
        listed["commit"] = commit
    listed["python"] = platform.python_version()
    listed["machine"] = f"{platform.system()} {platform.machine()}, {_processor()}"
    for library in _LIBRARIES:
        try:
            listed[library] = version(library)
        except PackageNotFoundError:
            continue
    return listed


def _processor() -> str:
    """The processor's name where the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown processor"


def _commit() -> str | None:
    """The checkout's commit, with ``+`` when files differ from it; None outside a checkout."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    try:
        head = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--abbrev=12"],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return head.stdout.strip() or None
