"""Which runs a figure is of, and the frames they were scored on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from adaptor_bench.data.frames import Dataset, index_dataset
from adaptor_bench.errors import UsageError, suggest
from adaptor_bench.figures.scored import ScoredFrame, read_scored, typical_frames
from adaptor_bench.phantom.default import cached_phantom, embedded_profile
from adaptor_bench.progress import Progress
from adaptor_bench.results.runs import Run, runs_below
from adaptor_bench.stages.protocols import Decoded

ONE_FRAME = ("data", "domain", "method", "fold", "frame", "device", "methods_from")
"""The options that :func:`one_staged` takes."""


def runs_of_method(roots: Sequence[Path], method: str | None, domain: str) -> list[Run]:
    """Finished runs of one method: the one named, else improved_heatmap, else the first.

    ``domain`` is a domain's name or ``all``. Raises InputError when nothing is finished below
    ``roots``, UsageError when nothing of this method or domain is.
    """
    runs = runs_below(roots)
    methods = sorted({run.method for run in runs})
    wanted = method or ("improved_heatmap" if "improved_heatmap" in methods else methods[0])
    here = [r for r in runs if r.method == wanted and domain in ("all", r.domain)]
    if not here:
        known = [run.domain for run in runs] if wanted in methods else methods
        word = domain if wanted in methods else wanted
        raise UsageError(f"no finished run of {word!r}", hint=suggest(word, set(known)))
    return here


def one_run(runs: Sequence[Run], fold: int | None, frame: str | None = None) -> Run:
    """The run of the lowest seed, of this fold or the first; intraop before sim.

    Without a fold, one that was validated on the surgery of ``frame`` (surgery/video/stem) if any
    was. Raises UsageError.
    """
    if frame is not None and fold is None:
        runs = [r for r in runs if frame.split("/", 1)[0] in r.validation] or runs
    here = [run for run in runs if fold in (None, run.fold)]
    if not here:
        raise UsageError(f"no finished run of fold {fold}")
    return min(here, key=lambda r: (r.domain != "intraop", r.seed, r.fold))


def dataset_of(runs: Sequence[Run], data: Path | None) -> Dataset:
    """The frames of these runs: below ``data``, or the phantom they name. Raises UsageError."""
    named = {(run.dataset["name"], run.dataset["kind"]) for run in runs}
    if len(named) > 1:
        raise UsageError("these runs are of several datasets", hint="Choose runs of one of them.")
    ((name, kind),) = named
    if data is None:
        profile = embedded_profile(name, kind)
        if profile is None:
            raise UsageError(f"the frames of {name!r} are needed", hint="Use --data DIR.")
        data = cached_phantom(profile, Progress())
    return index_dataset(data)


def one_staged(
    roots: Sequence[Path],
    data: Path | None,
    domain: str,
    method: str | None,
    fold: int | None,
    frame: str | None,
    device: str,
    methods_from: Sequence[Path],
) -> tuple[ScoredFrame, Decoded]:
    """One frame of one run, ``frame`` (surgery/video/stem) or a typical one, and how the method
    came to its points there. Raises InputError or UsageError."""
    from adaptor_bench.harness.predict import staged
    from adaptor_bench.registry import discover
    from adaptor_bench.train.device import resolve_device

    run = one_run(runs_of_method(roots, method, domain), fold, frame)
    (shown,) = read_scored(run, dataset_of([run], data), typical_frames(run, 1, frame))
    return shown, staged(run.path, shown.frame, discover(methods_from), resolve_device(device))
