"""The JSON of leaderboards: read with every doubt told, written so that a change is a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from adaptor_bench.bounded import read_json
from adaptor_bench.errors import InputError
from adaptor_bench.names import terminal
from adaptor_bench.schemas import problems, schema

__all__ = ["LIMIT", "read_document", "tidy"]

LIMIT = 4 << 20  # bytes of a board or an entry; ours have a few thousand


def read_document(path: Path, kind: str) -> dict[str, Any]:
    """The document of ``path``, which follows ``kind``'s schema. Raises InputError, with all that
    does not."""
    document = read_json(path, LIMIT, once=True)
    if found := problems(document, schema(kind)):
        raise InputError.collect(f"{path}: does not follow {kind}.schema.json:", found)
    checked: dict[str, Any] = document
    return checked


def tidy(value: Any, depth: int = 0) -> str:
    """JSON with one line for what fits on one: counts of a surgery, not a number a line."""
    flat = _flat(value)
    if len(flat) + depth <= 96 or not isinstance(value, dict | list):
        return flat
    pad = " " * (depth + 1)
    if isinstance(value, dict):
        parts = [f"{_flat(key)}: {tidy(item, depth + 1)}" for key, item in value.items()]
        return "{\n" + ",\n".join(pad + part for part in parts) + "\n" + " " * depth + "}"
    parts = [tidy(item, depth + 1) for item in value]
    return "[\n" + ",\n".join(pad + part for part in parts) + "\n" + " " * depth + "]"


def _flat(value: Any) -> str:
    """On one line; letters as they are, what a reviewer would not see as its code."""
    text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    return text if terminal(text) == text else json.dumps(value, allow_nan=False)
