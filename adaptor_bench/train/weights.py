"""Weights on disk: safetensors, so that reading a checkpoint never runs code."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from adaptor_bench.errors import InputError

__all__ = ["read_weights", "write_weights"]


def write_weights(path: Path, weights: dict[str, Tensor]) -> None:
    """Write tensors by name."""
    save_file(weights, path)


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read tensors by name. Raises InputError for a missing or damaged file."""
    try:
        weights: dict[str, Tensor] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path}: not readable as network weights: {error}") from error
    return weights
