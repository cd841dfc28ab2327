"""Check documents against their JSON Schema (draft 2020-12): everything wrong, in plain words.

The schema files are the only description of a format: what a reader demands and what is published
cannot drift apart.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import cache
from itertools import islice
from typing import Any

from adaptor_bench.resources import bundled

PROBLEMS_LIMIT = 1000
"""Problems that are looked for; a document that was made to keep us busy has no end of them."""
_SHOWN = 80  # characters of a value in a message
_LONGEST_KEY = 200


@cache
def schema(name: str) -> dict[str, Any]:
    """The published schema ``<name>.schema.json`` of leaderboards."""
    path = bundled("leaderboards") / f"{name}.schema.json"
    rules: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return rules


def problems(document: Any, rules: dict[str, Any]) -> list[str]:
    """Everything in ``document`` that ``rules`` forbid, each as ``<JSON pointer>: <what>``.

    The document has come through :mod:`adaptor_bench.bounded`: it is finite, and shallow. What is
    wrong beyond the first :data:`PROBLEMS_LIMIT` problems is not listed, and the last line says so.
    """
    from jsonschema import Draft202012Validator  # takes longer to load than most documents

    errors = Draft202012Validator(rules).iter_errors(document)
    # Every missing key is an error of its own, and is told of all missing keys.
    told = list(dict.fromkeys(line for e in islice(errors, PROBLEMS_LIMIT) for line in _told(e)))
    if next(errors, None) is not None:
        told.append(f"/: more than {PROBLEMS_LIMIT:,} problems; the others are not listed")
    return told


def _told(error: Any) -> Iterable[str]:
    """The lines for one ``jsonschema.ValidationError``."""
    at = "".join(f"/{_escaped(part)}" for part in error.absolute_path)
    keyword, rule, value = str(error.validator), error.validator_value, error.instance
    if keyword == "required":
        return [f"{at or '/'}: key {key!r} is missing" for key in rule if key not in value]
    if keyword == "additionalProperties":
        known = error.schema.get("properties", {})
        unknown = (key for key in value if key not in known)
        return [
            f"{at}/{_escaped(key)}: there is no such key{_nearest(key, known)}"
            for key in islice(unknown, PROBLEMS_LIMIT)
        ]
    if list(error.schema_path)[-2:-1] == ["propertyNames"]:
        at += f"/{_escaped(value)}"
    say = _WORDS.get(keyword)
    return [f"{at or '/'}: {say(rule, value) if say else error.message[:300]}"]


def _escaped(part: object) -> str:
    """A step of a JSON pointer (RFC 6901)."""
    return str(part)[:_LONGEST_KEY].replace("~", "~0").replace("/", "~1")


def _nearest(key: str, known: Iterable[str]) -> str:
    close = get_close_matches(key[:_SHOWN], known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _shown(value: Any) -> str:
    """A value in a message: what it is where it is short, else of what kind."""
    if isinstance(value, list | dict):
        return f"{'a list' if isinstance(value, list) else 'an object'} of {len(value)}"
    return json.dumps(value[:_SHOWN] if isinstance(value, str) else value)


def _kinds(rule: str | list[str], value: Any) -> str:
    kinds = " or ".join([rule] if isinstance(rule, str) else rule)
    return f"must be {kinds}, is {_shown(value)}"


_WORDS: dict[str, Callable[[Any, Any], str]] = {
    "const": lambda rule, value: f"must be {json.dumps(rule)}, is {_shown(value)}",
    "enum": lambda rule, value: (
        f"must be one of {', '.join(map(json.dumps, rule))}, is {_shown(value)}"
    ),
    "type": _kinds,
    "minProperties": lambda rule, value: (
        "must not be empty" if rule == 1 else f"needs at least {rule} keys, has {len(value)}"
    ),
    "minItems": lambda rule, value: f"needs at least {rule} items, has {len(value)}",
    "maxItems": lambda rule, value: f"more than {rule} items: {len(value)}",
    "minLength": lambda rule, value: (
        "must not be empty" if rule == 1 else f"needs at least {rule} characters"
    ),
    "maxLength": lambda rule, value: f"longer than {rule} characters: {len(value)}",
    "pattern": lambda rule, value: f"{_shown(value)} does not match {rule}",
    "minimum": lambda rule, value: f"must be at least {rule}, is {_shown(value)}",
    "maximum": lambda rule, value: f"must be at most {rule}, is {_shown(value)}",
    "exclusiveMinimum": lambda rule, value: f"must be greater than {rule}, is {_shown(value)}",
}
