"""Make the trained weights that come with a method, from a finished run.

    bench data phantom D
    python baselines/weights/make_weights.py join D BOTH
    bench run --method unet_peaks --data BOTH --profile quick --folds 4 --fold 1
    python baselines/weights/make_weights.py ship runs/NAME/unet_peaks/both/fold_1 BOTH

``join`` makes one domain of all surgeries of a dataset, by links, so that one network learns from
all of them but those of its fold. ``ship`` keeps the network in 16 bits (what is too large for them
in 32), scores what is kept on the surgeries that it was not trained on, and writes the folder and
its model card.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
import tempfile
from pathlib import Path
from string import Template
from typing import Any

import torch

from adaptor_bench.atomic import atomic_directory, write_json, write_text
from adaptor_bench.bounded import read_json
from adaptor_bench.data.description import Description
from adaptor_bench.data.frames import Frame, index_dataset
from adaptor_bench.errors import BenchError, InputError
from adaptor_bench.harness.checkpoint import load_method
from adaptor_bench.harness.outputs import write_prediction
from adaptor_bench.harness.predict import predicted
from adaptor_bench.harness.shipped import MOST_BYTES
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.progress import Progress, message
from adaptor_bench.registry import discover
from adaptor_bench.scoring.metrics import METRICS, Counts
from adaptor_bench.scoring.score import score
from adaptor_bench.train.weights import read_weights, write_weights

HERE = Path(__file__).resolve().parent
CHECKPOINT = ("network.safetensors", "decoding.json")
KEPT = (
    *("profile", "profile_changes", "seed", "train", "validation", "fold_plan", "dataset"),
    *("notes", "cpu_seconds", "threads", "bfloat16", "versions", "code"),
)
"""What is kept of a run's record, beside method and parameters."""


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 when done; 1 or 2 with what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    joins = verbs.add_parser("join", help="one domain of all surgeries")
    joins.add_argument("data", type=Path)
    joins.add_argument("out", type=Path)
    ships = verbs.add_parser("ship", help="weights and model card of a finished run")
    ships.add_argument("run", type=Path)
    ships.add_argument("data", type=Path)
    ships.add_argument("--out", type=Path, default=HERE, help="default: beside this script")
    given = parser.parse_args(arguments)
    try:
        if given.verb == "join":
            done = join(given.data, given.out)
        else:
            done = ship(given.run, given.data, given.out)
    except BenchError as error:
        message(str(error))
        return error.exit_code
    message(f"made: {done}")
    return 0


def join(data: Path, out: Path) -> Path:
    """A dataset ``out`` of links to all surgeries of ``data``, in the one domain ``both``."""
    dataset = index_dataset(data)
    frames = [frame for some in dataset.frames.values() for frame in some]
    places = {f.surgery: f.image.parents[2].resolve() for f in frames}
    lines = [f'name = "{dataset.name}-both"', f'kind = "{dataset.kind}"', "", "[domains]"]
    with atomic_directory(out) as folder:
        for surgery, place in places.items():
            (folder / surgery).symlink_to(place)
            lines.append(f'"{surgery}" = "both"')
        write_text(folder / "dataset.toml", "\n".join(lines) + "\n")
    return out


def ship(run: Path, data: Path, out: Path) -> Path:
    """The folder of weights of a finished ``run`` on ``data``, with its card, below ``out``."""
    record = read_json(run / "run.json")
    with atomic_directory(out / record["method"].replace("/", "-"), replace=True) as folder:
        weights = read_weights(run / CHECKPOINT[0])
        halved = {k: v.half() if _fits(v) else v for k, v in weights.items()}
        write_weights(folder / CHECKPOINT[0], halved)
        (folder / CHECKPOINT[0]).chmod(0o644)
        if (run / CHECKPOINT[1]).is_file():
            shutil.copy(run / CHECKPOINT[1], folder / CHECKPOINT[1])
        about = {key: record[key] for key in ("schema", "method", "parameters")}
        about |= {key: record[key] for key in KEPT if key in record}
        about["values"] = sum(v.numel() for v in weights.values() if v.is_floating_point())
        about["too_large"] = sum(v.numel() for v in halved.values() if v.dtype == torch.float32)
        about["files"] = {p.name: _described(p) for p in sorted(folder.iterdir())}
        write_json(folder / "run.json", about)
        about["measured"] = measured(folder, data, record["validation"])
        write_json(folder / "run.json", about)
        write_text(folder / "README.md", card(about))
        size = sum(p.stat().st_size for p in folder.iterdir())
        if size > MOST_BYTES:
            raise InputError(f"{run}: {size:,} bytes; {MOST_BYTES:,} are the most that ship")
    return out / record["method"].replace("/", "-")


def measured(folder: Path, data: Path, surgeries: list[str]) -> dict[str, dict[str, Any]]:
    """What the weights in ``folder`` reach on ``surgeries``, by the challenge's domain: counts and
    percent, 6 px, one-to-one."""
    dataset = index_dataset(data)
    every = [frame for some in dataset.frames.values() for frame in some]
    frames: list[Frame] = [frame for frame in every if frame.surgery in set(surgeries)]
    method, domains = load_method(folder, discover()), Description(Path())
    with tempfile.TemporaryDirectory() as place, Progress(lines=True).bar("scoring") as bar:
        for frame, prediction in predicted(method, frames, "cpu", bar):
            write_prediction(frame, prediction, Path(place))
        found = score(Path(place), frames, MatchSettings()).surgeries()
    by_domain: dict[str, Counts] = {}
    for surgery, counts in found.items():
        domain = domains.domain_of(surgery)
        by_domain[domain] = by_domain.get(domain, Counts()) + counts
    return {
        domain: {
            **counts.to_json(),
            **{key: round(100 * metric(counts), 1) for key, metric in METRICS.items()},
        }
        for domain, counts in sorted(by_domain.items(), reverse=True)
    }


def card(about: dict[str, Any]) -> str:
    """The model card, in Markdown."""
    rows = [
        f"| {domain} | {m['f1']} | {m['precision']} | {m['sensitivity']} | "
        f"{m['tp']} / {m['fp']} / {m['fn']} |"
        for domain, m in about["measured"].items()
    ]
    files = [f"`{n}` (sha256 {file['sha256'][:16]}..)" for n, file in about["files"].items()]
    return Template((HERE / "card.txt").read_text("utf-8")).substitute(
        {key: about[key] for key in ("method", "profile", "seed")},
        number=len(about["train"]),
        dataset=about["dataset"]["name"],
        train=", ".join(about["train"]),
        validation=", ".join(about["validation"]),
        values=f"{about['values']:,}",
        bits="16 bits"
        + f" ({about['too_large']} too large for that, in 32)" * (about["too_large"] > 0),
        bytes=f"{sum(file['bytes'] for file in about['files'].values()):,}",
        files=", ".join(files),
        rows="\n".join(rows),
    )


def _fits(values: torch.Tensor) -> bool:
    """Whether they are numbers that 16 bits can hold: variances of batch norm may be too large."""
    return values.is_floating_point() and bool(values.half().isfinite().all())


def _described(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


if __name__ == "__main__":
    sys.exit(main())
