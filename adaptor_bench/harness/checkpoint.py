"""The method of a finished run, of weights that come with the package, or of an exported folder."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from adaptor_bench.blame import blamed
from adaptor_bench.bounded import read_json
from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.method import LATER, Method, lacking
from adaptor_bench.registry import Registry
from adaptor_bench.train.detector import EXPORTED

CONFIG = "config.json"  # what `bench export` writes in place of run.json
SAFETENSORS = "safetensors"  # the format that is read again


def load_method(run: Path, registry: Registry) -> Method:
    """The method of a finished run, its checkpoint loaded.

    ``run`` may also be what ``bench export --format safetensors`` wrote. Raises InputError when
    the run is not usable, its parameters and an exported network's sha256 included, and UsageError
    when its method is not in ``registry``.
    """
    record = record_of(run)
    name, settings = record["method"], dict(record["parameters"])
    try:
        spec = registry.get(name)
    except UsageError as error:
        # Its code is never looked for where a file says: a name in a file is no reason to run it.
        raise UsageError(
            f"{run}: {error.message}",
            hint="A run made with --methods-from needs the same --methods-from here.",
        ) from error
    if spec.card.role == "ceiling":
        raise InputError(f"{run}: {name!r} is a ceiling, drawn from labels: it predicts nothing")
    if "decode" in spec.resolve("paper") and "decode" not in settings:
        raise InputError(
            f"{run}: made by an earlier version, which named no parts such as 'decode'",
            hint="Its results are still shown everywhere; run the fold again to use its network.",
        )
    try:
        parameters = spec.resolve("paper", settings)
    except UsageError as error:
        raise InputError(
            f"{_record(run)}: {error.message}",
            hint="It is damaged, was made by another version of the method, or needs the "
            "--methods-from that it was made with.",
        ) from error
    if _record(run).name == CONFIG:
        _require_own_weights(run, record)
    method = spec.build(parameters)
    if lacks := lacking(method, LATER):
        raise InputError(
            f"{run}: method {spec.name!r} ({spec.origin}) lacks {', '.join(lacks)}",
            hint="baselines/README.md lists what a method must provide.",
        )
    with blamed(f"{run}: load"):
        method.load(run)
    return method


def record_of(run: Path) -> dict[str, Any]:
    """What ``run.json`` says, or in an exported folder ``config.json``: at least ``method``, a
    name, and ``parameters``. Raises InputError."""
    place = _record(run)
    try:
        record = read_json(place)
        if not isinstance(record["method"], str) or record.get("schema", 1) != 1:
            raise ValueError(f"its {place.name} is damaged, or of another version")
        dict(record["parameters"])
        form = record.get("format", SAFETENSORS)
    except (InputError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{run}: not a finished run: {error}",
            hint="Pass a directory .../fold_<k> that holds run.json and a checkpoint.",
        ) from error
    if form != SAFETENSORS:
        raise InputError(
            f"{run}: exported as {form}, for other programs",
            hint="`bench export --format safetensors` writes what can be used here again.",
        )
    return record


def _require_own_weights(run: Path, record: dict[str, Any]) -> None:
    """Raise InputError where the network of an exported folder is not the one that was written."""
    model = run / EXPORTED  # never a name from the file
    try:
        expected = record["file"]["sha256"]
        with model.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except (KeyError, TypeError) as error:
        raise InputError(f"{run / CONFIG}: says no sha256 of {EXPORTED}") from error
    except OSError as error:
        raise InputError(f"{model}: cannot be read: {error.strerror or error}") from error
    if found != expected:
        raise InputError(
            f"{model}: its sha256 is not the one in {CONFIG}: it is damaged, or was exchanged",
            hint="Get the folder again, or export the run again.",
        )


def _record(run: Path) -> Path:
    config = run / CONFIG
    return config if config.exists() and not (run / "run.json").exists() else run / "run.json"
