"""A short run for faults to strike, and what must come of it whatever happened."""

from __future__ import annotations

import json
import shutil

from commands import invoke_json

from adaptor_bench.data.frames import index_dataset

METHOD = "improved_heatmap"  # a translator and a network
RESULTS = ("*.safetensors", "predictions/**/*.json", "score.json")


def put_part(phantom, root):
    """Three surgeries of a phantom, two frames of each video."""
    for frames in index_dataset(phantom).frames.values():
        for frame in frames:
            place = root / frame.image.parent.relative_to(phantom)
            full = place.is_dir() and len(list(place.iterdir())) > 1
            if frame.surgery in ("aicm1", "aicm13", "aicm14") and not full:
                for path in (frame.image, frame.label):
                    target = root / path.relative_to(phantom)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, target)
    return root


def training(data):
    """The command, to which ``--out`` is added."""
    words = ["run", "--method", METHOD, "--data", data, "--profile", "smoke"]
    return [*words, "--domain", "intraop", "--fold", 1]


def outcome(out):
    """Trained parts, predictions, scores and the board, as bytes; no file beside finished ones."""
    beside = (".partial-*", "*.savepoint", "*.failed")
    left = [path for name in beside for path in out.rglob(name)]
    assert not left, f"left behind: {left}"
    found = {str(p.relative_to(out)): p.read_bytes() for name in RESULTS for p in out.rglob(name)}
    assert found
    return found | {"board": json.dumps(without_cost(invoke_json("leaderboard", out))).encode()}


def without_cost(rows):
    """Rows of a board without what no two runs have alike: what training took."""
    apart = ("cpu_seconds", "peak_memory")
    return [{key: value for key, value in row.items() if key not in apart} for row in rows]
