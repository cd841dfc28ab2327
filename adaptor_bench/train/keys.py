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
    "translator": ("weights",),
    "network": ("fit", "weights"),
    "heatmaps": ("heatmaps", "inference", "weights"),
}
# What only the trials on held-back frames use.
TRIALS = ("matching.match", "matching.settings", "scoring.metrics")
# The parts and fields that there were when the first leaderboards were trained.
_FIRST: dict[str, tuple[str, ...]] = {
    "cyclegan": ("width", "blocks", "residual", "layers", "crop", "batch", "epochs", "steps",
                 "rate", "cycle", "identity", "pool"),
    "gaussian": ("sigma", "combine"),
    "plain_unet_16_512": (), "stern_unet_16_256": (), "resnext_unet": ("pretrained",),
    "dice": (), "mse_dice": (),
    "otsu": ("threshold", "floor", "opening_radius", "cut", "cut_factor", "cut_passes"),
    "threshold": ("threshold",),
    "Training": ("optimiser", "rate", "weight_decay", "schedule", "warmup", "batch", "epochs",
                 "steps", "crop", "selections", "norm_batches"),
    "Augmentation": ("flip_p", "rotation", "rotation_p", "shift", "shear", "affine_p", "jitter_p",
                     "brightness", "contrast", "saturation", "hue", "brightness_contrast_p",
                     "brightness_contrast"),
}  # fmt: skip


def code_of(artefact: str, parts: Iterable[object], *, trials: bool = True) -> str:
    """Hash of the code that makes an artefact with ``parts``: edited, it is never reused.

    Without ``trials`` a network is trained and not tried, so matching plays no part.
    """
    marks = (mark_of(part) for part in parts)
    source = source_of(
        *(f"{_HERE}.{name}" for name in MAKERS[artefact]),
        "adaptor_bench.data.sizes",  # the size of all images that a stage is given
        *(Path(mark.origin) for mark in marks if mark),
        without=() if trials else [f"adaptor_bench.{name}" for name in TRIALS],
    )
    always = f"{_HERE}.detector"
    caller = source_of(always).modules[always]
    return replace(source, modules={**source.modules, always: caller}).sha256[:16]


def seed_payload(parts: Parts) -> dict[str, Any]:
    """What the random numbers of a network depend on of its detector.

    In the form in which it was first hashed: with another one the committed leaderboards could
    not be trained again. What came later counts where it is not at its default.
    """
    network, target, loss, select = parts.network, parts.target, parts.loss, parts.select
    decoding = {"threshold": "otsu", "opening_radius": 0, "cut": False, "cut_factor": 1.0,
                "cut_passes": 1, "floor": 0.0}  # fmt: skip
    decoding |= {k: v for k, v in _first(select).items() if v is not None}
    return {
        **_first(parts.training),
        "augmentation": _first(parts.augment),
        "network": _name(network),
        "pretrained": False,
        **_first(network),
        "loss": _name(loss),
        **_first(target),
        "selection_decode": decoding,
        **_later(network=network, target=target, loss=loss, select=select),
        **_later(training=parts.training, augment=parts.augment),
    }


def translator_payload(parts: Parts) -> dict[str, Any]:
    """The same of its translator."""
    return {**_first(parts.translate), **_later(translate=parts.translate)}


def _name(part: object) -> str:
    mark = mark_of(part)
    return mark.name if mark else type(part).__name__


def _first(part: object) -> dict[str, Any]:
    return {name: getattr(part, name) for name in _FIRST.get(_name(part), ())}


def _later(**parts: Any) -> dict[str, Any]:
    found = {}
    for stage, part in parts.items():
        first = _FIRST.get(_name(part))
        new = {
            field.name: getattr(part, field.name)
            for field in fields(part)
            if first is None
            or (field.name not in first and getattr(part, field.name) != field.default)
        }
        if new or first is None:
            found[f"{stage} part"] = [_name(part), new]
    return found


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
