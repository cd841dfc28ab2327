"""Method x domain x fold -> run directory.

``<out>/<dataset>/<method>/<domain>/fold_<k>/`` holds ``run.json`` (what was run),
``predictions/`` (challenge JSON), ``score.json`` (counts and pairs per frame) and the checkpoint.
It is complete or it is not there. A finished fold is not repeated; a killed command loses at most
the fold in progress.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import adaptor_bench
from adaptor_bench.artefacts import ArtefactStore
from adaptor_bench.atomic import atomic_directory, remove_abandoned, write_json
from adaptor_bench.bounded import read_json
from adaptor_bench.data.check import DomainFrames, load_frames
from adaptor_bench.data.folds import Fold, FoldPlan, inner_split, plan_folds
from adaptor_bench.data.frames import Dataset
from adaptor_bench.data.images import resize_image
from adaptor_bench.data.sizes import count_sizes
from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.evaluate.score import MatchSettings, score
from adaptor_bench.method import FoldTask, Method, Pixels
from adaptor_bench.predict import write_prediction
from adaptor_bench.progress import Progress, message
from adaptor_bench.provenance import versions
from adaptor_bench.registry import MethodSpec

__all__ = ["Bench", "Cell", "RunRequest", "requested_domains"]

RUN_SCHEMA = 1


@dataclass(frozen=True)
class RunRequest:
    """What ``bench run`` was asked for. ``folds`` empty: all; ``groups``: K balanced folds."""

    methods: tuple[MethodSpec, ...]
    domains: tuple[str, ...]
    profile: str
    settings: dict[str, Any]
    folds: tuple[int, ...] = ()
    groups: int | None = None
    seed: int = 0
    device: str = "auto"
    out: Path = Path("runs")
    restart: bool = False
    matching: MatchSettings = field(default_factory=MatchSettings)


@dataclass(frozen=True)
class Cell:
    """One fold of one method in one domain."""

    spec: MethodSpec
    parameters: dict[str, Any]
    domain: str
    plan: FoldPlan
    fold: Fold
    directory: Path

    @property
    def title(self) -> str:
        """For progress and messages."""
        return f"{self.spec.name} {self.domain} fold {self.fold.number}"


class Bench:
    """Runs the cells of one request on one dataset, one after the other."""

    def __init__(self, dataset: Dataset, request: RunRequest, progress: Progress) -> None:
        self.dataset = dataset
        self.request = request
        self.progress = progress
        self.root = request.out / dataset.name
        self.store = ArtefactStore(self.root / "artefacts", fresh=request.restart)
        self.cells = list(self._cells())
        self.threads = 0
        self._loaded: dict[tuple[int, int] | None, dict[str, DomainFrames]] = {}

    def run(self) -> None:
        """Run what is not finished yet.

        Raises InputError, before anything is trained, for bad frames or labels, and for run
        directories that hold something else than what is asked for now.
        """
        from adaptor_bench.train.device import resolve_device, threads

        device = resolve_device(self.request.device)
        self.threads = threads()
        methods = {c.spec.name: c.spec.build(c.parameters) for c in self.cells}
        needed = {c.domain for c in self.cells}
        for cell in self.cells:
            needed.update(self._others(cell, methods[cell.spec.name]))
        for method in methods.values():
            self._load(method.input_size, sorted(needed))
        self._refuse_other_results(device)
        remove_abandoned(self.store.root)
        for number, cell in enumerate(self.cells, start=1):
            remove_abandoned(cell.directory.parent)
            if cell.directory.exists() and not self.request.restart:
                message(f"{cell.title}: already finished, kept")
                continue
            label = f"[{number}/{len(self.cells)}] {cell.title}"
            self._run_cell(cell, methods[cell.spec.name], device, self.progress.labelled(label))

    def _cells(self) -> Iterator[Cell]:
        request = self.request
        plans = {
            d: plan_folds(self.dataset.surgeries(d), d, request.groups) for d in request.domains
        }
        for number in request.folds:
            if not any(number == f.number for plan in plans.values() for f in plan.folds):
                next(iter(plans.values())).fold(number)
        for spec in request.methods:
            parameters = spec.resolve(request.profile, request.settings)
            for domain, plan in plans.items():
                for fold in plan.folds:
                    if not request.folds or fold.number in request.folds:
                        directory = self.root / spec.name / domain / f"fold_{fold.number}"
                        yield Cell(spec, parameters, domain, plan, fold, directory)

    def _load(self, size: tuple[int, int] | None, domains: Sequence[str]) -> None:
        """Read all frames at ``size``, once per size; all problems are raised at once."""
        if size not in self._loaded:
            prepare = (lambda image: image) if size is None else partial(resize_image, size=size)
            with self.progress.bar("reading frames") as bar:
                self._loaded[size] = load_frames(
                    self.dataset, domains, prepare=prepare, progress=bar
                )

    def _others(self, cell: Cell, method: Method) -> tuple[str, ...]:
        """The other domains the method wants for this cell; never the cell's own."""
        available = [domain for domain in self.dataset.frames if domain != cell.domain]
        wanted = method.other_domains(cell.domain, available)
        foreign = sorted(set(wanted) - set(available))
        if foreign:
            raise UsageError(
                f"method {cell.spec.name!r} asks for {foreign[0]!r} beside {cell.domain!r}: "
                "it may have other domains of the dataset only",
                hint=f"Other domains: {', '.join(available) or 'none'}.",
            )
        return wanted

    def _run_cell(self, cell: Cell, method: Method, device: str, progress: Progress) -> None:
        began = time.monotonic()
        frames = self._loaded[method.input_size]
        held_back = inner_split(self.dataset.surgeries(cell.domain), cell.fold.train)
        task = FoldTask(
            domain=cell.domain,
            train=frames[cell.domain].of(set(cell.fold.train) - set(held_back)),
            selection=frames[cell.domain].of(held_back),
            others={
                other: frames[other].without(cell.fold.validation)
                for other in self._others(cell, method)
            },
            fingerprint=frames[cell.domain].fingerprint,
            seed=self.request.seed,
            device=device,
            store=self.store,
            progress=progress,
            matching=self.request.matching,
        )
        validation = frames[cell.domain].of(cell.fold.validation)
        with atomic_directory(cell.directory, replace=self.request.restart) as directory:
            method.fit(task)
            fitted = time.monotonic()
            pixels = [Pixels(f.frame.key, f.image, f.size) for f in validation]
            predictions = directory / "predictions"
            for loaded, found in zip(validation, method.predict(pixels, task), strict=True):
                write_prediction(loaded.frame, found, predictions)
            predicted = time.monotonic()
            score(predictions, [f.frame for f in validation], self.request.matching).save(
                directory / "score.json"
            )
            method.save(directory)
            record = self._record(cell, task, device, held_back)
            record["seconds"] = {
                "fit": round(fitted - began, 1),
                "predict": round(predicted - fitted, 1),
                "total": round(time.monotonic() - began, 1),
            }
            record["notes"] = task.notes
            record["frame_sizes"] = count_sizes(f.size for f in validation)
            write_json(directory / "run.json", record)

    def _record(
        self, cell: Cell, task: FoldTask, device: str, held_back: tuple[str, ...]
    ) -> dict[str, Any]:
        """What stands in run.json, but for what only running tells."""
        return {
            "schema": RUN_SCHEMA,
            "method": cell.spec.name,
            "title": cell.spec.card.title,
            "ablates": cell.spec.ablates,
            "domain": cell.domain,
            "fold": cell.fold.number,
            "folds": [f.number for f in cell.plan.folds],
            "fold_plan": {"name": cell.plan.name, "sha256": cell.plan.sha256},
            "train": list(cell.fold.train),
            "selection": list(held_back),
            "validation": list(cell.fold.validation),
            "dataset": {
                "name": self.dataset.name,
                "kind": self.dataset.kind,
                "fingerprint": task.fingerprint,
            },
            "matching": self.request.matching.to_json(),
            "profile": self.request.profile,
            "parameters": cell.parameters,
            "profile_changes": cell.spec.profile_changes(cell.parameters),
            "seed": self.request.seed,
            "device": device,
            "threads": self.threads,
            "versions": versions(),
        }

    def _refuse_other_results(self, device: str) -> None:
        """A finished fold is kept only if it is what would be run now; else say what differs."""
        if self.request.restart:
            return
        problems = []
        for cell in self.cells:
            if not cell.directory.exists():
                continue
            different = self._differences(cell, device)
            if different:
                problems.append(f"{cell.directory}: {', '.join(different)}")
        if problems:
            raise InputError.collect(
                "these folds were run differently and would be mixed with new ones:",
                problems,
                hint="Give another --out, or --restart to run them again.",
            )

    def _differences(self, cell: Cell, device: str) -> list[str]:
        try:
            old = read_json(cell.directory / "run.json")
        except InputError:
            return ["run.json is missing or damaged"]
        frames = next(iter(self._loaded.values()))[cell.domain]
        now = {
            "seed": self.request.seed,
            "profile": self.request.profile,
            "device": device,
            "fold plan": cell.plan.sha256[:12],
            "dataset": frames.fingerprint[:12],
            "adaptor_bench": adaptor_bench.__version__,
            **self.request.matching.to_json(),
        }
        before = {
            "seed": old.get("seed"),
            "profile": old.get("profile"),
            "device": old.get("device"),
            "fold plan": str(old.get("fold_plan", {}).get("sha256"))[:12],
            "dataset": str(old.get("dataset", {}).get("fingerprint"))[:12],
            "adaptor_bench": old.get("versions", {}).get("adaptor_bench"),
            **(old.get("matching") or MatchSettings().to_json()),  # once there was one way only
        }
        # JSON has no tuples: compare in JSON's own terms.
        parameters = json.loads(json.dumps(cell.parameters))
        then = old.get("parameters", {})
        for key in sorted(set(parameters) | set(then)):
            now[key], before[key] = parameters.get(key), then.get(key)
        return [f"{k} {before[k]!r}, now {now[k]!r}" for k in now if now[k] != before[k]]


def requested_domains(dataset: Dataset, domain: str) -> tuple[str, ...]:
    """``all``: every domain of the dataset; else the one named. Raises UsageError."""
    if domain == "all":
        return tuple(dataset.frames)
    dataset.domain(domain)
    return (domain,)
