"""``ab.methods``, ``ab.register`` and ``ab.run``: train and score methods as ``bench run`` does."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adaptor_bench.api.datasets import dataset_folder
from adaptor_bench.api.results import Paths, Results, load_results, paths_of
from adaptor_bench.errors import TrainingError, UsageError
from adaptor_bench.extras import require
from adaptor_bench.matching.settings import RADIUS, MatchSettings
from adaptor_bench.methodspec import MethodSpec, resolve_all
from adaptor_bench.registry import discover, method
from adaptor_bench.trackers import TRACKERS, require_trackers

if TYPE_CHECKING:
    from adaptor_bench.harness import Bench
    from adaptor_bench.harness.telling import Teller
    from adaptor_bench.progress import Progress

register = method  # what `@method` is in a file of methods
EMBEDDED = {"smoke": "phantom-tiny", "quick": "phantom-mini", "paper": "phantom-paper"}
"""The dataset of each profile where none is given."""


def methods(methods_from: Paths = ()) -> dict[str, MethodSpec]:
    """The registered methods by name; nothing heavy is loaded.

    ``methods_from`` are folders with more method files, whose code is run. A method has a
    ``card`` (title, paper), and ``resolve(profile)`` gives its parameters.

    >>> import adaptor_bench as ab
    >>> "improved_heatmap/no_cutting" in ab.methods()
    True
    >>> ab.methods()["stern"].card.title
    'Stern baseline (Stern et al.)'

    Raises InputError when there is no such folder.
    """
    return discover(paths_of(methods_from)).methods


def run(
    method: str | Sequence[str],
    data: str | os.PathLike[str] | None = None,
    *,
    domain: str = "all",
    folds: int | Iterable[int] = (),
    groups: int | None = None,
    profile: str | None = None,
    out: str | os.PathLike[str] = "runs",
    seed: int = 0,
    device: str = "auto",
    set: Mapping[str, Any] | None = None,
    radius: float = RADIUS,
    matching: str = "hungarian",
    inclusive: bool | None = None,
    missing: str = "empty",
    methods_from: Paths = (),
    restart: bool = False,
    logger: str | Iterable[str] = (),
) -> Results:
    """Train and score methods on the folds of a dataset, as ``bench run`` does.

    ``data`` is a folder or the name of an embedded phantom (see ``ab.load_dataset``); None takes
    the phantom of the profile: tiny for ``smoke``, mini for ``quick``, paper for ``paper``.
    ``profile`` None is ``paper`` with a GPU, else ``quick``. ``folds`` chooses folds by number,
    all by default; ``groups`` makes that many folds, balanced by frames. ``set`` gives values to
    parameters of the methods. Finished folds are kept unless ``restart``, and handed to ``logger``,
    one or several of csv, tensorboard, mlflow, wandb, trackio. Progress goes to stderr.

    Returns the results of these folds, as ``ab.load_results`` does.

    Raises UsageError for what does not exist or does not fit, InputError for bad data and for
    finished folds that were run otherwise, TrainingError when folds failed; the others are kept.
    """
    bench = prepare(
        [method] if isinstance(method, str) else method,
        data,
        domain=domain,
        folds=(folds,) if isinstance(folds, int) else tuple(folds),
        groups=groups,
        profile=profile,
        out=Path(out),
        seed=seed,
        device=device,
        settings=set or {},
        matching=MatchSettings(matching, radius, inclusive, missing),
        methods_from=paths_of(methods_from),
        restart=restart,
        loggers=_loggers(logger),
    )
    if failed := bench.run():
        from adaptor_bench.harness.failures import summary

        raise TrainingError(
            summary(failed, len(bench.cells)), hint=f"Finished folds are kept in {bench.root}."
        )
    return load_results(cell.directory for cell in bench.cells)


def _loggers(given: str | Iterable[str]) -> tuple[str, ...]:
    names = (given,) if isinstance(given, str) else tuple(given)
    for name in names:
        if name not in TRACKERS:
            raise UsageError(
                f"there is no logger {name!r}", hint=f"There are {', '.join(TRACKERS)}."
            )
    return names


def prepare(
    methods: Iterable[str],
    data: str | os.PathLike[str] | None,
    *,
    domain: str,
    profile: str | None,
    settings: Mapping[str, Any],
    methods_from: Iterable[Path],
    progress: Progress | None = None,
    teller: Teller | None = None,
    shard: tuple[int, int] | None = None,
    **request: Any,
) -> Bench:
    """The bench that is ready to run, wrong usage told before anything is drawn or read.

    ``request`` is the rest of a ``harness.RunRequest``; ``progress`` and ``teller`` take what would
    else be told on stderr; ``shard`` (i, n) leaves every n-th cell, from the i-th on.
    """
    # Threads that spin while they wait make a run many times slower beside another busy program.
    # Read when torch is loaded, hence before anything imports it.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from adaptor_bench.data.frames import index_dataset
    from adaptor_bench.harness import Bench, RunRequest, requested_domains
    from adaptor_bench.progress import Progress
    from adaptor_bench.train.gpu import certainly_cpu

    registry = discover(methods_from)
    specs = tuple(registry.get(name) for name in dict.fromkeys(methods))
    require("train", "runs")
    require_trackers(request.get("loggers", ()))
    for spec in specs:
        if spec.card.extra:
            require(spec.card.extra, f"runs of {spec.name!r}")
    if profile is None:
        profile = "quick"
        if not certainly_cpu(request["device"]):
            from adaptor_bench.train.device import resolve_device

            profile = "paper" if resolve_device(request["device"]).startswith("cuda") else "quick"
    with registry.told_of(settings):
        resolve_all(specs, profile, settings)
    dataset = index_dataset(dataset_folder(EMBEDDED[profile] if data is None else data))
    domains = requested_domains(dataset, domain)
    asked = RunRequest(specs, domains, profile, dict(settings), **request)
    return Bench(dataset, asked, progress or Progress(lines=True), teller, shard)
