"""Put files where a platform expects them: into a folder, a zip or a tar, always the same bytes."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from adaptor_bench.bounded import read_file
from adaptor_bench.data.formats.challenge import SIZE_KEYS
from adaptor_bench.data.labels import read_points
from adaptor_bench.data.pointfiles import find_point_files
from adaptor_bench.data.sizes import size_beside
from adaptor_bench.errors import InputError

Files = Iterable[tuple[str, bytes]]
"""Names, with forward slashes, and contents."""
_EPOCH = (1980, 1, 1, 0, 0, 0)


def label_files(labels: Path) -> list[tuple[str, bytes]]:
    """Names below the folder and contents of the label files, sorted.

    Images are left out, so a label that does not state the size of its frame is given it. Raises
    InputError where there is no label, or one cannot be read.
    """
    found = find_point_files(labels)
    found.require_unique()
    if not found.frames:
        raise InputError(f"{labels}: no label files found")
    folders: dict[Path, dict[str, list[Path]]] = {}
    files = []
    for path in sorted(found.frames.values()):
        content = read_file(path)
        size = size_beside(Path(path), folders) if read_points(path).size is None else None
        if size is not None:
            stated = dict(zip(SIZE_KEYS, size, strict=True))
            content = json.dumps(json.loads(content) | stated).encode()
        files.append((found.relative(path), content))
    return files


def write_folder(target: Path, files: Files) -> None:
    """The files as they are, below ``target``."""
    for name, content in files:
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def write_zip(target: Path, files: Files, programs: Iterable[str] = ()) -> None:
    """A zip, sorted by name; ``programs`` are the names that may be executed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (0o755 if name in programs else 0o644) << 16
            archive.writestr(info, content)


def zip_folder(folder: Path, target: Path) -> None:
    """All files of ``folder`` at the root of a zip, which may stand in it."""
    paths = [p for p in folder.rglob("*") if p.is_file() and p != target]
    names = {p.relative_to(folder).as_posix(): p for p in paths}
    programs = {name for name, path in names.items() if os.access(path, os.X_OK)}
    write_zip(target, [(name, path.read_bytes()) for name, path in names.items()], programs)


def write_tar(target: Path, files: Files) -> None:
    """A tar.gz without time stamps."""
    with (
        target.open("wb") as stream,
        gzip.GzipFile("", "wb", fileobj=stream, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
