"""Devices, precision, determinism, and the one place where Lightning's trainer is called."""

from __future__ import annotations

import logging
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import lightning as L
import torch
from torch.utils.data import DataLoader

from adaptor_bench.errors import UsageError


def resolve_device(name: str) -> str:
    """``auto`` becomes ``cuda`` where there is one, else ``cpu``. Raises UsageError."""
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(
            f"device {name!r} cannot be used: {reason}", hint="Use --device auto, cpu or cuda."
        ) from error
    return name


def has_bfloat16(device: str | torch.device) -> bool:
    """Whether the device has instructions for bfloat16; without them it is many times slower."""
    kind = torch.device(device).type
    if kind == "cuda":
        return torch.cuda.is_bf16_supported()
    if kind != "cpu":
        return False
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def mixed_precision(device: str | torch.device, wanted: bool) -> torch.autocast:
    """A context in which convolutions are computed in bfloat16, if wanted and there is any."""
    kind = torch.device(device).type
    return torch.autocast(kind, torch.bfloat16, enabled=wanted and has_bfloat16(device))


def threads() -> int:
    """CPU threads torch computes with; results are equal to the bit only with equal threads."""
    return torch.get_num_threads()


def train_once_through(
    module: L.LightningModule,
    loader: DataLoader[Any],
    device: str,
    callbacks: Sequence[L.Callback] = (),
) -> None:
    """Train ``module`` on every batch of ``loader`` once; all steps are one pass.

    Mixed precision (bfloat16) on CUDA; 32 bit on the CPU, where bfloat16 is many times slower
    without the matching instructions. Raises KeyboardInterrupt when interrupted.
    """
    kind, _, index = device.partition(":")
    mixed = kind == "cuda" and torch.cuda.is_bf16_supported()
    trainer = L.Trainer(
        accelerator="gpu" if kind == "cuda" else kind,
        devices=[int(index)] if index else 1,
        precision="bf16-mixed" if mixed else "32-true",
        max_epochs=1,
        callbacks=list(callbacks),
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )
    handler = signal.getsignal(signal.SIGINT)
    try:
        trainer.fit(module, loader)
    except SystemExit as error:
        # Lightning turns Ctrl-C into an exit and leaves further ones ignored.
        signal.signal(signal.SIGINT, handler)
        if not isinstance(error.__context__, KeyboardInterrupt):
            raise
        raise KeyboardInterrupt from error


@contextmanager
def deterministic(seed: int) -> Iterator[None]:
    """Seed torch and ask for deterministic kernels; Lightning's chatter is kept off the screen."""
    before = torch.are_deterministic_algorithms_enabled()
    flushed = sys.float_info.min / 2 == 0.0
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True, warn_only=True)
    # Fast, and a state of the whole process: whoever calls gets back the numbers they had.
    torch.set_flush_denormal(True)
    loud = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loud]
    for logger in loud:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="lightning")
            warnings.filterwarnings("ignore", message=".*does not have many workers.*")
            warnings.filterwarnings("ignore", message=".*srun.*")
            yield
    finally:
        torch.set_flush_denormal(flushed)
        torch.use_deterministic_algorithms(before)
        for logger, level in zip(loud, levels, strict=True):
            logger.setLevel(level)
