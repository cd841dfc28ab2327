"""What the artefacts of a detector are keyed by, and what its random numbers are seeded by: the
one includes the code that makes them, the other must not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from adaptor_bench.sourcecode import source_of
from adaptor_bench.stages.registry import mark_of
from adaptor_bench.train.settings import Parts

_HERE = "adaptor_bench.train"
# The modules that make an artefact, beside the file of each part and the one that calls them.
MAKERS = {
    "translator": ("translation", "weights"),
    "network": ("ranks", "weights"),
    "heatmaps": ("heatmaps", "inference", "weights"),
}


def code_of(artefact: str, parts: Iterable[object]) -> str:
    """Hash of the code that makes an artefact with ``parts``: edited, it is never reused."""
    marks = (mark_of(part) for part in parts)
    source = source_of(
        *(f"{_HERE}.{name}" for name in MAKERS[artefact]),
        "adaptor_bench.data.sizes",  # the size of all images that a stage is given
        *(Path(mark.origin) for mark in marks if mark),
    )
    always = f"{_HERE}.detector"
    caller = source_of(always).modules[always]
    return replace(source, modules={**source.modules, always: caller}).sha256[:16]


def seed_payload(parts: Parts) -> dict[str, Any]:
    """What the random numbers of a network depend on of its detector."""
    stages = ("network", "loss", "target", "select", "training", "augment")
    return {stage: _unusual(getattr(parts, stage)) for stage in stages}


def translator_payload(parts: Parts) -> dict[str, Any]:
    """The same of its translator."""
    return {"translate": _unusual(parts.translate)}


def _unusual(part: object) -> list[Any]:
    """The name of a part, and those of its settings that are not at their defaults: a setting that
    comes later changes no random number of what was trained before."""
    mark = mark_of(part)
    changed = {
        field.name: getattr(part, field.name)
        for field in fields(part)  # type: ignore[arg-type]
        if getattr(part, field.name) != field.default
    }
    return [mark.name if mark else type(part).__name__, changed]


def name_of(artefact: str, drawn: dict[str, Any]) -> str:
    """What stands for an artefact in what seeds a later one."""
    return f"{artefact}-{_digest(drawn).hex()[:16]}"


def seed_of(drawn: dict[str, Any]) -> int:
    """A seed for one artefact from what it depends on: stages and folds never share random numbers.

    Its code is no part of that: an edit that changes nothing gives the same numbers.
    """
    return int.from_bytes(_digest(drawn)[:4], "big")


def _digest(drawn: dict[str, Any]) -> bytes:
    return hashlib.sha256(json.dumps(drawn, sort_keys=True).encode()).digest()
