"""``bench translate``."""

from __future__ import annotations

from pathlib import Path

import click

from adaptor_bench.cli import completion
from adaptor_bench.cli.options import PATH, device, methods_from, option
from adaptor_bench.data.layout import DOMAINS


@click.command("translate")
@click.argument("run", type=PATH, shell_complete=completion.run)
@option("--input", "frames", type=PATH, required=True, help="Folder of frames.")
@option("--output", "out", type=PATH, required=True, help="New folder for images.")
@option(
    "--to",
    "domain",
    type=click.Choice(sorted(DOMAINS)),
    required=True,
    help="The domain that the frames are to look like.",
)
@device
@methods_from
def command(
    run: Path, frames: Path, out: Path, domain: str, device: str, methods_from: tuple[Path, ...]
) -> None:
    """Translate frames with the translator of RUN, a directory .../intraop/fold_<k>."""
    from adaptor_bench.errors import plural
    from adaptor_bench.harness.predict import translate_folder
    from adaptor_bench.progress import Progress, message
    from adaptor_bench.registry import discover
    from adaptor_bench.train.device import resolve_device

    registry, device = discover(methods_from), resolve_device(device)
    number = translate_folder(run, frames, out, domain, registry, device, Progress())
    message(f"{plural(number, 'translated frame')} written to {out}")
