"""A trained network as other programs take it: a frame in, its heatmaps out.

Input ``image``: (B, 3, H, W) float32, RGB in [0, 1]. Output ``heatmap``: (B, C, h, w) float32 in
[0, 1]. B is free, the sizes are not: what pads and crops inside a network is fixed when it is
written, and torch's exporter gets the division of a free size wrong.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from adaptor_bench.errors import InputError

INPUT, OUTPUT = "image", "heatmap"
OPSET = 18  # that of torch's exporter, whose graphs are not converted then
Maps = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""From images (B, 3, H, W) in [0, 1] to maps (B, C, h, w) in [0, 1]."""


class _Heatmaps(nn.Module):
    """A network with the sigmoid behind it."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        return torch.sigmoid(self.network(image).float())


def write_onnx(network: nn.Module, size: tuple[int, int], path: Path) -> None:
    """Write ``network`` (from images to logits) for images of ``size`` (width, height) as ONNX.

    Raises InputError for a network that torch's exporter cannot follow.
    """
    import onnx

    with _exporting("ONNX"):
        free = {INPUT: {0: torch.export.Dim("batch", min=1)}}
        torch.onnx.export(
            _Heatmaps(network).eval(),
            (_example(size),),
            path,
            input_names=[INPUT],
            output_names=[OUTPUT],
            opset_version=OPSET,
            dynamo=True,
            dynamic_shapes=free,
            external_data=False,
            verbose=False,
        )
        onnx.checker.check_model(path)


def write_torchscript(network: nn.Module, size: tuple[int, int], path: Path) -> None:
    """As :func:`write_onnx`, as TorchScript, by tracing. torch 2.14 calls TorchScript deprecated,
    and still writes and reads it."""
    with _exporting("TorchScript"):
        traced = torch.jit.trace(_Heatmaps(network).eval(), _example(size), check_trace=False)
        torch.jit.save(traced, path)


def of_network(network: nn.Module) -> Maps:
    """The maps that ``network`` (to logits) draws, on the CPU in 32 bits."""
    return _of_module(_Heatmaps(network).eval())


def of_torchscript(path: Path) -> Maps:
    """The maps that a file of :func:`write_torchscript` draws."""
    with _quiet():
        return _of_module(torch.jit.load(path, map_location="cpu"))


def of_onnx(path: Path) -> Maps:
    """The maps that a file of :func:`write_onnx` draws in ONNX Runtime, on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def maps(images: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(session.run([OUTPUT], {INPUT: images})[0])

    return maps


def _of_module(module: nn.Module) -> Maps:
    def maps(images: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            return np.asarray(module(torch.from_numpy(images)).numpy())

    return maps


def _example(size: tuple[int, int]) -> Tensor:
    # Two images: of one the exporter takes the number for a constant.
    return torch.rand(2, 3, size[1], size[0], generator=torch.Generator().manual_seed(0))


@contextmanager
def _exporting(form: str) -> Iterator[None]:
    try:
        with _quiet(), torch.inference_mode(False), torch.no_grad():
            yield
    except ImportError:
        raise
    except Exception as error:  # whatever a tracer trips over, it is this network it cannot follow
        said = str(error).strip().partition("\n")[0] or type(error).__name__
        raise InputError(
            f"torch {torch.__version__} cannot write this network as {form}: {said}",
            hint="Export it as safetensors, which any network can be.",
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """What torch warns of while it exports is nothing that a user could change."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
