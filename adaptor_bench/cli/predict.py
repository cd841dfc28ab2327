"""``bench predict``."""

from __future__ import annotations

from pathlib import Path

import click

from adaptor_bench.cli.completion import run_or_method
from adaptor_bench.cli.options import (
    PATH,
    Registered,
    device,
    domain,
    methods_from,
    option,
)


@click.command("predict")
@click.argument("run", metavar="RUN_OR_METHOD", shell_complete=run_or_method)
@option("--input", "frames", type=PATH, required=True, help="Folder of frames or pictures.")
@option("--output", "out", type=PATH, default=Path("predictions"), help="New folder for them.")
@option(
    "--format",
    "format_",
    type=Registered("harness.outputs:FORMATS"),
    default="challenge",
    help="challenge: a JSON a frame, as submissions have it; csv: points.csv; json: points.json.",
)
@option("--overlay", is_flag=True, help="Also write pictures with the points, to OUTPUT/overlays.")
@domain
@device
@methods_from
def command(
    run: str,
    frames: Path,
    out: Path,
    format_: str,
    overlay: bool,
    domain: str,
    device: str,
    methods_from: tuple[Path, ...],
) -> None:
    """Predict landmarks with a finished run, or with a method that comes trained.

    RUN_OR_METHOD is a directory .../fold_<k>, or the name of a method with weights
    (baselines/weights). Pictures are PNG, JPEG, TIFF or BMP, in any folders.
    """
    from adaptor_bench.errors import plural
    from adaptor_bench.extras import require
    from adaptor_bench.harness.predict import predict_folder
    from adaptor_bench.harness.shipped import run_or_weights
    from adaptor_bench.progress import Progress, message
    from adaptor_bench.registry import discover

    registry = discover(methods_from)
    place = run_or_weights(run, registry)
    require("train", "runs")
    from adaptor_bench.train.device import resolve_device

    number, points = predict_folder(
        place, frames, out, registry, resolve_device(device), Progress(lines=True), domain,
        format=format_, overlay=overlay,
    )  # fmt: skip
    message(f"{plural(number, 'prediction')} written to {out}: {plural(points, 'point')}")
