"""A submission on disk: a single file, or a folder read without leaving it.

A folder of a stranger can hold links to any place of the machine, and pipes that keep a reader
waiting for ever. So links out of the folder are findings, and only regular files are opened.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from adaptor_bench.bounded import NotAFile, read_up_to
from adaptor_bench.submission.members import Broken, Limits, Source, SourceError, SourceFile

_LINK = "Put the files themselves there."


class FileSource(Source):
    """One JSON file; the user named it, so a link may lead to it."""

    kind: Literal["file"] = "file"

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        super().__init__(limits)

    def _open(self) -> None:
        pass  # there is no container

    def entries(self) -> Iterator[SourceFile]:
        """The one file."""
        yield _entry(self._path.name, os.path.realpath(self._path))


class FolderSource(Source):
    """All .json files below a folder, hidden ones excepted."""

    kind: Literal["folder"] = "folder"

    def __init__(self, root: Path, limits: Limits) -> None:
        self._root = os.path.realpath(root)
        self._files: list[tuple[str, str]] = []  # name below the root, path to open
        super().__init__(limits)
        self._files.sort(key=lambda file: file[0].split("/"))

    def entries(self) -> Iterator[SourceFile]:
        """All predictions, sorted."""
        skip = len(self._members.prefix)
        for name, path in self._files:
            yield _entry(name[skip:], path)

    def _open(self) -> None:
        seen, todo = 0, [""]
        while todo:
            below = todo.pop()
            try:
                with os.scandir(os.path.join(self._root, below)) as items:  # noqa: PTH118
                    for item in items:
                        seen += 1
                        if seen > self._limits.members:
                            self._files.clear()
                            text = f"more than {self._limits.members:,} files"
                            raise Broken(text, "archive-members")
                        self._visit(item, f"{below}{item.name}", todo)
            except OSError as error:
                reason = error.strerror or str(error)
                text = f"the folder cannot be read: {reason}"
                self._members.note("file-unreadable", below or ".", text)

    def _visit(self, item: os.DirEntry[str], name: str, todo: list[str]) -> None:
        note = self._members.note
        path = item.path
        if item.is_dir(follow_symlinks=False):
            if item.name.startswith((".", "__")) and item.name.lower() != "__macosx":
                self._members.ignore("hidden")
            elif len(name) > self._members.limits.path_length:
                note("archive-path", name, "folders nested too deeply, not read")
            else:
                todo.append(f"{name}/")
            return
        if item.is_symlink():
            path = os.path.realpath(path)
            if self._leads_out(item.path):
                note(
                    "archive-link",
                    name,
                    "a link that leads out of the folder or nowhere",
                    hint=_LINK,
                )
                return
            if item.is_dir():
                note("archive-link", name, "a link to a folder is not followed", hint=_LINK)
                return
        if not item.is_file():
            note("archive-special", name, "neither a folder nor a regular file")
            return
        clean = self._members.admit(name)
        if clean is not None:
            self._files.append((clean, path))

    def _leads_out(self, path: str) -> bool:
        try:
            target = os.path.realpath(path, strict=True)
            return os.path.commonpath((target, self._root)) != self._root
        except (OSError, ValueError):  # a loop, a missing target, another drive
            return True


def _entry(name: str, path: str) -> SourceFile:
    def read(limit: int) -> bytes:
        try:
            return read_up_to(path, limit, follow=False)
        except NotAFile as error:
            raise SourceError("archive-special", "not a regular file") from error
        except OSError as error:
            raise SourceError("file-unreadable", f"cannot be read: {error.strerror}") from error

    try:
        size = os.stat(path).st_size  # noqa: PTH116
    except OSError:
        size = 0
    return SourceFile(name, size, read)
