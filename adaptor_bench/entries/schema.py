"""Check a document against the part of JSON Schema (2020-12) that leaderboards' schemas use.

The schema files are the only description of the format: what the reader demands and what is
published cannot drift apart. Reading does not need the jsonschema package; a test compares both.
"""

from __future__ import annotations

import json
import math
import re
from functools import cache
from typing import Any

from adaptor_bench.resources import bundled

__all__ = ["KEYWORDS", "problems", "schema"]

_TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
}
_SAYS_NOTHING = {"$schema", "title", "description"}
KEYWORDS = _SAYS_NOTHING | {
    "const", "enum", "type", "required", "additionalProperties", "properties", "propertyNames",
    "minProperties", "items", "minItems", "maxItems", "pattern", "minLength", "maxLength",
    "minimum", "maximum", "exclusiveMinimum",
}  # fmt: skip
"""All keywords that :func:`problems` understands."""


@cache
def schema(name: str) -> dict[str, Any]:
    """The published schema ``board`` or ``entry``."""
    found: dict[str, Any] = json.loads(
        (bundled("leaderboards") / f"{name}.schema.json").read_text("utf-8")
    )
    return found


def problems(value: Any, rules: dict[str, Any], at: str = "") -> list[str]:
    """Everything in ``value`` that ``rules`` forbid, each as ``<JSON pointer>: <what>``."""
    where = at or "/"
    if "const" in rules and not _same(value, rules["const"]):
        return [f"{where}: must be {json.dumps(rules['const'])}"]
    if "enum" in rules and not any(_same(value, choice) for choice in rules["enum"]):
        return [f"{where}: must be one of {', '.join(json.dumps(c) for c in rules['enum'])}"]
    if "type" in rules:
        kinds = rules["type"] if isinstance(rules["type"], list) else [rules["type"]]
        if not any(_is(value, kind) for kind in kinds):
            return [f"{where}: must be {' or '.join(kinds)}"]
    if isinstance(value, dict):
        return _object(value, rules, at)
    if isinstance(value, list):
        found = []
        if len(value) < rules.get("minItems", 0):
            found.append(f"{where}: needs at least {rules['minItems']} items")
        if len(value) > rules.get("maxItems", math.inf):
            found.append(f"{where}: more than {rules['maxItems']} items")
        for i, item in enumerate(value):
            found += problems(item, rules.get("items", {}), f"{at}/{i}")
        return found
    if isinstance(value, str):
        return _string(value, rules, where)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value, rules, where)
    return []


def _object(value: dict[str, Any], rules: dict[str, Any], at: str) -> list[str]:
    where = at or "/"
    found = [f"{where}: key {k!r} is missing" for k in rules.get("required", ()) if k not in value]
    if len(value) < rules.get("minProperties", 0):
        found.append(f"{where}: must not be empty")
    known = rules.get("properties", {})
    others = rules.get("additionalProperties", {})
    for key, item in value.items():
        here = f"{at}/{key.replace('~', '~0').replace('/', '~1')}"
        found += problems(key, rules.get("propertyNames", {}), here)
        if key in known:
            found += problems(item, known[key], here)
        elif others is False:
            found.append(f"{here}: there is no such key")
        else:
            found += problems(item, others, here)
    return found


def _string(value: str, rules: dict[str, Any], where: str) -> list[str]:
    found = []
    if len(value) < rules.get("minLength", 0):
        found.append(f"{where}: must not be empty")
    if len(value) > rules.get("maxLength", math.inf):
        found.append(f"{where}: longer than {rules['maxLength']} characters")
    if "pattern" in rules and not re.search(rules["pattern"], value):
        found.append(f"{where}: {json.dumps(value[:80])} does not match {rules['pattern']}")
    return found


def _number(value: float, rules: dict[str, Any], where: str) -> list[str]:
    if value < rules.get("minimum", -math.inf):
        return [f"{where}: must be at least {rules['minimum']}"]
    if value > rules.get("maximum", math.inf):
        return [f"{where}: must be at most {rules['maximum']}"]
    if value <= rules.get("exclusiveMinimum", -math.inf):
        return [f"{where}: must be greater than {rules['exclusiveMinimum']}"]
    return []


def _is(value: Any, kind: str) -> bool:
    if kind in ("number", "integer"):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and (kind == "number" or isinstance(value, int) or value.is_integer())
    return isinstance(value, _TYPES[kind])


def _same(value: Any, other: Any) -> bool:
    """Equal as JSON: true is not 1."""
    return bool(value == other) and isinstance(value, bool) == isinstance(other, bool)
