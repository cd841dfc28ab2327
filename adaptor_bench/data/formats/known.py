"""All formats there are, by name, and which of them a file is of.

A module of this folder that defines ``FORMATS`` is found by being there; formats with a reader are
asked first, a plain table last.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Any

from adaptor_bench.bounded import read_up_to
from adaptor_bench.data.formats.challenge import CHALLENGE, is_challenge
from adaptor_bench.data.formats.format import SIZE, Format, RawFile
from adaptor_bench.data.layout import FRAMES, NO_FRAMES
from adaptor_bench.errors import UsageError, suggest
from adaptor_bench.resources import modules_of

JSON_ENDINGS = (".json", ".geojson")
"""Of files that are decoded before formats see them."""
_HEAD = 1 << 16  # bytes of a file that are looked at
_WHOLE = 2 << 20  # bytes of a JSON that is decoded
_ENTRIES, _FILES = 5_000, 50  # of a folder that are gone through, and opened


@cache
def formats() -> tuple[Format, ...]:
    """Every format but the challenge's own, readable ones first."""
    modules = modules_of("adaptor_bench.data.formats")
    known = [one for module in modules for one in getattr(module, "FORMATS", ())]
    return tuple(sorted(known, key=lambda one: (one.key == "csv", one.read is None)))


def importable() -> tuple[str, ...]:
    """The keys of the formats that are read, sorted."""
    return tuple(sorted(one.key for one in formats() if one.key and one.read))


def exportable() -> tuple[str, ...]:
    """The keys of the formats that are written, sorted."""
    return tuple(sorted(one.key for one in formats() if one.key and one.write))


def format_named(key: str) -> Format:
    """The format that is called so on the command line. Raises UsageError naming all."""
    found = next((one for one in formats() if one.key == key and key), None)
    if found is None:
        known = {one.key for one in formats() if one.key}
        raise UsageError(f"there is no format {key!r}", hint=suggest(key, known))
    return found


def readable_endings() -> frozenset[str]:
    """Endings of files that may hold the points of a frame, in its place."""
    return frozenset(
        e for one in (CHALLENGE, *formats()) if one.read and one.in_place for e in one.endings
    )


def foreign_document(document: Any) -> Format | None:
    """What a decoded JSON file is; None if it is of no known format, or has points of ours."""
    file = RawFile(document)
    return None if is_challenge(file) else recognised(file)


def foreign_file(path: Path) -> Format | None:
    """What a file of any kind is; None, too, if it cannot be read."""
    return _foreign(path.name, partial(read_up_to, path))


def _foreign(name: str, read: Callable[[int], bytes]) -> Format | None:
    is_json = name.lower().endswith(JSON_ENDINGS)
    try:
        content = read(_WHOLE if is_json else _HEAD)
        if is_json:
            return foreign_document(json.loads(content[: _WHOLE + 1]))
    except (OSError, ValueError, RecursionError):
        return None
    return recognised(RawFile(content=content[:_HEAD]))


def foreign_among(files: Iterable[tuple[str, Callable[[int], bytes]]]) -> tuple[str, Format] | None:
    """Name of the first file of a known format, and what it is; ``files`` are names, and what
    reads the first bytes. A bounded number is looked at."""
    for name, read in islice(files, _FILES):
        if found := _foreign(name, read):
            return name, found
    return None


def foreign_below(root: Path) -> tuple[str, Format] | None:
    """Name below ``root`` of the first file of a known format, and what it is; None without one.

    For a message about a folder in which nothing was found; a bounded number of files is opened.
    """
    endings = recognised_endings()
    seen = opened = 0
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for name in sorted(names):
            seen += 1
            path = Path(folder, name)
            if name.startswith(".") or path.suffix.lower() not in endings:
                continue
            opened += 1
            if found := foreign_file(path):
                if SIZE in found.asked and _pictured(root):
                    found = replace(found, asked=())
                return path.relative_to(root).as_posix(), found
        if seen > _ENTRIES or opened > _FILES:
            break
    return None


def _pictured(root: Path) -> bool:
    """Whether there are images, which say how large they are."""
    names = islice((n for _, _, names in os.walk(root) for n in names), _ENTRIES)
    return any(Path(name).suffix.lower() in (*FRAMES, *NO_FRAMES) for name in names)


def foreign_beside(missing: Path) -> tuple[str, Format] | None:
    """The same for a file that is missing: one of its name, with another ending, in its place."""
    if missing.exists():
        return None
    for path in map(missing.with_suffix, recognised_endings()):
        if path.exists() and (found := foreign_file(path)):
            return path.name, found
    return None


def foreign_hint(root: Path, otherwise: str, predictions: bool = False) -> str:
    """What to say to somebody whose folder ``root``, of predictions or not, was not understood."""
    below = foreign_below(root)
    if below is None:
        return otherwise
    name, found = below
    todo = found.todo(root / name if found.many else root, predictions)
    return f"There is {name}, {found.what}. {todo}"


def told_foreign(path: Path, predictions: bool = False) -> str | None:
    """The same for a file; None if it is of no known format."""
    found = foreign_file(path)
    if found is None:
        return None
    told = f"It is {found.what}. {found.todo(path, predictions)}"
    if found.many or found.read is None or not found.key:
        return told
    return (
        f"{told}\nOne file says neither surgery nor video: add both, or give the folder above them."
    )


def recognised_endings() -> tuple[str, ...]:
    """Of files that can be recognised."""
    return tuple(dict.fromkeys(e for one in formats() if one.recognise for e in one.endings))


def recognised(file: RawFile) -> Format | None:
    """The first format but ours that a file fits, with what it asks for."""
    found = next((one for one in formats() if one.recognise and one.recognise(file)), None)
    return found and replace(found, asked=found.asks(file))
