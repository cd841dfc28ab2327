"""``bench translate``."""

from __future__ import annotations

import os
from pathlib import Path

import click

__all__ = ["command"]

_FOLDER = click.Path(path_type=Path)


@click.command("translate")
@click.argument("run", type=_FOLDER)
@click.option("--input", "frames", type=_FOLDER, required=True, help="Folder of frames.")
@click.option("--output", "out", type=_FOLDER, required=True, help="New folder for images.")
@click.option(
    "--to",
    "domain",
    type=click.Choice(["intraop", "sim"]),
    required=True,
    help="The domain the frames shall look like.",
)
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
    """Translate frames with the CycleGAN of RUN, a directory .../intraop/fold_<k>."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from adaptor_bench.harness.translate import translate_folder
    from adaptor_bench.progress import Progress, message
    from adaptor_bench.registry import discover
    from adaptor_bench.train.device import resolve_device

    registry = discover(methods_from)
    device = resolve_device(device)
    number = translate_folder(run, frames, out, domain, registry, device, Progress())
    message(f"{number} translated frames written to {out}")
