"""What the artefacts of the heatmap detectors are keyed by, and what their random numbers are
seeded by: the one includes the code that makes them, the other must not.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from functools import cache
from typing import Any

from adaptor_bench.sourcecode import source_of

__all__ = ["name_of", "seed_of", "stage_code"]

_HERE = "adaptor_bench.train"
_ALWAYS = f"{_HERE}.heatmap_method"
# The modules that make a stage's artefact, beside the one that calls them.
STAGES = {
    "translator": ("translation", "weights"),
    "network": ("fit", "weights"),
    "heatmaps": ("inference", "networks", "weights"),
}
# What only the trials on held-back frames use.
TRIALS = ("heatmap.decode", "matching.match", "evaluate.metrics")


@cache
def stage_code(stage: str, *, trials: bool = True) -> str:
    """Hash of the code that makes a stage's artefact: an edited stage is never reused.

    Without ``trials`` a network is trained and not tried, so decoding plays no part.
    """
    source = source_of(
        *(f"{_HERE}.{name}" for name in STAGES[stage]),
        "adaptor_bench.data.sizes",  # the size of all images that a stage is given
        without=() if trials else [f"adaptor_bench.{name}" for name in TRIALS],
    )
    caller = source_of(_ALWAYS).modules[_ALWAYS]
    return replace(source, modules={**source.modules, _ALWAYS: caller}).sha256[:16]


def name_of(stage: str, drawn: dict[str, Any]) -> str:
    """What stands for a stage in what seeds a later one."""
    text = json.dumps(drawn, sort_keys=True)
    return f"{stage}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def seed_of(drawn: dict[str, Any]) -> int:
    """A seed for one stage from what it depends on: stages and folds never share random numbers.

    Its code is no part of that: an edit that changes nothing gives the same numbers.
    """
    text = json.dumps(drawn, sort_keys=True)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
