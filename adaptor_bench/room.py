"""Why something could not be written, in one line that names the place and the room there is."""

from __future__ import annotations

import errno
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from adaptor_bench.errors import WriteError

_FORBIDDEN = (errno.EROFS, errno.EACCES)
_SHORT = -1  # numpy and cv2 say that not all was written, not why
_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "larger than files may be here (see `ulimit -f`)",
    errno.EROFS: "this disk is read-only",
    errno.EACCES: "no permission to write to its folder",
    _SHORT: "not all could be written: the disk is full, or a quota or size limit is reached",
}


@contextmanager
def told_as(place: Path, written: Path | None = None) -> Iterator[None]:
    """Raise WriteError about ``place`` instead of any error that says nothing can be written.

    ``written`` is what holds the bytes so far, to be told too.
    """
    try:
        yield
    except Exception as error:
        told = unwritable(error, place, written)
        if told is None:
            raise
        raise told from error


def unwritable(
    error: BaseException, place: Path | None = None, written: Path | None = None
) -> WriteError | None:
    """The WriteError that ``error`` amounts to, or None when it is about something else."""
    code = _code(error)
    if code is None:
        return None
    named = error.filename if isinstance(error, OSError) else None
    if isinstance(named, str) and ".partial-" not in named:
        place = Path(named)
    text = _REASONS[code]
    if place is None:
        return WriteError(f"standard output or a temporary file: {text}", hint=_hint(code))
    if code in _FORBIDDEN:
        return WriteError(f"{place}: {text}", hint=_hint(code))
    room = [f"{_bytes(error.needed)} needed"] if isinstance(error, _NoRoom) else []
    room += [] if written is None else [f"{_bytes(_size(written))} written so far"]
    free = _free(place)
    room += [] if free is None else [f"{_bytes(free)} free"]
    return WriteError(f"{place}: {text} ({', '.join(room)})", hint=_hint(code))


class _NoRoom(OSError):
    """What a full disk will say, before it is written to."""

    def __init__(self, needed: int) -> None:
        super().__init__(errno.ENOSPC, "No space left on device")
        self.needed = needed


def need(place: Path, size: int) -> None:
    """Raise OSError unless ``size`` bytes have room on the disk of ``place``."""
    free = _free(place)
    if free is not None and free < size:
        raise _NoRoom(size)


def _code(error: BaseException) -> int | None:
    if isinstance(error, PermissionError):  # of ours; others may be about what is read
        return errno.EACCES if ".partial-" in str(error.filename) else None
    if isinstance(error, OSError) and error.errno in _REASONS:
        return error.errno
    if isinstance(error, WriteError):
        return None
    text = str(error)
    if found := re.search(r"\(os error (\d+)\)", text):  # of libraries in Rust: safetensors
        code = int(found[1])
        return code if code in _REASONS and code != errno.EACCES else None
    if isinstance(error, OSError) and re.search(r"\d+ requested and \d+ written", text):
        return _SHORT
    return None


def _hint(code: int) -> str:
    if code in _FORBIDDEN:
        return "Choose another place."
    return "Nothing half-written was kept. Make room, then rerun the same command to resume."


def _free(place: Path) -> int | None:
    with suppress(OSError):
        there = next(p for p in (place, *place.absolute().parents) if p.exists())
        return shutil.disk_usage(there).free
    return None


def _size(path: Path) -> int:
    """Bytes of a file or of all files below a directory."""
    total = 0
    with suppress(OSError):
        if not path.is_dir():
            return path.stat().st_size
        total += sum(p.lstat().st_size for p in path.rglob("*") if not p.is_dir())
    return total


def _bytes(size: int) -> str:
    value, unit = float(size), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
