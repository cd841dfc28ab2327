"""Whether a finished fold is what would be run now: all that its result depends on, compared."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from adaptor_bench.bounded import read_json
from adaptor_bench.errors import InputError
from adaptor_bench.scoring.scorefile import FoldScore

_UNKNOWN = "not recorded"
# They say where something was run, and are for readers.
_NO_CONDITION = {"commit", "machine", "python"}
COMPUTING = ("device", "threads", "bfloat16")
"""What a machine computes with."""
_ITSELF = ("method", "domain", "seed", "profile", *COMPUTING, "devices", "selection")


def differences(directory: Path, now: dict[str, Any], apart: Collection[str] = ()) -> list[str]:
    """What the run in ``directory`` depended on that is otherwise in ``now``, the run.json that
    would be written, ``apart`` from some. Empty: it is the same and can be kept."""
    try:
        then = _conditions(read_json(directory / "run.json"))
    except (InputError, AttributeError, TypeError, KeyError):
        return ["run.json is missing or damaged"]
    wanted = _conditions(json.loads(json.dumps(now)))  # which has no tuples
    differing = [
        f"{label} {_shown(then, label)}, now {_shown(wanted, label)}"
        for label in [*wanted, *(label for label in then if label not in wanted)]
        if then.get(label, _UNKNOWN) != wanted.get(label, _UNKNOWN)
        and not label.startswith("code of ")
        and label not in apart
    ]
    return differing + _changed_code(then, wanted)


def damage(directory: Path) -> list[str]:
    """What the fold should hold and does not: a score, and a prediction for each of its frames."""
    try:
        frames = len(FoldScore.load(directory / "score.json").frames)
    except InputError:
        return ["score.json is missing or damaged"]
    predicted = sum(1 for _ in (directory / "predictions").rglob("*.json"))
    return [] if predicted == frames else [f"predictions of {predicted} of its {frames} frames"]


def _conditions(record: dict[str, Any]) -> dict[str, Any]:
    """Everything in a run.json that its result depends on, flat, by the name it is told by.

    What a record says nothing of is left out: unknown is not the same as null.
    """
    conditions: dict[str, Any] = {key: record[key] for key in _ITSELF if key in record}
    conditions.setdefault("devices", 1)  # before it was recorded, there was one
    if "fold_plan" in record:
        conditions["fold plan"] = record["fold_plan"]["sha256"][:12]
    if "dataset" in record:
        conditions["dataset"] = record["dataset"]["fingerprint"][:12]
    conditions |= {f"frames of {d}": sha[:12] for d, sha in record.get("others", {}).items()}
    for group, prefix in (("matching", "matching "), ("parameters", "")):
        conditions |= {prefix + key: value for key, value in record.get(group, {}).items()}
    conditions |= {k: v for k, v in record.get("versions", {}).items() if k not in _NO_CONDITION}
    code = record.get("code", {}).get("modules", {})
    return conditions | {f"code of {module}": sha for module, sha in code.items()}


def _shown(conditions: dict[str, Any], label: str) -> str:
    return repr(conditions[label]) if label in conditions else _UNKNOWN


def _changed_code(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Modules whose code changed, came or went, as one item."""
    old, new = (
        {k.removeprefix("code of "): v for k, v in c.items() if k.startswith("code of ")}
        for c in (then, now)
    )
    if not old:
        return [f"code {_UNKNOWN}"] if new else []
    changed = sorted(k for k in old.keys() | new.keys() if old.get(k) != new.get(k))
    if not changed:
        return []
    more = f" and {len(changed) - 4} more" if len(changed) > 4 else ""
    return [f"code changed: {', '.join(changed[:4])}{more}"]
