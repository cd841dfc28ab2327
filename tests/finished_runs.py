"""Run directories as ``bench run`` leaves them, without running anything.

They are written file by file in the public layout, so that they test whatever reads it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from frame_files import put_points

from adaptor_bench.data.check import load_frames
from adaptor_bench.data.frames import index_dataset
from adaptor_bench.scoring.score import score

SURGERIES = ("aicm14", "aicm13", "aicm12", "aicm11")
VALIDATION = {  # of adaptor2021-v1
    "intraop": [[surgery] for surgery in SURGERIES],
    "sim": [[f"aicm{n}", f"aicm{n + 1}"] for n in (9, 7, 5, 3, 1)],
}
RECORD = {
    "schema": 1,
    "fold_plan": {"name": "adaptor2021-v1", "sha256": "ab" * 32},
    "dataset": {"name": "phantom-x", "kind": "phantom", "fingerprint": "cd" * 32},
    "profile": "quick",
    "parameters": {"lr": 0.001},
    "profile_changes": {},
    "seed": 0,
    "device": "cpu",
    "versions": {},
    "seconds": {},
    "notes": [],
}
MATCHING = {"rule": "hungarian", "radius": 6.0, "inclusive": True, "missing": "empty"}


def put_fold(
    out: Path, method: str, fold: int, frames, *, domain="intraop", matching=None, **changes
) -> Path:
    """One finished fold. ``frames``: (key, tp, fp, fn); pairs lie 0 px apart. ``matching`` and
    ``changes`` go into score.json and run.json."""
    groups = VALIDATION.get(domain, VALIDATION["intraop"])
    record = RECORD | {
        "method": method,
        "title": method.title(),
        "domain": domain,
        "fold": fold,
        "folds": list(range(1, len(groups) + 1)),
        "train": [s for k, group in enumerate(groups, 1) if k != fold for s in group],
        "validation": groups[fold - 1],
    }
    record |= changes
    where = out / record["dataset"]["name"] / method / domain / f"fold_{fold}"
    where.mkdir(parents=True)
    scores = [
        {"frame": key, "predictions": tp + fp, "labels": tp + fn,
         "pairs": [[i, i, 0.0] for i in range(tp)]}
        for key, tp, fp, fn in frames
    ]  # fmt: skip
    document = {"schema": 1, "matching": MATCHING | (matching or {}), "frames": scores}
    (where / "score.json").write_text(json.dumps(document | {"unknown": []}))
    (where / "run.json").write_text(json.dumps(record))
    return where


def put_method(out: Path, method: str, skill: float, *, folds=(1, 2, 3, 4), rng=0, **changes):
    """All folds of a method that finds a share ``skill`` of 10 labels in 6 frames a surgery."""
    generator = np.random.default_rng(rng)
    for fold in folds:
        frames = []
        for k in range(6):
            tp = int(generator.binomial(10, skill))
            fp = int(generator.poisson(10 * (1 - skill)))
            frames.append((f"{SURGERIES[fold - 1]}/V/{k:06d}", tp, fp, 10 - tp))
        put_fold(out, method, fold, frames, **changes)
    return out


def put_hits(
    out: Path, method: str, hits: Sequence[int], *, wrong=0, domain="intraop", **changes
) -> Path:
    """Folds of one frame of 10 labels each: ``hits`` of them found, ``wrong`` false positives."""
    for fold, tp in enumerate(hits, start=1):
        frame = (f"{VALIDATION[domain][fold - 1][0]}/V/0", tp, wrong, 10 - tp)
        put_fold(out, method, fold, [frame], domain=domain, **changes)
    return out


@cache
def described(data: Path) -> dict[str, str]:
    """The dataset ``data`` of domain intraop as run.json describes it."""
    dataset = index_dataset(data)
    fingerprint = load_frames(dataset, ["intraop"])["intraop"].fingerprint
    return {"name": dataset.name, "kind": "folder", "fingerprint": fingerprint}


def put_predicted(
    out: Path, method: str, fold: int, data: Path, points_of: Callable[..., object], **changes
) -> Path:
    """One finished fold on the frames of ``data``, with predictions: ``points_of(frame)``."""
    changes = {"dataset": described(data)} | changes
    where = put_fold(out, method, fold, [], **changes)
    surgeries = changes.get("validation") or VALIDATION["intraop"][fold - 1]
    frames = [f for f in index_dataset(data).domain("intraop") if f.surgery in surgeries]
    for frame in frames:
        put_points(where / "predictions", "/".join(frame.written), points_of(frame))
    score(where / "predictions", frames).save(where / "score.json")
    return where
