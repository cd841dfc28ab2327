"""Read a file that somebody else wrote: regular files only, up to a stated size.

A name can lead to a pipe that nobody writes to, to a device without an end, or to a file larger
than memory. Every JSON of labels, predictions, runs and boards is read here.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

from adaptor_bench.errors import InputError

DEPTH = 64
"""Levels of lists and objects in a document; none of ours has ten."""
LIMIT = 64 << 20
"""Bytes of a file unless the caller says otherwise; a point JSON has about a thousand."""
# Without O_NONBLOCK, opening a pipe waits for a writer.
_FLAGS = os.O_RDONLY
for _flag in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
    _FLAGS |= getattr(os, _flag, 0)
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


class NotAFile(OSError):
    """What was to be read is no regular file; ``strerror`` says what it is."""


def open_file(path: Path | str, *, follow: bool = True) -> int:
    """A descriptor to read the regular file at ``path``. Raises OSError, NotAFile among them.

    ``follow=False`` refuses a link at its end.
    """
    descriptor = os.open(path, _FLAGS if follow else _FLAGS | getattr(os, "O_NOFOLLOW", 0))
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        kind = _KINDS.get(stat.S_IFMT(mode), "something else")
        raise NotAFile(errno.EINVAL, f"{kind}, not a regular file", os.fspath(path))
    return descriptor


def read_up_to(path: Path | str, limit: int, *, follow: bool = True) -> bytes:
    """The content, at most ``limit + 1`` bytes of it: one more says that there is more.

    Raises OSError, NotAFile among them.
    """
    descriptor = open_file(path, follow=follow)
    try:
        size = os.fstat(descriptor).st_size
        content = os.read(descriptor, min(limit, size) + 1)
        if len(content) == size:
            return content
        parts = [content]  # it grows, or the file system gives it out in pieces
        while parts[-1] and sum(map(len, parts)) <= limit:
            parts.append(os.read(descriptor, min(limit + 1 - sum(map(len, parts)), 1 << 24)))
        return b"".join(parts)
    finally:
        os.close(descriptor)


def read_file(path: Path | str, limit: int = LIMIT) -> bytes:
    """All bytes of a regular file. Raises InputError with the file and why it cannot be read."""
    try:
        content = read_up_to(path, limit)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read: {reason}") from error
    if len(content) > limit:
        size = f"{limit >> 20} MiB" if limit >= 1 << 20 else f"{limit >> 10} KiB"
        raise InputError(f"{path}: larger than {size}, which is not read")
    return content


def read_json(path: Path | str, limit: int = LIMIT, *, once: bool = False) -> Any:
    """The JSON document in a regular file; ``once`` refuses a key that occurs twice.

    Raises InputError with the file and why it cannot be read.
    """
    return parse_json(read_file(path, limit), str(path), once=once)


def parse_json(content: bytes, where: str, *, once: bool = False) -> Any:
    """The document in ``content``; ``where`` names it. NaN, Infinity and deep nesting are refused
    (InputError)."""
    try:
        text = content.decode(json.detect_encoding(content), "surrogatepass")
        document = (_ONCE if once else _ANY).decode(text)
        if sum(content.count(bracket) for bracket in b"[{") > DEPTH:
            _require_shallow(document)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        if "integer string conversion" in reason:  # Python's words advise to change Python
            reason = "a number of thousands of digits"
        raise InputError(f"{where}: not readable as JSON: {reason}") from error
    return document


def refuse_constant(name: str) -> NoReturn:
    """For ``parse_constant``: NaN and Infinity are not JSON numbers (ValueError)."""
    raise ValueError(f"{name} is not a JSON number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without a key that occurs twice: a reviewer sees one, a program the other."""
    if twice := sorted(key for key, times in Counter(k for k, _ in pairs).items() if times > 1):
        raise ValueError(f"key {', '.join(map(repr, twice))} occurs twice")
    return dict(pairs)


_ANY = json.JSONDecoder(parse_constant=refuse_constant)
_ONCE = json.JSONDecoder(parse_constant=refuse_constant, object_pairs_hook=_once)


def _require_shallow(document: Any) -> None:
    """Raise ValueError for a document that is nested too deeply.

    What passes can be walked, compared and written again without a RecursionError.
    """
    level = [document]
    for _ in range(DEPTH + 1):
        level = [
            inner
            for value in level
            if isinstance(value, list | dict)
            for inner in (value.values() if isinstance(value, dict) else value)
            if isinstance(inner, list | dict)
        ]
        if not level:
            return
    raise ValueError(f"nested more than {DEPTH} levels deep")
