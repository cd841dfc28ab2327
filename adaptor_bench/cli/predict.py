"""``bench predict``."""

from __future__ import annotations

from pathlib import Path

import click

from adaptor_bench.cli.completion import run_or_folder
from adaptor_bench.cli.options import PATH, device, domain, methods_from, option


@click.command("predict")
@click.argument("run", type=PATH, shell_complete=run_or_folder)
@option("--input", "frames", type=PATH, required=True, help="Folder of frames.")
@option("--output", "out", type=PATH, required=True, help="New folder for predictions.")
@domain
@device
@methods_from
def command(
    run: Path, frames: Path, out: Path, domain: str, device: str, methods_from: tuple[Path, ...]
) -> None:
    """Predict landmarks with the method of RUN, a directory .../fold_<k>."""
    from adaptor_bench.errors import plural
    from adaptor_bench.harness.predict import predict_folder
    from adaptor_bench.progress import Progress, message
    from adaptor_bench.registry import discover
    from adaptor_bench.train.device import resolve_device

    registry, device = discover(methods_from), resolve_device(device)
    number = predict_folder(run, frames, out, registry, device, Progress(), domain)
    message(f"{plural(number, 'prediction')} written to {out}")
