"""Where in a JSON text a value or a key stands, which ``json.loads`` does not tell.

A small tokenizer for texts that ``json.loads`` has accepted. It keeps its own stack, so nesting
cannot break it, and is only run over files about which there is something to say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from adaptor_bench.names import printable
from adaptor_bench.submission.findings import Finding, pointer_part

FAULTS_KEPT = 100
_CONSTANTS = {"NaN", "Infinity", "-Infinity"}
_LONGEST_FOUND = 60
_OF_THE_KEY = {"key-unknown", "json-duplicate-key"}
# The closing quote is optional: an unclosed string is one token to the end, not a new start at
# every quote in it, which would take quadratic time.
_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?'
_TOKEN = re.compile(_STRING + r'|[{}\[\]:,]|[^\s{}\[\]:,"]++', re.DOTALL)
_BRACKET = re.compile(_STRING + r"|[{}\[\]]", re.DOTALL)


@dataclass(frozen=True)
class Fault:
    """A constant that is no JSON, or the second of two equal keys: ``text`` is how it reads."""

    pointer: str
    offset: int
    text: str


@dataclass
class Survey:
    """What a pass over a text found. Offsets count characters from 0.

    ``values``: pointer to (start, end) of the value; ``end`` is 0 for lists and objects.
    ``keys``: pointer to the offset of the key. Where a key repeats, the last one counts.
    ``constants`` and ``repeated`` hold the first hundred faults.
    """

    values: dict[str, tuple[int, int]] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    constants: list[Fault] = field(default_factory=list)
    repeated: list[Fault] = field(default_factory=list)

    @property
    def kept(self) -> int:
        """How many faults were kept."""
        return len(self.constants) + len(self.repeated)


class _Level:
    """One open object or list: the part of the pointer we are at, and what is wanted below."""

    __slots__ = ("at_key", "index", "node", "part", "seen")

    def __init__(self, is_object: bool, node: dict[str, Any] | None, seen: set[str] | None) -> None:
        self.index = -1 if is_object else 0
        self.part = "/" if is_object else "/0"
        self.at_key = is_object
        self.node = node
        self.seen = seen


def survey(
    text: str,
    wanted: Iterable[str] = (),
    faults: bool = False,
    last: bool = False,
    enough: int | None = None,
) -> Survey:
    """The places of the values and keys that the pointers ``wanted`` name; the faults if asked.

    ``text`` must be what ``json.loads`` accepts. Pointers are made with ``pointer_part``. Reading
    stops when all pointers are found, unless the ``last`` of repeated keys is asked for, or when
    ``enough`` faults were kept, if there are known to be so many.
    """
    found, tree, missing = Survey(), _tree(wanted), set(wanted)
    last = last or faults
    stack: list[_Level] = []
    for match in _TOKEN.finditer(text):
        token, offset = match.group(), match.start()
        first = token[0]
        level = stack[-1] if stack else None
        if first == ",":
            if level is not None and level.index >= 0:
                level.index += 1
                level.part = f"/{level.index}"
            elif level is not None:
                level.at_key = True
            continue
        if first == ":":
            continue
        if first in "}]":
            if stack:
                stack.pop()
            continue
        if level is not None and level.at_key:
            level.at_key = False
            _take_key(level, token, offset, found, stack, faults)
            if enough is not None and found.kept >= enough:
                break
            continue
        node = tree if level is None else level.node and level.node.get(level.part)
        opens = first in "{["
        if node is not None and "" in node:
            found.values[node[""]] = (offset, 0 if opens else match.end())
            missing.discard(node[""])
            if not missing and not last:
                break
        if opens:
            stack.append(_Level(first == "{", node, set() if faults and first == "{" else None))
        elif faults and token in _CONSTANTS:
            if len(found.constants) < FAULTS_KEPT:
                found.constants.append(Fault(_pointer(stack), offset, token))
            if enough is not None and found.kept >= enough:
                break
    return found


def _take_key(
    level: _Level, token: str, offset: int, found: Survey, stack: list[_Level], faults: bool
) -> None:
    key = json.loads(token) if "\\" in token else token[1:-1]
    if level.node is not None or faults:
        level.part = pointer_part(key)
    wanted = level.node and level.node.get(level.part)
    if wanted and "" in wanted:
        found.keys[wanted[""]] = offset
    if level.seen is not None:
        if key in level.seen and len(found.repeated) < FAULTS_KEPT:
            found.repeated.append(Fault(_pointer(stack), offset, key))
        level.seen.add(key)


def _pointer(stack: list[_Level]) -> str:
    return "".join(level.part for level in stack)


def _tree(pointers: Iterable[str]) -> dict[str, Any]:
    """Nested by the parts of the pointers; the entry "" holds the pointer that ends there."""
    root: dict[str, Any] = {}
    for pointer in pointers:
        node = root
        for part in pointer.split("/")[1:]:
            node = node.setdefault(f"/{part}", {})
        node[""] = pointer
    return root


def too_deep(text: str, limit: int) -> int | None:
    """Offset of the first bracket nested deeper than ``limit``; None if there is none."""
    if text.count("[") + text.count("{") <= limit:
        return None
    depth = 0
    for match in _BRACKET.finditer(text):
        first = text[match.start()]
        if first in "[{":
            depth += 1
            if depth > limit:
                return match.start()
        elif first in "]}":
            depth -= 1
    return None


def positions(text: str, offsets: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Offset to (line, column), both from 1, columns in characters; lines end with a newline."""
    places, line, start = {}, 1, 0
    for offset in sorted(set(offsets)):
        line += text.count("\n", start, offset)
        start = offset
        places[offset] = (line, offset - text.rfind("\n", 0, offset))
    return places


def located(findings: list[Finding], text: str) -> list[Finding]:
    """The findings with line and column, and with what is written there where they do not say.

    Findings that already have a line keep it.
    """
    open_ = [finding for finding in findings if finding.line is None]
    if not open_:
        return findings
    repeated = any(finding.code == "json-duplicate-key" for finding in findings)
    # Where keys repeat, the last value counts, so the whole text has to be read.
    places = survey(text, {finding.pointer for finding in open_}, last=repeated)
    offsets: dict[int, tuple[int, int]] = {}  # index of the finding -> span
    for i, finding in enumerate(findings):
        span = places.values.get(finding.pointer)
        key = places.keys.get(finding.pointer)
        if finding.line is not None:
            continue
        if finding.code in _OF_THE_KEY and key is not None:
            offsets[i] = (key, 0)
        elif span is not None:
            offsets[i] = span
    lines = positions(text, (start for start, _ in offsets.values()))
    result = list(findings)
    for i, (start, end) in offsets.items():
        line, column = lines[start]
        raw = printable(text[start : min(end, start + _LONGEST_FOUND)])
        raw += "..." if end > start + _LONGEST_FOUND else ""
        result[i] = replace(
            findings[i], line=line, column=column, found=findings[i].found or (raw if end else "")
        )
    return result
