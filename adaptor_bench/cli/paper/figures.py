"""``bench paper figure4`` and the other figures, to PDF, SVG or PNG."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from adaptor_bench.data.frames import Dataset
    from adaptor_bench.report.figures.shots import Shot
    from adaptor_bench.report.studies import Board
    from adaptor_bench.runs import Cell, Run

__all__ = ["FIGURES"]

_RUNS = click.argument(
    "runs", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
_OPTIONS = {
    "out": click.option(
        "--out", "outs", multiple=True, required=True, type=click.Path(path_type=Path),
        help="NAME.pdf, NAME.svg or NAME.png; repeatable.",
    ),
    "dpi": click.option(
        "--dpi", type=click.IntRange(30, 1200), default=200, show_default=True,
        help="Of PNG files and of pictures within vector files.",
    ),
    "data": click.option(
        "--data", type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="The runs' dataset.  [default: the phantom they name, drawn]",
    ),
    "domain": click.option("--domain", default="all", show_default=True),
    "method": click.option(
        "--method", help="Which method of RUNS.  [default: improved_heatmap, else the first]"
    ),
    "fold": click.option("--fold", type=int, help="Default: that of --frame, or the first."),
    "frame": click.option("--frame", help="surgery/video/stem.  [default: a typical one]"),
    "device": click.option("--device", default="auto", show_default=True),
}  # fmt: skip


def _figure(name: str, *options: str) -> Callable[[Callable[..., Figure]], click.Command]:
    """A command that draws with the decorated function and writes to every --out."""

    def make(draw: Callable[..., Figure]) -> click.Command:
        def run(runs: tuple[Path, ...], outs: tuple[Path, ...], dpi: int, **given: Any) -> None:
            from adaptor_bench.errors import UsageError
            from adaptor_bench.report.figures.canvas import FORMATS, save

            for out in outs:
                if out.suffix.removeprefix(".").lower() not in FORMATS:
                    raise UsageError(f"{out}: not one of .{', .'.join(FORMATS)}")
            figure = draw(runs, **given)
            for out in outs:
                save(figure, out, dpi)
                click.echo(out, err=True)

        for option in reversed(("out", "dpi", *options)):
            run = _OPTIONS[option](run)
        command = click.command(name, help=draw.__doc__)(_RUNS(run))
        FIGURES[name] = command
        return command

    return make


FIGURES: dict[str, click.Command] = {}


@_figure("figure4", "data", "domain", "method", "fold", "frame", "device")
def _figure4(runs: Sequence[Path], **given: Any) -> Figure:
    """The predicted heatmap laid over its frame."""
    from adaptor_bench.report.figures.frames import heatmap_on_frame

    shot, stages = _staged(runs, **given)
    return heatmap_on_frame(shot, stages, given["frame"] is None)


@_figure("figure5", "data", "domain", "method", "fold", "frame", "device")
def _figure5(runs: Sequence[Path], **given: Any) -> Figure:
    """Input, predicted heatmap, threshold, opening, cutting; what each step changed."""
    from adaptor_bench.report.figures.frames import decoding_steps

    shot, stages = _staged(runs, **given)
    return decoding_steps(shot, stages, given["frame"] is None)


@_figure("figure6", "data", "domain", "method")
def _figure6(runs: Sequence[Path], data: Path | None, domain: str, method: str | None) -> Figure:
    """Points found (TP), invented (FP) and missed (FN), on frames of every domain."""
    from adaptor_bench.data.frames import in_order
    from adaptor_bench.report.figures.frames import detections
    from adaptor_bench.report.figures.shots import chosen_frames, shoot

    found = _runs_of_method(runs, method, domain)
    dataset = _dataset(found, data)
    rows = []
    for name in in_order({run.domain for run in found}):
        here = sorted((r for r in found if r.domain == name), key=lambda r: (r.seed, r.fold))
        first = [run for run in here if run.seed == here[0].seed][:2]
        per_run = 2 if len(first) == 1 else 1
        rows.append([s for run in first for s in shoot(run, dataset, chosen_frames(run, per_run))])
    return detections(rows)


@_figure("radius", "data", "domain")
def _radius(runs: Sequence[Path], data: Path | None, domain: str) -> Figure:
    """F1 against the matching radius, 1 to 15 px."""
    from adaptor_bench.report.figures.charts import radius_curves
    from adaptor_bench.report.figures.numbers import RADII, curves_by_fold
    from adaptor_bench.report.figures.shots import provenance

    cells = _complete(runs, domain)
    dataset = _dataset([cell.example for cells in cells.values() for cell in cells.values()], data)
    curves = {
        name: {method: curves_by_fold(cell, dataset) for method, cell in found.items()}
        for name, found in cells.items()
    }
    return radius_curves(RADII, curves, provenance(_all_runs(cells)))


@_figure("scatter", "domain")
def _scatter(runs: Sequence[Path], domain: str) -> Figure:
    """Precision against sensitivity per fold, with lines of equal F1."""
    from adaptor_bench.report.figures.charts import precision_sensitivity
    from adaptor_bench.report.figures.numbers import points_by_fold
    from adaptor_bench.report.figures.shots import provenance

    boards = _boards(runs, domain)
    points = {board.domain: points_by_fold(board.study.tally) for board in boards}
    return precision_sensitivity(points, provenance(_all_runs(_complete(runs, domain))))


@_figure("forest", "domain")
def _forest(runs: Sequence[Path], domain: str) -> Figure:
    """F1 of every surgery with its interval, and the mean over folds."""
    from adaptor_bench.report.figures.charts import forest
    from adaptor_bench.report.figures.numbers import surgery_estimates
    from adaptor_bench.report.figures.shots import provenance

    rows = {board.domain: surgery_estimates(board) for board in _boards(runs, domain)}
    return forest(rows, provenance(_all_runs(_complete(runs, domain))))


@_figure("translated", "data", "method", "fold", "device")
def _translated(
    runs: Sequence[Path], data: Path | None, method: str | None, fold: int | None, device: str
) -> Figure:
    """Simulator frames beside their translations, by the CycleGAN of an intraop fold."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from adaptor_bench.data.frames import DOMAINS
    from adaptor_bench.data.images import read_image
    from adaptor_bench.errors import InputError
    from adaptor_bench.predict import load_method
    from adaptor_bench.registry import discover
    from adaptor_bench.report.figures.frames import translations
    from adaptor_bench.report.figures.shots import provenance
    from adaptor_bench.train.device import resolve_device
    from adaptor_bench.translate import translated

    source, target = DOMAINS
    run = _one(_runs_of_method(runs, method, target), fold)
    dataset = _dataset([run], data)
    if source not in dataset.frames:
        raise InputError(f"{dataset.root}: no {source} frames to translate")
    firsts = {frame.surgery: frame for frame in reversed(dataset.domain(source))}
    surgeries = sorted(firsts)
    frames = [firsts[s] for s in surgeries[:: max(1, len(surgeries) // 4)]][:4]
    loaded = load_method(run.path, discover())
    done = translated(loaded, frames, target, resolve_device(device), _quiet)
    pairs = [(frame.key, read_image(frame.image), image) for frame, image in done]
    lines = ["The first frame of every few surgeries.", *provenance([run])]
    return translations(pairs, source, target, lines)


def _staged(
    runs: Sequence[Path],
    data: Path | None,
    domain: str,
    method: str | None,
    fold: int | None,
    frame: str | None,
    device: str,
) -> tuple[Shot, Any]:
    """One frame of one run, and how the method came to its points there."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from adaptor_bench.errors import InputError
    from adaptor_bench.method import StepByStep
    from adaptor_bench.predict import load_method, read_pixels
    from adaptor_bench.registry import discover
    from adaptor_bench.report.figures.shots import chosen_frames, shoot
    from adaptor_bench.train.device import resolve_device

    found = _runs_of_method(runs, method, domain)
    if frame is not None and fold is None:
        found = [r for r in found if frame.split("/", 1)[0] in r.validation] or found
    run = _one(found, fold)
    dataset = _dataset([run], data)
    (shot,) = shoot(run, dataset, chosen_frames(run, 1, frame))
    loaded = load_method(run.path, discover())
    if not isinstance(loaded, StepByStep):
        raise InputError(f"{run.path}: {run.method} draws no heatmaps")
    pixels = read_pixels(shot.frame, loaded.input_size)
    return shot, next(iter(loaded.stages([pixels], resolve_device(device))))


def _one(found: Sequence[Run], fold: int | None) -> Run:
    """The run of the lowest seed, of this fold or the first; intraop before sim."""
    from adaptor_bench.errors import UsageError

    here = [run for run in found if fold in (None, run.fold)]
    if not here:
        raise UsageError(f"no finished run of fold {fold}")
    return min(here, key=lambda r: (r.domain != "intraop", r.seed, r.fold))


def _runs_of_method(roots: Sequence[Path], method: str | None, domain: str) -> list[Run]:
    from adaptor_bench.errors import InputError, UsageError, suggest
    from adaptor_bench.runs import find_runs

    found = find_runs(roots)
    if not found:
        raise InputError(f"{', '.join(map(str, roots))}: no finished run found")
    methods = sorted({run.method for run in found})
    wanted = method or ("improved_heatmap" if "improved_heatmap" in methods else methods[0])
    here = [r for r in found if r.method == wanted and domain in ("all", r.domain)]
    if not here:
        known = [run.domain for run in found] if wanted in methods else methods
        word = domain if wanted in methods else wanted
        raise UsageError(f"no finished run of {word!r}", hint=suggest(word, set(known)))
    return here


def _dataset(found: Sequence[Run], data: Path | None) -> Dataset:
    """The frames of these runs: --data, or the phantom they name."""
    from adaptor_bench.data.default import cached_phantom
    from adaptor_bench.data.frames import index_dataset
    from adaptor_bench.errors import UsageError
    from adaptor_bench.progress import Progress

    named = {(run.dataset["name"], run.dataset["kind"]) for run in found}
    if len(named) > 1:
        raise UsageError("these runs are of several datasets", hint="Give runs of one of them.")
    ((name, kind),) = named
    if data is None:
        profile = name.removeprefix("phantom-")
        if kind != "phantom" or profile not in ("tiny", "mini", "paper"):
            raise UsageError(f"the frames of {name!r} are needed", hint="Give --data DIR.")
        data = cached_phantom(profile, Progress())
    return index_dataset(data)


def _boards(roots: Sequence[Path], domain: str) -> list[Board]:
    """Studies of the boards, sim first; of one dataset and profile."""
    from adaptor_bench.errors import InputError, UsageError
    from adaptor_bench.report.studies import studies_of
    from adaptor_bench.runs import find_runs, group_cells

    found = [run for run in find_runs(roots) if domain in ("all", run.domain)]
    boards = studies_of(group_cells(found))
    if not boards:
        raise InputError(
            "no method with all its folds", hint="`bench leaderboard` says what lacks."
        )
    if len({(board.dataset, board.profile) for board in boards}) > 1:
        raise UsageError(
            "these runs are of several datasets or profiles", hint="Give runs of one of them."
        )
    return boards


def _complete(roots: Sequence[Path], domain: str) -> dict[str, dict[str, Cell]]:
    """Domain to method to its runs, complete methods only, in the order of the ranking."""
    from adaptor_bench.report.board import distinct_names
    from adaptor_bench.runs import find_runs, group_cells

    boards = _boards(roots, domain)
    cells = group_cells([r for r in find_runs(roots) if domain in ("all", r.domain)])
    result: dict[str, dict[str, Cell]] = {}
    for board in boards:
        here = [cell for cell in cells if cell.example.domain == board.domain]
        names = dict(zip(distinct_names([c.example for c in here]), here, strict=True))
        result[board.domain] = {method: names[method] for method in board.study.methods}
    return result


def _all_runs(cells: dict[str, dict[str, Cell]]) -> list[Run]:
    return [r for found in cells.values() for cell in found.values() for r, _ in cell.pairs()]


def _quiet(done: int, total: int, note: str = "") -> None:
    pass
