"""A dataset, finished runs with predictions and heatmaps on it: what sites are made from."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from finished_runs import SURGERIES, put_predicted
from frame_files import write_frame

from adaptor_bench.data.labels import read_points

__all__ = ["FRAMES", "NASTY", "put_predictions", "write_world"]

FRAMES = 4  # of every surgery
NASTY = "<script>alert(1)</script>\"&'</title>"


def write_world(root: Path, *, nasty: bool = False) -> Path:
    """``root/data``: four surgeries; ``root/runs``: three methods, one of them with two seeds, one
    with heatmaps, one with a fold missing. With ``nasty`` names that are markup."""
    _write_data(root / "data")
    for method, shift, keep, seeds in (
        ("alpha", 1.0, 0.9, (0, 1)),
        ("beta", 3.0, 0.6, (0,)),
        ("gamma", 5.0, 0.4, (0,)),
    ):
        for seed in seeds:
            for fold in range(1, 5):
                if method == "gamma" and fold == 4:
                    continue
                out = root / "runs" / f"seed{seed}"
                changes = {"title": NASTY} if nasty else {}
                where = put_predictions(root, out, method, fold, shift, keep, seed=seed, **changes)
                if method == "alpha":
                    _keep_heatmaps(where, out / "data" / "artefacts", seed, fold)
    return root


def put_predictions(
    root: Path, out: Path, method: str, fold: int, shift: float, keep: float, *, seed=0, **changes
) -> Path:
    """A finished fold that finds about a share ``keep`` of the labels, ``shift`` px beside them,
    and invents as many points as it misses."""
    rng = np.random.default_rng([fold, seed, round(10 * keep)])

    def points_of(frame):
        labels = read_points(frame.label).points
        hit = rng.random(len(labels)) < keep
        invented = rng.uniform((20, 20), (490, 270), ((~hit).sum(), 2))
        return np.vstack([labels[hit] + (shift, 0), invented]).round(2)

    return put_predicted(out, method, fold, root / "data", points_of, seed=seed, **changes)


def _write_data(root: Path) -> None:
    rng = np.random.default_rng(0)
    for s, surgery in enumerate(SURGERIES):
        for k in range(FRAMES):
            # One frame without labels; the others well apart, so that pairs are clear.
            places = np.stack(np.meshgrid(np.arange(60, 480, 60), np.arange(50, 260, 60)), -1)
            grid = places.reshape(-1, 2)
            number = 0 if (s, k) == (0, 0) else 4 + s + k
            labels = grid[rng.choice(len(grid), number, replace=False)].astype(float)
            write_frame(root, surgery, f"{k:06d}", labels, video="V")


def _keep_heatmaps(where: Path, store: Path, seed: int, fold: int) -> None:
    """As training leaves them: maps of all frames of a fold, named by network and frames."""
    frames = json.loads((where / "score.json").read_text())["frames"]
    keys = "\n".join(frame["frame"] for frame in frames)
    folder = store / f"heatmaps-{seed}{fold}"
    folder.mkdir(parents=True)
    (where / "training.json").write_text(json.dumps({"artefact": f"network-{seed}{fold}"}))
    digest = hashlib.sha256(keys.encode()).hexdigest()
    key = {"network": f"network-{seed}{fold}", "frames": digest}
    (folder / "key.json").write_text(json.dumps(key))
    maps = np.zeros((len(frames), 72, 128), np.uint16)
    maps[:, 30:40, 60:70] = 65535
    np.save(folder / "heatmaps.npy", maps)
