"""The JSON of leaderboards: read with every doubt told, written so that a change is a line."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

from adaptor_bench.atomic import write_text
from adaptor_bench.bounded import read_json
from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.matching.rules import ranked_rules
from adaptor_bench.names import terminal
from adaptor_bench.schemas import problems, schema
from adaptor_bench.scoring.metrics import METRICS, PRIMARY

LIMIT = 4 << 20  # bytes of a board or an entry; ours have a few thousand


def read_document(path: Path, kind: str) -> dict[str, Any]:
    """The document of ``path``, which follows ``kind``'s schema. Raises InputError, with all that
    does not."""
    document = read_json(path, LIMIT, once=True)
    if found := problems(document, current_schema(kind)):
        raise InputError.collect(f"{path}: does not follow {kind}.schema.json:", found)
    checked: dict[str, Any] = document
    return checked


def check_document(path: Path, document: dict[str, Any], kind: str) -> None:
    """Raise InputError for what would not be a document of ``kind`` at ``path``."""
    if found := problems(document, current_schema(kind)):
        called = {"board": "a leaderboard", "entry": "an entry"}[kind]
        raise InputError.collect(f"{path}: this would not be {called}:", found)


def write_document(
    path: Path, document: dict[str, Any], kind: str, exclusive: bool, taken: UsageError
) -> Path:
    """Write a document that follows its schema; returns its path. Raises ``taken`` with
    ``exclusive`` when there is one."""
    check_document(path, document, kind)
    try:
        write_text(path, tidy(document) + "\n", exclusive=exclusive)
    except FileExistsError as error:
        raise taken from error
    return path


def current_schema(kind: str) -> dict[str, Any]:
    """The published schema, but with the rules and metrics that are registered by now."""
    rules = deepcopy(schema(kind))
    if kind == "board":
        rules["properties"]["matching"]["properties"]["rule"]["enum"] = list(ranked_rules())
    if kind == "entry":
        claimed = rules["properties"]["claim"]["additionalProperties"]
        claimed["properties"] = dict.fromkeys(METRICS, claimed["properties"][PRIMARY])
    return rules


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
