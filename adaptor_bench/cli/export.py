"""``bench export``."""

from __future__ import annotations

from pathlib import Path

import click

from adaptor_bench.cli.completion import run_or_method
from adaptor_bench.cli.options import EXISTING_FOLDER, PATH, Registered, methods_from, option


@click.command("export")
@click.argument("run", metavar="RUN_OR_METHOD", shell_complete=run_or_method)
@option(
    "--format",
    "form",
    type=Registered("harness.export:FORMATS"),
    required=True,
    help="onnx (opset 18, any number of images) and torchscript: for other programs; safetensors: "
    "a folder for a model hub, which `bench predict` takes, too.",
)
@option("--out", type=PATH, required=True, help="New folder for network, config.json, README.md.")
@option(
    "--data",
    type=EXISTING_FOLDER,
    help="The run's dataset, to compare on.  [default: the phantom it names, if it has been drawn; "
    "else random pictures]",
)
@methods_from
def command(
    run: str, form: str, out: Path, data: Path | None, methods_from: tuple[Path, ...]
) -> None:
    """Write the network of a finished run for use elsewhere, with a model card.

    RUN_OR_METHOD is a directory .../fold_<k>, or the name of a method with weights
    (baselines/weights). A frame goes in, RGB from 0 to 1; heatmaps come out. What is written is
    compared with the original first: maps, and points after decoding. If they are not equal,
    nothing is written, and the exit code is 1.
    """
    from adaptor_bench.extras import require
    from adaptor_bench.harness.export import export_run
    from adaptor_bench.harness.shipped import run_or_weights
    from adaptor_bench.progress import message
    from adaptor_bench.registry import discover

    registry = discover(methods_from)
    place = run_or_weights(run, registry)
    require("train", "exports")
    equality = export_run(place, form, out, registry, data)
    message(f"{out}: exported as {form}; {equality}")
