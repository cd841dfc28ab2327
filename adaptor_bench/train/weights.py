"""Weights on disk: safetensors, so that reading a checkpoint never runs code."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from adaptor_bench.errors import InputError, TrainingError, UsageError, plural
from adaptor_bench.room import need


def require_finite(weights: dict[str, Tensor], of: str, *, hint: str) -> None:
    """Raise TrainingError when a weight is NaN or infinite. ``of``: whose weights, to be told."""
    bad = [name for name, tensor in weights.items() if not bool(torch.isfinite(tensor).all())]
    if bad:
        raise TrainingError(
            f"the training diverged: {len(bad)} of {len(weights)} tensors of {of} are not finite "
            f"at its end ({bad[0]} first)",
            hint=hint,
        )


def write_weights(path: Path, weights: dict[str, Tensor]) -> None:
    """Write tensors by name. Raises WriteError when there is no room for them."""
    need(path.parent, sum(tensor.nbytes for tensor in weights.values()))
    save_file(weights, path)


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read tensors by name. Raises InputError for a missing or damaged file."""
    try:
        weights: dict[str, Tensor] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path}: not readable as network weights: {error}") from error
    return weights


def fill(network: nn.Module, path: Path) -> None:
    """Give ``network`` the weights of a file, in its own precision. Raises InputError for a file
    that cannot be read, and UsageError for weights of another architecture."""
    weights, own = read_weights(path), network.state_dict()
    wrong = sorted(own.keys() ^ weights.keys())
    wrong += [n for n in own.keys() & weights.keys() if own[n].shape != weights[n].shape]
    if wrong:
        raise UsageError(
            f"{path}: weights of another architecture: {plural(len(wrong), 'tensor')} missing, "
            f"unknown or of another shape ({min(wrong)} first), where the network has {len(own)}"
        )
    network.load_state_dict(weights)
