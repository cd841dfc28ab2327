"""The whole check of drawings; and what a strong plain detector reaches, in its domain and across.

In-domain numbers are those of ordinary runs of ``unet_peaks``; its networks of sim are then asked
about intraop, drawn with the full gap and with none.
"""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from adaptor_bench.audit.aims import Findings
from adaptor_bench.audit.phantom import draw_speed, measure, pooled_f1, thinned
from adaptor_bench.bounded import read_file
from adaptor_bench.data.check import DomainFrames, load_frames
from adaptor_bench.data.frames import index_dataset
from adaptor_bench.errors import InputError, TrainingError
from adaptor_bench.harness.checkpoint import load_method
from adaptor_bench.harness.failures import summary
from adaptor_bench.harness.job import Bench
from adaptor_bench.harness.plan import RunRequest
from adaptor_bench.method import Pixels, Resize
from adaptor_bench.phantom import PhantomOptions, write_phantom
from adaptor_bench.progress import Progress
from adaptor_bench.registry import Registry, discover
from adaptor_bench.results.runs import Run, find_runs
from adaptor_bench.scoring.metrics import f1

REFERENCE = "unet_peaks"
_A_SURGERY = 15  # frames of a surgery that networks of the other domain are asked about

Drawing = Mapping[str, DomainFrames]


def train(folder: Path, out: Path, registry: Registry, progress: Progress) -> None:
    """Run the reference detector on all folds of the drawing in ``folder``, in profile quick.

    Raises TrainingError when a fold fails.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    dataset = index_dataset(folder)
    spec = registry.get(REFERENCE)
    bench = Bench(
        dataset,
        RunRequest((spec,), tuple(dataset.frames), "quick", {}, out=out, device="cpu"),
        progress,
    )
    if failed := bench.run():
        raise TrainingError(summary(failed, len(bench.cells)))


def measure_trained(
    drawing: Drawing,
    without_gap: Drawing,
    runs: Sequence[Path],
    registry: Registry,
    found: Findings,
    progress: Progress,
) -> None:
    """Add what the reference's runs below ``runs`` reach on the frames of ``drawing``, and what
    its networks of sim reach on intraop there and in ``without_gap``.

    Raises InputError for folders that cannot be read.
    """
    known = [run for run in find_runs(runs) if run.method == REFERENCE]
    at_home: dict[str, float] = {}
    of_sim: list[Run] = []
    for domain, loaded in drawing.items():
        mine = [r for r in known if r.dataset["fingerprint"] == loaded.fingerprint]
        scores = [100 * f1(run.score().counts) for run in mine if run.domain == domain]
        if scores:
            found.add("in_domain", domain, *scores)
            at_home[domain] = float(np.mean(scores))
        if domain == "sim":
            of_sim = mine
    if not of_sim:
        return
    places = {"away_gap1": drawing, "away_gap0": without_gap}
    with progress.bar("sim networks on intraop") as bar:
        for done, run in enumerate(of_sim, 1):
            method = load_method(run.path, registry)
            resize = Resize.of(method)
            for key, there in places.items():
                frames = thinned(there["intraop"].frames, _A_SURGERY)
                pixels = [Pixels(f.frame.key, resize(f.image), f.size) for f in frames]
                points = [p.points for p in method.predict_frames(pixels, "cpu")]
                found.add(key, "intraop", pooled_f1(points, frames))
            bar(done, len(of_sim))
    # Without a gap intraop looks like sim, so what is reached there is compared with sim.
    for key, domain in (("away_gap1", "intraop"), ("away_gap0", "sim")):
        if at_home.get(domain):
            away = float(np.mean(found.values[key, "intraop"][-len(of_sim) :]))
            found.add(key.replace("away", "share"), "intraop", 100 * away / at_home[domain])


def check_phantom(
    folders: Sequence[Path],
    seeds: Sequence[int],
    profile: str,
    runs: Path | None,
    train_too: bool,
    progress: Progress,
) -> Findings:
    """All that is measured of the drawings in ``folders``, else of one for each of ``seeds``.

    With ``runs`` the reference's runs below it are looked at, after making them if ``train_too``.
    Raises InputError for a folder that is no drawing of the phantom.
    """
    found, registry = Findings(), discover()
    with tempfile.TemporaryDirectory() as place:

        def drawn(seed: int, profile: str, options: PhantomOptions) -> Path:
            folder = Path(place, f"{profile}-{seed}-{options.gap:g}")
            with progress.bar(f"drawing, seed {seed}, gap {options.gap:g}") as bar:
                return write_phantom(folder, profile, seed, options=options, progress=bar)

        places = list(folders) or [drawn(seed, profile, PhantomOptions()) for seed in seeds]
        made = [dials(folder) for folder in places] if runs is not None else []
        for folder, (_, _, options) in zip(places, made, strict=False):
            if options.gap != 1:
                raise InputError(f"{folder}: drawn with gap {options.gap:g}; --runs is for gap 1")
        for number, folder in enumerate(places):
            drawing = loaded(folder)
            measure(drawing, registry, found, progress)
            if runs is None:
                continue
            if train_too:
                train(folder, runs, registry, progress)
            seed, of, options = made[number]
            bare = loaded(drawn(seed, of, replace(options, gap=0.0)))
            measure_trained(drawing, bare, [runs], registry, found, progress)
    found.add("speed", "", draw_speed(profile, seeds[0], PhantomOptions()))
    return found


def loaded(folder: Path) -> Drawing:
    """All frames of a dataset. Raises InputError."""
    dataset = index_dataset(folder)
    return load_frames(dataset, dataset.frames)


def dials(folder: Path) -> tuple[int, str, PhantomOptions]:
    """Seed, profile and options of a drawing. Raises InputError for another folder."""
    try:
        about = tomllib.loads(read_file(folder / "dataset.toml").decode("utf-8"))
        return int(about["seed"]), str(about["profile"]), PhantomOptions(**about["options"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{folder}: not one drawing of the phantom: {error}") from error
