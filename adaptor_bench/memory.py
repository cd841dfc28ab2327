"""The peak of this process's resident memory, counted anew for each thing that is measured.

``getrusage`` knows the peak since the process began, earlier folds included. Linux can be told to
begin again (proc(5), ``clear_refs``); elsewhere nothing is told, for it would say too much.
"""

from __future__ import annotations

from pathlib import Path

_ANEW = Path("/proc/self/clear_refs"), "5"
_STATUS = Path("/proc/self/status")


class Peak:
    """From when it is made. One counts at a time: a new one begins anew."""

    def __init__(self) -> None:
        path, value = _ANEW
        try:
            path.write_text(value)
        except OSError:
            self._counts = False
        else:
            self._counts = True

    @property
    def mib(self) -> int | None:
        """MiB of the whole process: what it held before, too, is resident. None where the system
        cannot count anew."""
        if not self._counts:
            return None
        lines = _STATUS.read_text("ascii", "replace").splitlines()
        (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
        return round(int(peak) / 1024)
