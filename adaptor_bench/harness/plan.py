"""What a run consists of: one cell for each fold of each method in each domain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adaptor_bench.data.folds import Fold, FoldPlan
from adaptor_bench.data.frames import Dataset
from adaptor_bench.data.images import image_size
from adaptor_bench.data.pixels import MOST
from adaptor_bench.data.sizes import widening
from adaptor_bench.errors import InputError
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.methodspec import MethodSpec


@dataclass(frozen=True)
class RunRequest:
    """What ``bench run`` was asked for. ``folds`` empty: all; ``groups``: K balanced folds;
    ``threads`` of a fold's training, None: one on the CPU, as many as torch likes beside a GPU;
    ``devices`` is how many a fold's network is trained on at a time; ``artefacts`` is where trained
    parts are kept, None: beside the results; ``loggers`` are the experiment trackers that finished
    folds are handed to; ``frame_memory`` is how many MiB of pixels are kept, by all workers
    together, the others are read again when they are needed."""

    methods: tuple[MethodSpec, ...]
    domains: tuple[str, ...]
    profile: str
    settings: dict[str, Any]
    folds: tuple[int, ...] = ()
    groups: int | None = None
    seed: int = 0
    device: str = "auto"
    threads: int | None = None
    devices: int = 1
    out: Path = Path("runs")
    artefacts: Path | None = None
    restart: bool = False
    matching: MatchSettings = field(default_factory=MatchSettings)
    loggers: tuple[str, ...] = ()
    frame_memory: int = MOST


@dataclass(frozen=True, eq=False)
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


def requested_domains(dataset: Dataset, domain: str) -> tuple[str, ...]:
    """``all``: every domain of the dataset; else the one named. Raises UsageError."""
    if domain == "all":
        return tuple(dataset.frames)
    dataset.domain(domain)
    return (domain,)


def _widening(dataset: Dataset, request: RunRequest) -> float:
    """By the first frame there is; one that cannot be read is told when all are."""
    frame = next(f for domain in request.domains for f in dataset.frames[domain])
    try:
        return widening(request.matching.radius, image_size(frame.image))
    except InputError:
        return 1.0


def cells_of(dataset: Dataset, request: RunRequest) -> Iterator[Cell]:
    """The cells of a request, method by method. Raises UsageError for a fold that is nowhere."""
    plans = {d: dataset.fold_plan(d, request.groups) for d in request.domains}
    for number in request.folds:
        if not any(number == f.number for plan in plans.values() for f in plan.folds):
            next(iter(plans.values())).fold(number)
    for spec in request.methods:
        wider = _widening(dataset, request) if spec.follows_radius else 1.0
        parameters = spec.resolve(request.profile, request.settings, wider)
        for domain, plan in plans.items():
            for fold in plan.folds:
                if not request.folds or fold.number in request.folds:
                    place = Path(spec.name, domain, f"fold_{fold.number}")
                    directory = request.out / dataset.name / place
                    yield Cell(spec, parameters, domain, plan, fold, directory)
