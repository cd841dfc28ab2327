"""A dataset, finished runs with predictions and heatmaps on it: what sites are made from."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

import numpy as np
from finished_runs import SURGERIES, put_fold
from PIL import Image

from adaptor_bench.data.check import load_frames
from adaptor_bench.data.frames import index_dataset
from adaptor_bench.data.labels import read_points, write_points
from adaptor_bench.evaluate.score import score

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
    data = {"name": "data", "kind": "folder", "fingerprint": _fingerprint(root / "data")}
    where = put_fold(out, method, fold, [], seed=seed, dataset=data, **changes)
    frames = [f for f in index_dataset(root / "data").domain("intraop")
              if f.surgery == SURGERIES[fold - 1]]  # fmt: skip
    for frame in frames:
        labels = read_points(frame.label).points
        found = rng.random(len(labels)) < keep
        invented = rng.uniform((20, 20), (490, 270), ((~found).sum(), 2))
        points = np.vstack([labels[found] + (shift, 0), invented]).round(2)
        write_points(frame.prediction_path(where / "predictions"), points, folder=frame.surgery,
                     subfolder=frame.video, image=f"{frame.stem}.png")  # fmt: skip
    score(where / "predictions", frames).save(where / "score.json")
    return where


@cache
def _fingerprint(root: Path) -> str:
    return load_frames(index_dataset(root), ["intraop"])["intraop"].fingerprint


def _write_data(root: Path) -> None:
    rng = np.random.default_rng(0)
    for s, surgery in enumerate(SURGERIES):
        for k in range(FRAMES):
            video = root / surgery / "V"
            # One frame without labels; the others well apart, so that pairs are clear.
            places = np.stack(np.meshgrid(np.arange(60, 480, 60), np.arange(50, 260, 60)), -1)
            grid = places.reshape(-1, 2)
            number = 0 if (s, k) == (0, 0) else 4 + s + k
            labels = grid[rng.choice(len(grid), number, replace=False)].astype(float)
            write_points(video / "point_labels" / f"{k:06d}.json", labels, folder=surgery,
                         subfolder="V", image=f"{k:06d}.png", size=(512, 288))  # fmt: skip
            (video / "images").mkdir(exist_ok=True)
            shade = np.linspace(40 + 20 * k, 200, 512, dtype=np.uint8)
            image = np.broadcast_to(shade[None, :, None], (288, 512, 3))
            Image.fromarray(np.ascontiguousarray(image)).save(video / "images" / f"{k:06d}.png")


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
