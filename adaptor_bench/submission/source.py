"""Open a submission, whatever it is: one JSON file, a folder, a zip or a tar.

What a container is, is decided by its content first and its name second. Reading never writes;
:func:`extracted` writes into a temporary folder of its own, after everything was checked.
"""

from __future__ import annotations

import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from adaptor_bench.data.formats.known import told_foreign
from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.submission.folders import FileSource, FolderSource
from adaptor_bench.submission.members import ARCHIVES, Limits, Source, SourceError
from adaptor_bench.submission.tars import TarSource
from adaptor_bench.submission.zips import ZipSource

DEFAULT = Limits()
_MANY = f"a folder, or an archive ({', '.join(ARCHIVES)})."
_HINT = f"Pass a .json file, {_MANY}"
_FOREIGN = {
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ\0": "an xz file",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard file",
    b"\x1f\x9d": "a compress (.Z) file",
}


@contextmanager
def open_source(path: Path, limits: Limits = DEFAULT) -> Iterator[Source]:
    """The submission at ``path``, closed after the block.

    Raises UsageError when ``path`` is none of the four kinds, does not exist or cannot be
    opened. Whatever is wrong inside becomes ``findings`` of the source or a SourceError of one
    entry.
    """
    kind = _kind(path, submitted=True)
    with ExitStack() as stack:
        try:
            if kind == "folder":
                source: Source = FolderSource(path, limits)
            elif kind == "file":
                source = FileSource(path, limits)
            elif kind == "zip":
                source = ZipSource(stack.enter_context(path.open("rb")), limits)
            else:
                source = TarSource(stack.enter_context(path.open("rb")), limits)
        except OSError as error:
            raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
        yield source


def is_archive(path: Path) -> bool:
    """Whether ``path`` is a zip or tar file. Raises UsageError for other compressed files."""
    return _kind(path) in ("zip", "tar")


@contextmanager
def extracted(path: Path, limits: Limits = DEFAULT, *, labels: bool = False) -> Iterator[Path]:
    """A folder with the .json files of an archive, without a common prefix folder.

    The folder is temporary, readable by this user alone, and gone after the block. A folder
    yields itself. Raises InputError with everything that is wrong with the archive, before
    anything is handed out; UsageError when ``path`` is neither a folder nor an archive,
    with what has to become of it, be it ``labels`` or predictions.
    """
    if path.is_dir():
        yield path
        return
    if _kind(path, submitted=not labels) not in ("zip", "tar"):
        raise UsageError(
            f"{path}: neither a folder nor an archive",
            hint=told_foreign(path, predictions=not labels) or f"Pass {_MANY}",
        )
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        with open_source(path, limits) as source:
            problems = [f"{f.file}: {f.message}" for f in source.findings if f.severity == "error"]
            if not problems:
                problems = _unpack(source, Path(name), limits)
        if problems:
            raise InputError.collect(f"{path}: the archive is not safe to unpack:", problems)
        try:
            yield Path(name)
        except InputError as error:  # nobody could look into a folder that is gone by then
            error.message = error.message.replace(f"{name}/", f"{path}: ").replace(name, str(path))
            raise


def _unpack(source: Source, folder: Path, limits: Limits) -> list[str]:
    """Write all entries below ``folder``; what could not be read."""
    problems = []
    for entry in source.entries():
        # Names were checked one by one; this is the belt to those braces.
        target = folder.joinpath(*entry.name.split("/"))
        if not target.is_relative_to(folder) or ".." in target.parts:
            raise AssertionError(f"an unsafe name got through: {entry.name!r}")
        try:
            content = entry.read(limits.member_bytes)
        except SourceError as error:
            problems.append(f"{entry.name}: {error.message}")
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(content)
    return problems


def _kind(path: Path, submitted: bool = False) -> str:
    """``file``, ``folder``, ``zip`` or ``tar``; raises UsageError for anything else."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return "folder"
        if not stat.S_ISREG(mode):
            raise UsageError(f"{path}: not a regular file", hint=_HINT)
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:  # a NUL in the path
        raise UsageError(f"{str(path)!r}: no such file") from error
    name = path.name.lower()
    if name.endswith(".json"):
        return "file"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        if (told := told_foreign(path, predictions=submitted)) is None:
            return "zip"
        raise UsageError(f"{path}: an archive, but not of prediction files", hint=told)
    if head.startswith(b"\x1f\x8b") or head[257:262] == b"ustar":
        return "tar"
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise UsageError(f"{path}: {what}, which is not read here", hint=_HINT)
    if name.endswith(".zip"):
        return "zip"
    if name.endswith(ARCHIVES):
        return "tar"
    raise UsageError(
        f"{path}: neither a .json file, a folder, nor an archive",
        hint=told_foreign(path, predictions=submitted) or _HINT,
    )
