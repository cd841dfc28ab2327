"""Files and directories that are complete or not there.

Everything is written under a temporary sibling name, brought to the disk and renamed into place,
so a reader never meets half a file, and neither an interrupted command nor a loss of power leaves
anything that looks finished. A lock beside the temporary name tells what is still being written
from what a killed process left; the latter goes when the same place is written again.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from adaptor_bench import locks
from adaptor_bench.room import told_as

_PARTIAL = ".partial-"
# What this module names; the second form is what earlier versions left.
_TEMPORARY = re.compile(r"\.partial-(?:[0-9a-f]{16}|\d+-[a-z0-9_]{8})(?:\.\w+)?")
_tidied: set[Path] = set()


def claim(place: Path) -> Any:
    """A context: whether ``place`` is ours to make. False while another process is making it."""
    return locks.attempt(_lock_of(place))


def is_claimed(place: Path) -> bool:
    """Whether a process, on any machine, is making ``place`` now."""
    return locks.is_held(_lock_of(place))


def claimed(place: Path, waiting: Callable[[], None]) -> Any:
    """A context in which ``place`` is ours; ``waiting`` is called if another process has it now."""
    return locks.obtain(_lock_of(place), waiting)


def forget_claim(place: Path) -> None:
    """Remove what a process that was killed left of its claim to ``place``."""
    if _lock_of(place).exists():
        with claim(place):
            pass


def _lock_of(place: Path) -> Path:
    return place.parent / f"{_PARTIAL}{place.name}.lock"


@contextmanager
def complete_file(path: Path, *, exclusive: bool = False, durable: bool = True) -> Iterator[Path]:
    """Yield the name of an empty file that becomes ``path`` when the block ends without error.

    With ``exclusive`` an existing ``path`` raises FileExistsError: of several writers one wins.
    Without ``durable`` a loss of power may still take it: for many small files, which would wait
    long for the disk one by one.
    Raises WriteError when the disk has no room or may not be written to.
    """
    if _is_temporary(path):  # nobody sees it before all of its directory is complete
        path.parent.mkdir(parents=True, exist_ok=True)
        yield path
        return
    with told_as(path), _temporary(path, path.suffix, sync=durable) as temporary:
        temporary.touch(0o644)
        with _removed_on_error(path, temporary):
            yield temporary
            if durable:
                _bring_to_disk(temporary)
            if exclusive:
                _put_alone(temporary, path)
            else:
                temporary.replace(path)
        if durable:
            _bring_to_disk(path.parent)


def _put_alone(temporary: Path, path: Path) -> None:
    """``temporary`` becomes ``path``, unless that exists (FileExistsError)."""
    try:
        path.hardlink_to(temporary)
        temporary.unlink()
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: an empty file stands there for a moment
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))
        temporary.replace(path)


def write_text(path: Path, text: str, *, exclusive: bool = False, durable: bool = True) -> None:
    """Write UTF-8 ``text`` to ``path``, replacing an existing file in one step, or, with
    ``exclusive``, raising FileExistsError. ``durable`` as for :func:`complete_file`."""
    with (
        complete_file(path, exclusive=exclusive, durable=durable) as temporary,
        temporary.open("w", encoding="utf-8", newline="\n") as stream,
    ):
        stream.write(text)


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON. NaN and infinity raise ValueError: they are not JSON."""
    write_text(path, json.dumps(value, indent=1, allow_nan=False) + "\n")


@contextmanager
def atomic_directory(final: Path, *, replace: bool = False) -> Iterator[Path]:
    """Yield an empty directory that becomes ``final`` when the block ends without an exception.

    On any exception, keyboard interrupt included, the directory is removed again. An existing
    ``final`` is replaced only with ``replace=True``; otherwise FileExistsError is raised. Raises
    WriteError when the disk has no room or may not be written to.
    """
    if final.exists() and not replace:
        raise FileExistsError(final)
    # Absolute, for the working directory may be what is moved aside.
    named = final.name not in ("", "..")
    final = final.parent.resolve() / final.name if named else final.resolve()
    with told_as(final), _temporary(final) as temporary:
        temporary.mkdir()
        temporary.chmod(0o755)
        with _removed_on_error(final, temporary):
            yield temporary
            _bring_all_to_disk(temporary)
            _put(temporary, final, replace)
        _bring_to_disk(final.parent)


