"""Trained weights that come with the package: ``baselines/weights/NAME/``, one folder a method.

Such a folder is what is needed of a finished run: ``run.json`` with method and parameters, and the
checkpoint. It also names the size and hash of every file, what it was trained on and what it
reached; ``README.md`` says the same to people. ``baselines/weights/make_weights.py`` writes it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from adaptor_bench.bounded import read_file, read_json
from adaptor_bench.errors import InputError, UsageError, suggest
from adaptor_bench.registry import Registry
from adaptor_bench.resources import bundled

MOST_BYTES = 2_000_000
"""Of all files of one method."""


def shipped_weights() -> dict[str, Path]:
    """The methods that come with weights, and the folders of these."""
    folders = sorted(p.parent for p in (bundled("baselines") / "weights").glob("*/run.json"))
    return {str(read_json(folder / "run.json")["method"]): folder for folder in folders}


def run_or_weights(given: str, registry: Registry) -> Path:
    """The run directory that is ``given``, or the weights of a method of that name.

    A finished run goes before a name. Raises UsageError for a name that is neither, and InputError
    for weights that are not those that were made, wherever their folder is.
    """
    place, weights = Path(given), shipped_weights()
    if (place / "run.json").is_file():
        _verify(place, "Get the folder again.")
        return place
    if given in weights:
        _verify(weights[given], "Install the package again.")
        return weights[given]
    have = f"Weights come with: {', '.join(weights) or 'none'}."
    if given in registry.methods:
        raise UsageError(
            f"method {given!r} comes without trained weights",
            hint=f"{have} Else train it (`bench run --method {given}`) and give a fold of it.",
        )
    if place.exists() or len(place.parts) > 1:
        return place  # whoever loads it says what is wrong with it
    raise UsageError(
        f"{given}: neither a finished run nor a method with weights",
        hint=f"{suggest(given, weights)} {have} A run is a directory .../fold_<k>.",
    )


def _verify(folder: Path, hint: str) -> None:
    """Compare the files with the hashes in ``run.json``; a run that was just trained has none."""
    try:
        files = read_json(folder / "run.json").get("files", {})
        hashes = {Path(name).name: of["sha256"] for name, of in files.items()}
    except (InputError, AttributeError, TypeError, KeyError):
        return  # whoever loads it says what is wrong with it
    for name, known in hashes.items():
        content = read_file(folder / name, MOST_BYTES)
        if hashlib.sha256(content).hexdigest() != known:
            raise InputError(
                f"{folder / name}: is not the file whose hash stands in run.json", hint=hint
            )
