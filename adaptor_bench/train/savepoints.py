"""Where a training is between two steps, kept so that an interrupted one goes on from there.

One safetensors file beside the artefact that is being made. It is no result and nothing depends on
it: one that cannot be used, or that would not lead to the same bits, is told and left alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from adaptor_bench.atomic import complete_file
from adaptor_bench.bounded import open_file, parse_json
from adaptor_bench.errors import InputError, WriteError
from adaptor_bench.progress import message
from adaptor_bench.room import need
from adaptor_bench.stopping import held_off, stop_if_told, told_to_stop

EVERY = 30.0
"""Seconds between two savepoints; more, up to MOST, where one takes over a hundredth of that."""
MOST = 50.0
_FORMAT = 1
_ABOUT = "savepoint"  # the name of what is not tensors
T = TypeVar("T")


class UnusableSavepoint(Exception):
    """A savepoint is not of the training that was to go on from it."""


@dataclass
class State:
    """A training between two steps: ``tensors`` by name, and ``values`` as JSON knows them.

    What is read is taken out, so that :meth:`end` can tell that nothing is left over.
    """

    tensors: dict[str, Tensor]
    values: dict[str, Any]

    def take(self, name: str, like: Tensor | None = None) -> Tensor:
        """The tensor ``name``. Raises UnusableSavepoint without one of the shape and type of
        ``like``."""
        tensor = self.tensors.pop(name, None)
        if tensor is None:
            raise UnusableSavepoint(f"{name} is missing")
        if like is not None and (tensor.shape != like.shape or tensor.dtype != like.dtype):
            wanted = f"{tuple(like.shape)} {like.dtype}"
            raise UnusableSavepoint(
                f"{name} is {tuple(tensor.shape)} {tensor.dtype}, expected {wanted}"
            )
        return tensor

    def fill(self, tensors: dict[str, Tensor]) -> None:
        """Put what was kept under the names of ``tensors`` into them."""
        with torch.no_grad():
            for name, tensor in tensors.items():
                tensor.copy_(self.take(name, tensor))

    def below(self, name: str) -> dict[str, Tensor]:
        """All tensors whose names begin with ``name``, by the rest; they are not taken."""
        start = f"{name}."
        return {k.removeprefix(start): t for k, t in self.tensors.items() if k.startswith(start)}

    def count(self, name: str, most: int) -> int:
        """A whole number from 0 to ``most`` among the values."""
        value = self.values.get(name)
        if type(value) is not int or not 0 <= value <= most:
            raise UnusableSavepoint(f"its {name} is {value!r}")
        return value

    def rows(self, name: str, **kinds: tuple[type, ...]) -> list[Any]:
        """A list among the values: of pairs of numbers, or of dicts with values of these kinds."""
        value = self.values.get(name)
        if not isinstance(value, list) or not all(_is_row(row, kinds) for row in value):
            raise UnusableSavepoint(f"its {name} cannot be read")
        return value

    def end(self) -> None:
        """Raises UnusableSavepoint if tensors are left over."""
        if self.tensors:
            raise UnusableSavepoint(f"it holds {min(self.tensors)}, which is not known")


class Savepoint:
    """What is kept of one training, at ``path``; None: nothing is."""

    def __init__(
        self,
        path: Path | None,
        device: str,
        clock: Callable[[], float] = time.monotonic,
        cpu: Callable[[], float] = time.process_time,
    ) -> None:
        self.path = path
        self.device = device
        self.clock = clock
        self._cpu = cpu
        self._last, self._every = clock(), EVERY
        self._earlier, self._began = 0.0, cpu()
        self._warned = False

    def resumed(self, run: Callable[[State | None], T]) -> T:
        """What ``run`` returns, given the state to go on from, or None to begin.

        It offers its state after every step. Being told to stop is held off until then.
        """
        with held_off():
            try:
                state = self.read()
                if state is not None:
                    return run(state)
            except UnusableSavepoint as error:
                self._earlier = 0.0
                message(f"{self.path}: not used ({error}); the training begins anew")
            return run(None)

    def offer(self, state: Callable[[], State]) -> None:
        """A step is done: keep its ``state`` if it is time to. Raises KeyboardInterrupt, and keeps
        it, when this process was told to stop."""
        stop = told_to_stop()
        if self.path is not None and (stop or self.clock() - self._last >= self._every):
            began = self.clock()
            self._write(self.path, state())
            self._last = self.clock()
            self._every = max(EVERY, min(MOST, 100 * (self._last - began)))
        if stop:
            stop_if_told()

    def goes_on(self, done: int, total: int) -> None:
        """Say that a training goes on after so many of its steps."""
        if self.path is not None:
            message(f"{self.path.stem}: goes on after step {done} of {total}")

    @property
    def cpu_seconds(self) -> float:
        """CPU time of the training so far, before interruptions too."""
        return self._earlier + self._cpu() - self._began

    def add(self, cpu_seconds: float) -> None:
        """Other processes have worked on it so long."""
        self._earlier += cpu_seconds

    def _write(self, path: Path, state: State) -> None:
        """Without it the training goes on: at worst it will have to begin anew."""
        tensors, order = {}, {}
        for name, tensor in state.tensors.items():
            tensors[name], order[name] = _laid_out(tensor)
        about = {
            "format": _FORMAT,
            "artefact": path.stem,
            "made": _conditions(self.device),
            "order": order,
            "values": state.values,
            "cpu_seconds": self.cpu_seconds,
        }
        about["sha256"] = _digest(about, tensors)
        text = json.dumps(about, allow_nan=False)
        try:
            with complete_file(path, durable=False) as temporary:
                need(path.parent, sum(t.nbytes for t in tensors.values()) + len(text))
                save_file(tensors, temporary, {_ABOUT: text})
        except (WriteError, OSError, SafetensorError) as error:
            if not self._warned:
                said = error.message if isinstance(error, WriteError) else f"{path}: {error}"
                message(f"warning: {said}; the training goes on without a savepoint")
            self._warned = True

    def read(self) -> State | None:
        """The state to go on from, None without any. Raises UnusableSavepoint."""
        if self.path is None or not os.path.lexists(self.path):
            return None
        try:
            os.close(open_file(self.path, follow=False))
            with safe_open(self.path, "pt") as file:
                about = parse_json((file.metadata() or {})[_ABOUT].encode(), "what it says")
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            now = _conditions(self.device)
            if about["format"] != _FORMAT or about["artefact"] != self.path.stem:
                raise UnusableSavepoint("it is of another training")
            for what, value in now.items():
                if about["made"].get(what) != value:
                    raise UnusableSavepoint(
                        f"made with {what} {about['made'].get(what)}, now {value}"
                    )
            whole = about.pop("sha256") == _digest(about, tensors)
            if not whole or not isinstance(about["values"], dict):
                raise UnusableSavepoint("it is damaged")
            tensors = {name: _as_was(t, about["order"][name]) for name, t in tensors.items()}
            self._earlier = float(about["cpu_seconds"])
        except OSError as error:
            raise UnusableSavepoint(error.strerror or str(error)) from error
        except (SafetensorError, InputError) as error:
            said = str(error).partition("\n")[0]
            raise UnusableSavepoint(f"it is damaged: {said}") from error
        except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise UnusableSavepoint("it is no savepoint") from error
        return State(tensors, about["values"])


def named(module: nn.Module, name: str) -> dict[str, Tensor]:
    """Weights and buffers of a module, not copied, below ``name``."""
    return {f"{name}.{key}": tensor for key, tensor in module.state_dict().items()}


def of_optimiser(optimiser: torch.optim.Optimizer, name: str) -> dict[str, Tensor]:
    """What an Adam or Muon remembers of each parameter, not copied, below ``name``."""
    return {
        f"{name}.{i}.{key}": tensor
        for i, parameter in enumerate(_parameters(optimiser))
        for key, tensor in optimiser.state[parameter].items()
        if isinstance(tensor, Tensor)
    }


def fill_optimiser(optimiser: torch.optim.Optimizer, name: str, state: State) -> None:
    """Give a fresh, fused Adam or a fresh Muon what :func:`of_optimiser` kept, laid out as its
    parameters are."""
    for i, parameter in enumerate(_parameters(optimiser)):
        # One of neither: no gradient has reached it yet.
        for keys in (("step", "exp_avg", "exp_avg_sq"), ("average",)):
            if f"{name}.{i}.{keys[0]}" in state.tensors:
                kept = {key: torch.zeros_like(parameter) for key in keys}
                if "step" in kept:
                    kept["step"] = torch.zeros((), device=parameter.device)
                state.fill({f"{name}.{i}.{key}": tensor for key, tensor in kept.items()})
                optimiser.state[parameter] = kept


def random_state(device: str) -> dict[str, Tensor]:
    """Of torch's own random numbers, on the CPU and on a GPU that is used."""
    kept = {"random.cpu": torch.get_rng_state()}
    if device.startswith("cuda"):
        kept["random.cuda"] = torch.cuda.get_rng_state(device)
    return kept


