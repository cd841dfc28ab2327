"""What a point JSON of the challenge must be: one small function per rule.

A rule of the document takes a :class:`Document` and yields findings; it relies on nothing that
another rule checks, so all of them can speak about one file. Lines and columns are added later,
for all findings of a file at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import PurePath

from adaptor_bench.data.formats.challenge import NAMES, SIZE_KEYS, whole_size
from adaptor_bench.data.layout import composed
from adaptor_bench.names import printable
from adaptor_bench.submission.document import (
    NAME_PATTERN,
    Document,
    kind_of,
    literal,
)
from adaptor_bench.submission.findings import Finding, pointer_part, shown
from adaptor_bench.submission.pointrules import (
    distinct_points,
    finite_numbers,
    inside_frame,
    partial_scores,
    point_types,
    points_limit,
    unknown_point_keys,
)

_KNOWN_KEYS = {*NAMES, "points", *SIZE_KEYS}
_NAME = re.compile(NAME_PATTERN)
_UNKNOWN_SHOWN = 20


def object_expected(document: Document) -> Iterator[Finding]:
    """The file holds an object."""
    if not isinstance(document.content, dict):
        kind = kind_of(document.content)
        message = f"expected an object, found {kind}"
        yield document.finding("root-type", "", message, found=kind, expected="an object")


def required_keys(document: Document) -> Iterator[Finding]:
    """folderName, subfolderName, imageFileName and points are there."""
    if not isinstance(document.content, dict):
        return
    spelt = {key.lower(): key for key in document.content} if len(document.content) < 100 else {}
    for key in (*NAMES, "points"):
        if key not in document.content:
            hint = "A frame without landmarks has an empty list." if key == "points" else None
            other = spelt.get(key.lower())
            message = f"key {key!r} is missing" + (f"; there is {shown(other)}" if other else "")
            found = "" if other is None else f"key {shown(other)}"
            yield document.finding(
                "key-missing", "", message, hint=hint, found=found, expected=f"key {key!r}"
            )


def key_types(document: Document) -> Iterator[Finding]:
    """Names are text, points a list."""
    if isinstance(document.content, dict):
        for key, kind, name in (*((n, str, "text") for n in NAMES), ("points", list, "a list")):
            value = document.content.get(key)
            if key in document.content and not isinstance(value, kind):
                yield document.unlike("key-type", f"/{key}", value, name)


def stated_size(document: Document) -> Iterator[Finding]:
    """imageWidth and imageHeight, if given, are two positive whole numbers, and the frame's."""
    content = document.content
    if not isinstance(content, dict) or not any(key in content for key in SIZE_KEYS):
        return
    for key, expected in zip(SIZE_KEYS, document.size, strict=True):
        value = content.get(key)
        if key not in content:
            message = f"key {key!r} is missing, the other size is there"
            hint = "Give both sizes or neither."
            yield document.finding("key-missing", "", message, hint=hint, expected=f"key {key!r}")
        elif whole_size(value) is None:
            hint = "Leave it out, or give the size of the frame in pixels."
            yield document.unlike(
                "key-type", f"/{key}", value, "a positive whole number", hint=hint
            )
        elif value != expected:
            message = f"{shown(value)}, but the frame has {expected}"
            yield document.finding(
                "size-mismatch", f"/{key}", message, found=shown(value), expected=str(expected)
            )


def unknown_keys(document: Document) -> Iterator[Finding]:
    """Keys that mean nothing here are kept, and ignored."""
    if not isinstance(document.content, dict):
        return
    unknown = [key for key in document.content if key not in _KNOWN_KEYS]
    for i, key in enumerate(unknown[:_UNKNOWN_SHOWN], 1):
        more = len(unknown) - _UNKNOWN_SHOWN if i == _UNKNOWN_SHOWN else 0
        yield document.finding(
            "key-unknown",
            pointer_part(key),
            f"key {shown(key)} is not used",
            count=1 + max(0, more),
        )


def safe_names(document: Document) -> Iterator[Finding]:
    """No name can lead out of a folder when somebody builds a path from it."""
    for key in NAMES if isinstance(document.content, dict) else ():
        value = document.content.get(key)
        if isinstance(value, str) and not _NAME.search(value):
            what = "is empty" if not value else "could be used as a path out of its folder"
            yield document.finding(
                "name-unsafe",
                f"/{key}",
                f"{shown(value)} {what}",
                found=literal(value),
                expected="a bare name without /, \\ or NUL",
            )


def names_agree(document: Document) -> Iterator[Finding]:
    """folderName, subfolderName and imageFileName say what the path says."""
    if document.place is None or not isinstance(document.content, dict):
        return
    for key, expected in zip(NAMES, document.place, strict=True):
        value = document.content.get(key)
        if expected is None or not isinstance(value, str) or not _NAME.search(value):
            continue
        image = key == "imageFileName"
        wanted = f"{expected}.png" if image else expected
        stated = PurePath(value).stem if image and value != wanted else value
        if value != wanted and composed(stated) != composed(expected):
            yield document.finding(
                "name-mismatch",
                f"/{key}",
                f"{shown(value)} disagrees with the path, which says {shown(wanted)}",
                found=literal(value),
                expected=json.dumps(printable(wanted)),
            )


DOCUMENT_RULES: tuple[Callable[[Document], Iterator[Finding]], ...] = (
    object_expected,
    required_keys,
    key_types,
    safe_names,
    names_agree,
    stated_size,
    points_limit,
    point_types,
    finite_numbers,
    inside_frame,
    distinct_points,
    partial_scores,
    unknown_keys,
    unknown_point_keys,
)
PLAIN_RULES = tuple(
    rule for rule in DOCUMENT_RULES if rule not in (point_types, finite_numbers, unknown_point_keys)
)
"""Those that may find something in a document whose points are plain, too."""
