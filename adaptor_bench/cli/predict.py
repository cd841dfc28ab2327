"""``bench predict``."""

from __future__ import annotations

import os
from pathlib import Path

import click

__all__ = ["command"]

_FOLDER = click.Path(path_type=Path)


@click.command("predict")
@click.argument("run", type=_FOLDER)
@click.option("--input", "frames", type=_FOLDER, required=True, help="Folder of frames.")
@click.option("--output", "out", type=_FOLDER, required=True, help="New folder for predictions.")
@click.option("--domain", default="all", show_default=True, help="sim, intraop or all.")
@click.option("--device", default="auto", show_default=True)
@click.option(
    "--methods-from",
    type=_FOLDER,
    multiple=True,
    help="A folder with more method files, whose code is run; repeatable.",
)
def command(
    run: Path,
    frames: Path,
    out: Path,
    domain: str,
    device: str,
    methods_from: tuple[Path, ...],
) -> None:
    """Predict landmarks with the method of RUN, a directory .../fold_<k>."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from adaptor_bench.harness.predict import predict_folder
    from adaptor_bench.progress import Progress, message
    from adaptor_bench.registry import discover
    from adaptor_bench.train.device import resolve_device

    registry = discover(methods_from)
    device = resolve_device(device)
    number = predict_folder(run, frames, out, registry, device, Progress(), domain)
    message(f"{number} predictions written to {out}")
