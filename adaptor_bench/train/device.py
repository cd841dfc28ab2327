"""Devices, precision, determinism."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import torch

from adaptor_bench.errors import UsageError


def resolve_device(name: str, count: int = 1) -> str:
    """``auto`` becomes ``cuda`` where there is one, else ``cpu``. Raises UsageError, also where
    there are not ``count`` of its kind."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(
            f"device {name!r} cannot be used: {reason}", hint="Use --device auto, cpu or cuda."
        ) from error
    devices_of(name, count)
    return name


def devices_of(name: str, count: int) -> list[str]:
    """The ``count`` devices that one network is trained on at a time: GPUs from the first on, or
    the CPU so many times. Raises UsageError for what cannot be, or is not there."""
    if count == 1:
        return [name]
    if name == "cpu":
        return [name] * count
    if name != "cuda":
        where = "is one device" if name.startswith("cuda") else "does not go together with several"
        raise UsageError(
            f"--devices {count}: device {name!r} {where}",
            hint="Use --device cuda; CUDA_VISIBLE_DEVICES says which GPUs are meant. Or cpu.",
        )
    there = torch.cuda.device_count()
    if there < count:
        raise UsageError(f"--devices {count}: there {'is' if there == 1 else 'are'} {there} here")
    return [f"cuda:{index}" for index in range(count)]


def has_bfloat16(device: str | torch.device) -> bool:
    """Whether the device has instructions for bfloat16; without them it is many times slower."""
    kind = torch.device(device).type
    if kind == "cuda":
        return torch.cuda.is_bf16_supported()
    if kind != "cpu":
        return False
    # Not before torch 2.6 can be asked.
    asked = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, bool)() for name in asked)


def mixed_precision(device: str | torch.device, wanted: bool) -> torch.autocast:
    """A context in which convolutions are computed in bfloat16, if wanted and there is any."""
    kind = torch.device(device).type
    return torch.autocast(kind, torch.bfloat16, enabled=wanted and has_bfloat16(device))


@contextmanager
def computing(device: str, threads: int | None = None, devices: int = 1) -> Iterator[int]:
    """The CPU threads that torch computes with in the block, for each of so many ``devices``;
    results are equal to the bit only with equal threads. By default one on the CPU, so that they do
    not depend on the machine's cores and on how many folds are trained at a time, and torch's own
    number beside a GPU, which several GPUs share."""
    before = torch.get_num_threads()
    usual = 1 if device.startswith("cpu") else max(1, before // devices)
    torch.set_num_threads(threads or usual)
    try:
        yield torch.get_num_threads()
    finally:
        torch.set_num_threads(before)


def flushing_as_here() -> Callable[[], object]:
    """What a new thread calls to take numbers too small to be normal for zero if this one does, so
    that it computes the same to the bit."""
    return partial(torch.set_flush_denormal, _flushes())


def _flushes() -> bool:
    return sys.float_info.min / 2 == 0.0


@contextmanager
def deterministic(seed: int) -> Iterator[None]:
    """Seed torch and ask for deterministic kernels."""
    before = torch.are_deterministic_algorithms_enabled()
    flushed = _flushes()
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True, warn_only=True)
    # Fast, and a state of the whole process: whoever calls gets back the numbers they had.
    torch.set_flush_denormal(True)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*deterministic.*", category=UserWarning)
            yield
    finally:
        torch.set_flush_denormal(flushed)
        torch.use_deterministic_algorithms(before)
