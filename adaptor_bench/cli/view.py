"""``bench view``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adaptor_bench.cli import options
from adaptor_bench.cli.options import option

if TYPE_CHECKING:
    from adaptor_bench.api.scoring import PointSource


@click.command(name="view")
@click.argument("data", type=options.PATH)
@click.argument("predictions", nargs=-1, type=options.EXISTING)
@option("--with", "program", type=click.Choice(["napari", "fiftyone"]), required=True)
@options.domain
@option("--seed", type=click.IntRange(0), help="Of runs of several seeds.  [default: the lowest]")
@options.pairing_options
def command(
    data: Path,
    predictions: tuple[Path, ...],
    program: str,
    domain: str,
    seed: int | None,
    **matching: Any,
) -> None:
    """Look at DATA, a dataset or the name of a phantom, in napari or FiftyOne.

    PREDICTIONS are folders of runs, or folders or archives of predictions: every method is laid
    over the frames, its points marked as found, false or missed. Without any, labels are shown.
    Needs the extra of the program's name. FiftyOne keeps a dataset `adaptor_bench` and serves a
    page; the command ends when the window or the page is closed.
    """
    from adaptor_bench.api.datasets import load_dataset
    from adaptor_bench.errors import UsageError
    from adaptor_bench.extras import require

    require(program, "such views")
    settings = options.settings_of(**matching)
    rules = (settings.radius, settings.rule, settings.inclusive)
    frames = load_dataset(data)
    frames = frames if domain == "all" else frames.domain(domain)
    sources = _sources(predictions, None if domain == "all" else domain, seed)
    if program == "napari":
        import napari

        from adaptor_bench.api.views import napari_layers

        layers = napari_layers(frames, sources, *rules)
        try:
            viewer = napari.Viewer()
        except Exception as error:  # whatever Qt and OpenGL lack here
            raise UsageError(
                f"napari cannot open a window: {str(error).strip().partition(chr(10))[0]}",
                hint='It needs a screen with OpenGL, and Qt: pip install "adaptor-bench[napari]"',
            ) from error
        for layer in layers:
            viewer.add_layer(napari.layers.Layer.create(*layer))
        keys = layers[0][1]["metadata"]["keys"]

        def tell(_: object = None) -> None:
            viewer.title = f"{frames.name}: {keys[int(viewer.dims.current_step[0])]}"

        viewer.dims.events.current_step.connect(tell)
        viewer.dims.set_current_step(0, 0)
        tell()
        napari.run()
    else:
        import fiftyone

        from adaptor_bench.api.views import fiftyone_samples

        samples = fiftyone_samples(frames, sources, *rules)
        shown = fiftyone.Dataset("adaptor_bench", overwrite=True)
        shown.add_samples(samples)
        fiftyone.launch_app(shown).wait()


def _sources(paths: Sequence[Path], domain: str | None, seed: int | None) -> dict[str, PointSource]:
    """Methods of runs by their names, each with the points of all its folds, and other predictions
    by the names of their files."""
    from adaptor_bench.entries.packed import read_folder
    from adaptor_bench.errors import UsageError
    from adaptor_bench.results.runs import Run, find_runs

    found: dict[str, PointSource] = {}
    for path in paths:
        runs = find_runs([path]) if path.is_dir() else []
        by_method: dict[str, list[Run]] = {}
        for run in runs:
            if domain in (None, run.domain):
                by_method.setdefault(run.method, []).append(run)
        for method, of in by_method.items():
            chosen = min(run.seed for run in of) if seed is None else seed
            folds = [run for run in of if run.seed == chosen]
            if not folds:
                raise UsageError(f"{path}: {method!r} has no run of seed {seed}")
            points = [read_folder(run.predictions) for run in folds]
            found[method] = {key: p for fold in points for key, p in fold.items()}
        if not runs:
            found[path.name.partition(".")[0] or path.resolve().name] = path
    return found