@contextmanager
def scratch_directory(parent: Path) -> Iterator[Path]:
    """Yield an empty directory in ``parent`` that is gone when the block ends, however it ends."""
    with told_as(parent), _temporary(parent / "scratch") as temporary:
        temporary.mkdir()
        with _removed_on_error(parent, temporary):
            yield temporary
        _remove(temporary)


@contextmanager
def _temporary(place: Path, suffix: str = "", *, sync: bool = True) -> Iterator[Path]:
    """A name beside ``place`` that nobody uses, locked as long as the block lasts."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.parent not in _tidied:  # once: figures and entries share a directory
        remove_abandoned(place.parent)
        _tidied.add(place.parent)
    temporary = place.parent / f"{_PARTIAL}{uuid.uuid4().hex[:16]}{suffix}"
    with locks.attempt(_lock_beside(temporary), sync=sync):
        yield temporary


@contextmanager
def _removed_on_error(place: Path, temporary: Path) -> Iterator[None]:
    """``temporary`` goes on any exception; one that says why nothing can be written names ``place``
    and the room there was."""
    try:
        with told_as(place, temporary):
            yield
    except BaseException:
        _remove(temporary)
        raise


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _lock_beside(temporary: Path) -> Path:
    return temporary.with_name(f"{temporary.name}.lock")


def _is_temporary(path: Path) -> bool:
    return any(part.startswith(_PARTIAL) and _TEMPORARY.fullmatch(part) for part in path.parts)


def _put(temporary: Path, final: Path, replace: bool) -> None:
    """``temporary`` becomes ``final``; what stood there is removed, or all stays as it was."""
    if not final.exists():
        try:
            temporary.rename(final)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                raise FileExistsError(final) from error
            raise
        return
    if not replace:  # another process was faster
        raise FileExistsError(final)
    if _exchange(temporary, final):
        shutil.rmtree(temporary, ignore_errors=True)
        return
    with _temporary(final) as aside:
        final.rename(aside)
        try:
            temporary.rename(final)
        except BaseException:
            aside.rename(final)
            raise
        shutil.rmtree(aside, ignore_errors=True)


def _exchange(first: Path, second: Path) -> bool:
    """Swap two names in one step, where kernel and file system can (Linux: renameat2)."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    here, swap = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return bool(rename(here, os.fsencode(first), here, os.fsencode(second), swap) == 0)


def _bring_all_to_disk(root: Path) -> None:
    """What is renamed without it may be found empty after a loss of power."""
    folders = [(Path(folder), names) for folder, _, names in os.walk(root)]
    files = [folder / name for folder, names in folders for name in names]
    with ThreadPoolExecutor(min(16, len(files) or 1)) as pool:  # the disk takes them together
        for _ in pool.map(_bring_to_disk, files):
            pass
    for folder, _ in folders:
        _bring_to_disk(folder)


def _bring_to_disk(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:  # a directory, where directories cannot be opened
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):  # not to be had here
            raise
    finally:
        os.close(descriptor)


def remove_abandoned(parent: Path) -> None:
    """Remove what killed processes left half-written directly below ``parent``.

    What any living process is writing stays, on this machine or on another that shares the folder.
    """
    try:
        names = {path.name.removesuffix(".lock") for path in parent.iterdir()}
    except OSError:
        return
    for leftover in (parent / name for name in names if _TEMPORARY.fullmatch(name)):
        with suppress(OSError), locks.attempt(_lock_beside(leftover)) as abandoned:
            if abandoned:
                _remove(leftover)
