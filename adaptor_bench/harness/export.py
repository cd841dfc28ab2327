"""A trained network for use elsewhere: as ONNX, as TorchScript, or in a folder for a model hub.

What is written is compared with the original before anybody sees it.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from adaptor_bench.atomic import atomic_directory, write_json, write_text
from adaptor_bench.data.sizes import FRAME_SIZE, Size, network_size, read_sizes
from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.extras import require
from adaptor_bench.harness.checkpoint import CONFIG, load_method, record_of
from adaptor_bench.harness.equality import (
    Drawing,
    Equality,
    UnequalError,
    compare,
    frames_to_compare,
    require_numbers,
)
from adaptor_bench.harness.exported import Exported
from adaptor_bench.harness.modelcard import card
from adaptor_bench.registry import Registry
from adaptor_bench.train.detector import EXPORTED, WEIGHTS, Detector

FORMATS = {"onnx": "model.onnx", "torchscript": "model.pt", "safetensors": EXPORTED}
"""What a network can be exported as, and the file it then is."""


def export_run(
    run: Path, form: str, out: Path, registry: Registry, data: Path | None = None
) -> Equality:
    """Write the network of a finished run, or of a folder of weights, into the new folder ``out``.

    ``form`` is one of :data:`FORMATS`. Beside the network stand ``config.json`` and the model card
    ``README.md``. It is compared with the original on frames of ``data``
    (:func:`~adaptor_bench.harness.equality.frames_to_compare`). Raises what ``load_method`` does,
    UsageError for a method without a network of this package, and InputError when ``out`` exists,
    when the weights cannot be read or draw what is not finite, when the network cannot be
    exported, and when what was exported is another network; then nothing is written.
    """
    if form == "onnx":
        require("onnx", "exports as ONNX")
    method, record = load_method(run, registry), record_of(run)
    spec = registry.get(record["method"])
    if not isinstance(method, Detector):
        raise UsageError(
            f"{run}: method {spec.name!r} has no network of this package to export",
            hint="Methods that are composed of stages have one, such as improved_heatmap.",
        )
    if out.exists():
        raise InputError(f"{out}: already exists", hint="Choose a new folder.")
    record, frame_size = _known(run, record)
    size = network_size(frame_size, method.input_size)
    frames, source = frames_to_compare(record, method, frame_size, data)
    require_numbers(method, frames, run)
    with atomic_directory(out) as folder:
        model = folder / FORMATS[form]
        _write(method, run, size, model)
        exported = Exported(run, record, spec, method, frame_size, size, form, model)
        write_json(folder / CONFIG, exported.configuration())
        try:
            equality = compare(method, _drawn_by(model, registry), frames, source)
        except UnequalError as error:
            raise InputError(
                f"{run}: the exported network is not equal to the original: {error.message}; "
                "nothing was written",
                hint="In maps of a network that has learnt little the last digit may decide what a "
                "threshold keeps; of any other, report this, and export it as safetensors.",
            ) from error
        config = exported.configuration() | {"equality": equality.to_json()}
        write_json(folder / CONFIG, config)
        write_text(folder / "README.md", card(exported, equality))
    return equality


def _known(run: Path, record: dict[str, Any]) -> tuple[dict[str, Any], Size]:
    """The record of a run, also where it is that of an exported folder, and the size of most of its
    frames. Raises InputError where what the card says of it is damaged."""
    kinds = {"dataset": dict, "train": list, "validation": list, "notes": list}
    kinds |= {"measured": dict, "others": dict}
    try:
        if "trained_on" in record:
            width, height = record["frames"]["size"]
            record = {**record["trained_on"], **record, "frame_sizes": {f"{width}x{height}": 1}}
        sizes = read_sizes(record.get("frame_sizes", {}))
        wrong = [
            key for key, kind in kinds.items() if not isinstance(record.get(key, kind()), kind)
        ]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is not of the right kind")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"{run}: its record is damaged: {error}") from error
    return record, next(iter(sizes), FRAME_SIZE)


def _write(method: Detector, run: Path, size: Size, path: Path) -> None:
    from adaptor_bench.train.portable import write_onnx, write_torchscript

    match path.name:
        case "model.onnx":
            write_onnx(method.trained(), size, path)
        case "model.pt":
            write_torchscript(method.trained(), size, path)
        case _:
            given = run / WEIGHTS
            shutil.copyfile(given if given.is_file() else run / EXPORTED, path)


def _drawn_by(path: Path, registry: Registry) -> Drawing:
    """What was exported, as it is used."""
    from adaptor_bench.train.portable import of_network, of_onnx, of_torchscript

    match path.name:
        case "model.onnx":
            return of_onnx(path)
        case "model.pt":
            return of_torchscript(path)
        case _:
            again = load_method(path.parent, registry)
            assert isinstance(again, Detector)
            return of_network(again.trained())