def fill_random_state(device: str, state: State) -> None:
    """Go on with the random numbers that :func:`random_state` kept."""
    try:
        torch.set_rng_state(state.take("random.cpu", torch.get_rng_state()))
        if device.startswith("cuda"):
            torch.cuda.set_rng_state(state.take("random.cuda").cpu(), device)
    except (RuntimeError, TypeError) as error:
        raise UnusableSavepoint("its random numbers have no such state") from error


def _is_row(row: Any, kinds: dict[str, tuple[type, ...]]) -> bool:
    if kinds:
        return (
            isinstance(row, dict)
            and row.keys() == kinds.keys()
            and all(type(row[key]) in kind for key, kind in kinds.items())
        )
    return isinstance(row, list) and [type(v) for v in row] in ([int, float], [int, int])


def _parameters(optimiser: torch.optim.Optimizer) -> Iterable[nn.Parameter]:
    return (p for group in optimiser.param_groups for p in group["params"])


def _conditions(device: str) -> dict[str, Any]:
    """What decides the bits of a step, beside what the artefact's name stands for."""
    kind = torch.cuda.get_device_name(device) if device.startswith("cuda") else device
    return {
        "device": kind,
        "threads": torch.get_num_threads(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
    }


def _laid_out(tensor: Tensor) -> tuple[Tensor, list[int]]:
    """The tensor with its axes in the order in which it lies in memory, and that order: which
    kernel computes, and so its last bits, can depend on the layout."""
    order = sorted(range(tensor.ndim), key=tensor.stride, reverse=True)
    dense = tensor.detach().permute(order).to("cpu").contiguous()
    whole = dense.untyped_storage().nbytes() == dense.nbytes
    return dense if whole else dense.clone(), order


def _as_was(tensor: Tensor, order: list[int]) -> Tensor:
    return tensor.permute([order.index(axis) for axis in range(len(order))])


def _digest(about: dict[str, Any], tensors: dict[str, Tensor]) -> str:
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
