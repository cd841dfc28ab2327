"""Decode a JSON file strictly: what JSON parsers let pass is reported, with its place."""

from __future__ import annotations

import json
from collections import Counter, deque
from pathlib import Path
from typing import Any, NoReturn

from adaptor_bench.submission.findings import Finding, pointer_part, shown

__all__ = ["decode"]


class _Object(dict[str, Any]):
    """An object that remembers which keys were given more than once."""

    repeated: tuple[str, ...] = ()


class _NotJson(ValueError):
    """NaN, Infinity or -Infinity, which Python reads and JSON does not know."""


def decode(path: Path, file: str) -> tuple[Any, list[Finding], bool]:
    """The content of ``path``, what is wrong with it as JSON, and whether there is a content.

    ``file`` is the name findings carry. Where keys repeat, the last value counts, as it does for
    most readers, but the file is at fault.
    """
    try:
        content = json.loads(path.read_bytes(), parse_constant=_refuse, object_pairs_hook=_remember)
    except _NotJson as error:
        message = f"{error} is not a JSON number"
        hint = "Leave out points that have no position."
        return None, [Finding("json-nan", "error", file, "", message, hint)], False
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        return None, [Finding("file-unreadable", "error", file, "", message)], False
    except (ValueError, RecursionError) as error:
        return None, [Finding("json-syntax", "error", file, "", f"not JSON: {error}")], False
    findings = [
        Finding("json-duplicate-key", "error", file, pointer, f"key {shown(key)} is given twice")
        for pointer, key in _repeated(content, "")
    ]
    return content, findings, True


def _refuse(name: str) -> NoReturn:
    raise _NotJson(name)


def _remember(pairs: list[tuple[str, Any]]) -> _Object:
    result = _Object(pairs)
    if len(result) != len(pairs):
        times = Counter(key for key, _ in pairs)
        result.repeated = tuple(key for key in result if times[key] > 1)
    return result


def _repeated(root: Any, pointer: str) -> list[tuple[str, str]]:
    """Pairs (pointer of the object, key) by a walk that deep nesting cannot break."""
    found, todo = [], deque([(root, pointer)])
    while todo:
        value, where = todo.popleft()
        if isinstance(value, _Object):
            found += [(where, key) for key in value.repeated]
            todo += [(v, f"{where}{pointer_part(k)}") for k, v in value.items()]
        elif isinstance(value, list):
            todo += [(v, f"{where}/{i}") for i, v in enumerate(value)]
    return found
