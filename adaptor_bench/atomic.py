"""Files and directories that are complete or not there.

Everything is written under a temporary sibling name and renamed into place, so a reader never
meets half a file and an interrupted command leaves nothing that looks finished.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["atomic_directory", "complete_file", "remove_abandoned", "write_json", "write_text"]

_PARTIAL = ".partial-"


def _temporary_prefix() -> str:
    """Names the process that writes, so that what a dead one left can be told from the rest."""
    return f"{_PARTIAL}{os.getpid()}-"


@contextmanager
def complete_file(path: Path, *, exclusive: bool = False) -> Iterator[Path]:
    """Yield the name of an empty file that becomes ``path`` when the block ends without error.

    With ``exclusive`` an existing ``path`` raises FileExistsError: of several writers one wins.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(
        dir=path.parent, prefix=_temporary_prefix(), suffix=path.suffix
    )
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)  # mkstemp makes files that only the owner can read
        if exclusive:
            _claim(path, temporary)
        else:
            temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _claim(path: Path, temporary: Path) -> None:
    """``temporary`` becomes ``path``, unless that exists (FileExistsError)."""
    try:
        path.hardlink_to(temporary)
        temporary.unlink()
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: an empty file stands there for a moment
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))
        temporary.replace(path)


def write_text(path: Path, text: str, *, exclusive: bool = False) -> None:
    """Write UTF-8 ``text`` to ``path``, replacing an existing file in one step, or, with
    ``exclusive``, raising FileExistsError."""
    with (
        complete_file(path, exclusive=exclusive) as temporary,
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
    ``final`` is replaced only with ``replace=True``; otherwise FileExistsError is raised.
    """
    if final.exists() and not replace:
        raise FileExistsError(final)
    # Absolute, for the working directory may be what is moved aside.
    named = final.name not in ("", "..")
    final = final.parent.resolve() / final.name if named else final.resolve()
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=final.parent, prefix=_temporary_prefix()))
    temporary.chmod(0o755)
    try:
        yield temporary
        if final.exists():
            if not replace:  # another process was faster
                raise FileExistsError(final)
            _exchange(temporary, final)
        else:
            temporary.rename(final)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _exchange(temporary: Path, final: Path) -> None:
    """``temporary`` becomes ``final``, what stood there is removed; or all stays as it was."""
    retired = Path(tempfile.mkdtemp(dir=final.parent, prefix=_temporary_prefix()))
    aside = retired / "earlier"
    try:
        final.rename(aside)
        try:
            temporary.rename(final)
        except BaseException:
            aside.rename(final)
            raise
    except BaseException:
        retired.rmdir()
        raise
    shutil.rmtree(retired, ignore_errors=True)


def remove_abandoned(parent: Path) -> None:
    """Remove what a killed process left half-written directly below ``parent``.

    What a process that still runs on this machine is writing is left alone.
    """
    if not parent.is_dir():
        return
    for leftover in parent.glob(f"{_PARTIAL}*"):
        writer = leftover.name.removeprefix(_PARTIAL).partition("-")[0]
        if writer.isdigit() and _is_running(int(writer)):
            continue
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    if process == os.getpid():
        return False  # not written by us: our own are gone when their block ends
    if os.name == "nt":  # there, asking would end the process
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
