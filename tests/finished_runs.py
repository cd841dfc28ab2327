"""Run directories as ``bench run`` leaves them, without running anything."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from adaptor_bench.evaluate.score import FoldScore, FrameScore, MatchSettings

SURGERIES = ("aicm14", "aicm13", "aicm12", "aicm11")


def put_fold(out: Path, method: str, fold: int, frames, **changes) -> Path:
    """One finished fold. ``frames``: (key, tp, fp, fn); pairs lie 0 px apart."""
    settings = changes.pop("settings", MatchSettings())
    record = {
        "schema": 1,
        "method": method,
        "title": method.title(),
        "domain": "intraop",
        "fold": fold,
        "folds": [1, 2, 3, 4],
        "fold_plan": {"name": "adaptor2021-v1", "sha256": "ab" * 32},
        "train": ["aicm12"],
        "validation": [SURGERIES[fold - 1]],
        "dataset": {"name": "phantom-x", "kind": "phantom", "fingerprint": "cd" * 32},
        "profile": "quick",
        "parameters": {"lr": 0.001},
        "profile_changes": {},
        "seed": 0,
        "device": "cpu",
        "versions": {},
        "seconds": {},
        "notes": [],
    } | changes
    where = out / record["dataset"]["name"] / method / record["domain"] / f"fold_{fold}"
    where.mkdir(parents=True)
    scores = tuple(
        FrameScore(key, tp + fp, tp + fn, tuple((i, i, 0.0) for i in range(tp)))
        for key, tp, fp, fn in frames
    )
    FoldScore(settings, scores).save(where / "score.json")
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
