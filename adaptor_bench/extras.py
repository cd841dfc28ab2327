"""Libraries that only part of the package needs, and the extra of pip that brings each.

What judges, scores and renders needs none of them.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from adaptor_bench.errors import UsageError

# What each extra brings, by the names that are imported. pyproject.toml says the same to pip.
EXTRAS = {
    "train": ("torch", "torchvision", "segmentation_models_pytorch", "safetensors", "skimage"),
    "figures": ("matplotlib",),
    "onnx": ("onnx", "onnxruntime", "onnxscript"),
    "parquet": ("pyarrow",),
    "video": ("av",),
    "slurm": ("submitit",),
    "ray": ("ray",),
    "tensorboard": ("tensorboard",),
    "mlflow": ("mlflow", "sqlalchemy"),
    "wandb": ("wandb",),
    "trackio": ("trackio",),
    "torchmetrics": ("torchmetrics",),
    "napari": ("napari", "dask"),
    "fiftyone": ("fiftyone",),
    "spotiflow": ("spotiflow",),
}


def require(extra: str, what: str, *, load: bool = False) -> None:
    """Raises UsageError where a library of ``extra`` is missing, before ``what`` (a plural) begins.

    ``load`` also imports the libraries, which tells of one that is there and cannot be loaded.
    """
    for library in EXTRAS[extra]:
        if find_spec(library) is None:
            raise _lacking(extra, f"{what} need {library}, which is not installed")
        if load:
            try:
                import_module(library)
            except ImportError as error:
                raise _lacking(
                    extra, f"{what} need {library}, which cannot be loaded ({error})"
                ) from error


def how_to_get(extra: str) -> str:
    """A command that installs what is missing of ``extra``; empty where nothing is, or none."""
    lacks = any(find_spec(library) is None for library in EXTRAS.get(extra, ()))
    return f'pip install "adaptor-bench[{extra}]"' if lacks else ""


def missing(error: ImportError) -> UsageError | None:
    """What to tell the user about a failed import; None where no extra brings what it is about."""
    library = (error.name or "").partition(".")[0]
    for extra, libraries in EXTRAS.items():
        if library in libraries:
            return _lacking(extra, f"this needs {library}, which is not installed")
    return None


def _lacking(extra: str, message: str) -> UsageError:
    return UsageError(message, hint=f'Install it with: pip install "adaptor-bench[{extra}]"')
