"""Is a drawing of the phantom hard for the right reasons? All that is asked of it, measured.

Without a trained detector that takes less than a minute of CPU time a drawing of ``mini``.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.artefacts import ArtefactStore
from adaptor_bench.audit.aims import Findings
from adaptor_bench.data.check import DomainFrames, LoadedFrame
from adaptor_bench.data.folds import plan_folds
from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.matching.match import match_frames
from adaptor_bench.method import FoldTask, Pixels
from adaptor_bench.phantom import PhantomOptions, PhantomSurgery, frames_of
from adaptor_bench.phantom.acceptance import (
    DARK,
    anywhere,
    centre_depths,
    mean_colour,
    nearest_neighbours,
)
from adaptor_bench.progress import Progress
from adaptor_bench.registry import Registry
from adaptor_bench.scoring.metrics import Counts, f1
from adaptor_bench.stages.ceiling import Decoding, perfect_points

Drawing = Mapping[str, DomainFrames]
Points = NDArray[np.float64]
_A_SURGERY = 8  # frames of a surgery that ceilings are measured on


def measure(drawing: Drawing, registry: Registry, found: Findings, progress: Progress) -> None:
    """Add to ``found`` all that can be measured of one drawing without a trained detector."""
    for domain, loaded in drawing.items():
        frames = loaded.frames
        away = nearest_neighbours(f.points for f in frames)
        if len(away):
            found.add("spacing", domain, float(np.median(away)))
            for px in (12, 9, 6):
                found.add(f"within_{px}", domain, 100 * float(np.mean(away < px)))
        rng = np.random.default_rng(0)
        depths = np.concatenate([centre_depths(f.image, f.points) for f in frames])
        if len(depths):
            found.add("dark", domain, 100 * float(np.mean(depths > DARK)))
            found.add("depth", domain, float(np.median(depths)))
        chance = [centre_depths(f.image, anywhere(rng, 10, f.size)) for f in frames]
        found.add("dark_anywhere", domain, 100 * float(np.mean(np.concatenate(chance) > DARK)))
        surgeries = by_surgery(frames)
        colours = [mean_colour([f.image for f in group]) for group in surgeries.values()]
        for key, values in zip(("light", "red", "yellow"), zip(*colours, strict=True), strict=True):
            found.add(key, domain, *values)
    for key in ("colour", "template"):
        _floors(key, drawing, registry, found, progress)
    _ceilings(drawing, registry, found, progress)


def draw_speed(profile: str, seed: int, options: PhantomOptions, frames: int = 6) -> float:
    """Frames a second of CPU time: ``frames`` of two surgeries a domain, files not counted."""
    spent = count = 0.0
    for surgery in ("aicm1", "aicm8", "aicm11", "aicm14"):
        drawn = PhantomSurgery(surgery, frames_of(profile, surgery), seed, options=options)
        began = time.process_time()
        for index in np.linspace(0, drawn.frames - 1, min(frames, drawn.frames)).astype(int):
            drawn.frame(int(index))
            count += 1
        spent += time.process_time() - began
    return count / spent


def by_surgery(frames: Sequence[LoadedFrame]) -> dict[str, list[LoadedFrame]]:
    """Surgery to its frames, in order."""
    groups: dict[str, list[LoadedFrame]] = {}
    for loaded in frames:
        groups.setdefault(loaded.frame.surgery, []).append(loaded)
    return groups


def thinned(frames: Sequence[LoadedFrame], most: int) -> list[LoadedFrame]:
    """At most ``most`` frames of every surgery, evenly spread."""
    return [
        group[number]
        for group in by_surgery(frames).values()
        for number in np.linspace(0, len(group) - 1, min(most, len(group))).round().astype(int)
    ]


def pooled_f1(found: Sequence[Points], frames: Sequence[LoadedFrame]) -> float:
    """F1 in percent of points (N, 2) over all frames together, one to one within 6 px."""
    batches = PointBatch.from_frames(found), PointBatch.from_frames([f.points for f in frames])
    pairs = match_frames(*batches)
    return 100 * f1(Counts(int(pairs.tp.sum()), int(pairs.fp.sum()), int(pairs.fn.sum())))


def _floors(
    key: str, drawing: Drawing, registry: Registry, found: Findings, progress: Progress
) -> None:
    """In every fold of a domain, fitted on its other surgeries; and fitted on the other domain."""
    spec = registry.get(key)
    method = spec.build(spec.resolve("quick"))
    with tempfile.TemporaryDirectory() as folder, progress.bar(key) as bar:
        store = ArtefactStore(Path(folder))

        def learnt_from(frames: Sequence[LoadedFrame], domain: str) -> FoldTask:
            task = FoldTask(domain, tuple(frames), (), {}, "", 0, "cpu", store, progress)
            method.fit(task)
            return task

        def reached(task: FoldTask, frames: Sequence[LoadedFrame]) -> float:
            pixels = [Pixels.of(f) for f in frames]
            return pooled_f1([p.points for p in method.predict(pixels, task)], frames)

        folds = {}
        for domain, loaded in drawing.items():
            counts = {surgery: len(group) for surgery, group in by_surgery(loaded.frames).items()}
            folds[domain] = plan_folds(counts, domain).folds if len(counts) > 1 else ()
        total = sum(len(of) for of in folds.values()) + (len(drawing) if key == "template" else 0)
        done = 0
        for domain, loaded in drawing.items():
            scores = []
            for fold in folds[domain]:
                task = learnt_from(loaded.of(fold.train), domain)
                scores.append(reached(task, loaded.of(fold.validation)))
                bar(done := done + 1, total)
            if scores:
                found.add(key, domain, float(np.mean(scores)))
        for domain, loaded in drawing.items() if key == "template" else ():
            others = [f for name, of in drawing.items() if name != domain for f in of.frames]
            if others:
                score = reached(learnt_from(others, domain), loaded.frames)
                found.add("template_other", domain, score)
            bar(done := done + 1, total)


def _ceilings(drawing: Drawing, registry: Registry, found: Findings, progress: Progress) -> None:
    """Perfect maps: through peaks, then through what every method has, with and without cutting."""
    oracle = registry.get("oracle")
    peaks: Any = oracle.build(oracle.resolve("quick"))
    parts: list[tuple[str, Decoding]] = [("peaks", peaks)]
    parts += [(f"F1 of perfect maps, {title}", part) for title, part in decodings(registry)]
    with progress.bar("perfect maps") as bar:
        for done, (check, detector) in enumerate(parts, 1):
            for domain, loaded in drawing.items():
                frames = thinned(loaded.frames, _A_SURGERY)
                points = [perfect_points(detector, f.points, f.size)[0] for f in frames]
                found.add(check, domain, pooled_f1(points, frames))
            bar(done, len(parts))


def decodings(registry: Registry) -> list[tuple[str, Decoding]]:
    """Title and parts of every kernel and decoder that a method has in ``quick`` or ``paper``,
    once each; where a decoder cuts, without the cut as well."""
    names: dict[str, str] = {}
    made: dict[str, Decoding] = {}
    for profile in ("quick", "paper"):
        for spec in registry.methods.values():
            if spec.card.role or "target" not in (values := spec.resolve(profile)):
                continue
            detector = spec.build(values)
            if not isinstance(detector, Decoding):
                continue
            for part, suffix in _with_and_without_cut(detector):
                key = repr((part.input_size, part.target, part.decode))
                made.setdefault(key, part)
                names.setdefault(key, spec.name + (profile == "paper") * f" ({profile})" + suffix)
    return [(names[key], part) for key, part in made.items()]


def _with_and_without_cut(detector: Decoding) -> Iterator[tuple[Decoding, str]]:
    decode: Any = detector.decode
    if not hasattr(decode, "cut"):
        yield detector, ""
        return
    for cut in (True, False):
        changed: Any = replace(detector, decode=replace(decode, cut=cut))  # type: ignore[type-var]
        yield changed, "" if cut else ", not cut"
