"""``bench paper figure4`` and the other figures, to PDF, SVG or PNG."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adaptor_bench.progress import message

if TYPE_CHECKING:
    from adaptor_bench.figures.canvas import Figure

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
    "methods_from": click.option(
        "--methods-from", type=click.Path(path_type=Path), multiple=True,
        help="More method files; repeatable.",
    ),
}  # fmt: skip
_ONE_FRAME = ("data", "domain", "method", "fold", "frame", "device", "methods_from")


def _figure(name: str, *options: str) -> Callable[[Callable[..., Figure]], click.Command]:
    """A command that draws with the decorated function and writes to every --out."""

    def make(draw: Callable[..., Figure]) -> click.Command:
        def run(runs: tuple[Path, ...], outs: tuple[Path, ...], dpi: int, **given: Any) -> None:
            from adaptor_bench.errors import UsageError
            from adaptor_bench.figures.canvas import FORMATS, require_matplotlib, save

            require_matplotlib()
            for out in outs:
                if out.suffix.removeprefix(".").lower() not in FORMATS:
                    raise UsageError(f"{out}: not one of .{', .'.join(FORMATS)}")
            figure = draw(runs, **given)
            for out in outs:
                save(figure, out, dpi)
                message(str(out))

        for option in reversed(("out", "dpi", *options)):
            run = _OPTIONS[option](run)
        command = click.command(name, help=draw.__doc__)(_RUNS(run))
        FIGURES[name] = command
        return command

    return make


FIGURES: dict[str, click.Command] = {}


@_figure("figure4", *_ONE_FRAME)
def _figure4(runs: Sequence[Path], **given: Any) -> Figure:
    """The predicted heatmap laid over its frame."""
    from adaptor_bench.figures.frames import heatmap_on_frame

    return heatmap_on_frame(*_staged(runs, **given), given["frame"] is None)


@_figure("figure5", *_ONE_FRAME)
def _figure5(runs: Sequence[Path], **given: Any) -> Figure:
    """Input, predicted heatmap, threshold, opening, cutting; what each step changed."""
    from adaptor_bench.figures.frames import decoding_steps

    return decoding_steps(*_staged(runs, **given), given["frame"] is None)


@_figure("figure6", "data", "domain", "method")
def _figure6(runs: Sequence[Path], **given: Any) -> Figure:
    """Points found (TP), invented (FP) and missed (FN), on frames of every domain."""
    from adaptor_bench.figures.drawn import detections_of

    return detections_of(runs, **given)


@_figure("radius", "data", "domain")
def _radius(runs: Sequence[Path], **given: Any) -> Figure:
    """F1 against the matching radius, 1 to 15 px."""
    from adaptor_bench.figures.drawn import radius_curves_of

    return radius_curves_of(runs, **given)


@_figure("scatter", "domain")
def _scatter(runs: Sequence[Path], domain: str) -> Figure:
    """Precision against sensitivity per fold, with lines of equal F1."""
    from adaptor_bench.figures.drawn import scatter_of

    return scatter_of(runs, domain)


@_figure("forest", "domain")
def _forest(runs: Sequence[Path], domain: str) -> Figure:
    """F1 of every surgery with its interval, and the mean over folds."""
    from adaptor_bench.figures.drawn import forest_of

    return forest_of(runs, domain)


@_figure("translated", "data", "method", "fold", "device", "methods_from")
def _translated(
    runs: Sequence[Path], device: str, methods_from: Sequence[Path], **given: Any
) -> Figure:
    """Simulator frames beside their translations, by the CycleGAN of an intraop fold."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from adaptor_bench.data.images import read_image
    from adaptor_bench.data.layout import DOMAINS
    from adaptor_bench.figures.drawn import frames_to_translate
    from adaptor_bench.figures.frames import translations
    from adaptor_bench.figures.shots import provenance
    from adaptor_bench.harness.predict import load_method
    from adaptor_bench.harness.translate import translated
    from adaptor_bench.registry import discover
    from adaptor_bench.train.device import resolve_device

    source, target = DOMAINS
    run, frames = frames_to_translate(runs, **given)
    loaded = load_method(run.path, discover(methods_from))
    done = translated(loaded, frames, target, resolve_device(device), _quiet)
    pairs = [(frame.key, read_image(frame.image), image) for frame, image in done]
    lines = ["The first frame of every few surgeries.", *provenance([run])]
    return translations(pairs, source, target, lines)


def _staged(
    runs: Sequence[Path], device: str, methods_from: Sequence[Path], **given: Any
) -> tuple[Any, Any]:
    """One frame of one run, and how the method came to its points there."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from adaptor_bench.figures.drawn import single_shot
    from adaptor_bench.harness.predict import staged
    from adaptor_bench.registry import discover
    from adaptor_bench.train.device import resolve_device

    shot = single_shot(runs, **given)
    registry = discover(methods_from)
    return shot, staged(shot.run.path, shot.frame, registry, resolve_device(device))


def _quiet(done: int, total: int, note: str = "") -> None:
    pass
