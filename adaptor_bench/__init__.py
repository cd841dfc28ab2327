"""Benchmark and challenge evaluation for detectors of a varying number of landmarks.

>>> import adaptor_bench as ab
>>> ab.match([(10, 10), (50, 50)], [(13, 14)], radius=6).tp
1

What stands in ``__all__`` is the public interface. Importing it loads nothing: each name is loaded
when it is first used, and torch only by ``run``, pandas only by ``frame()``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adaptor_bench.api.datasets import load_dataset
    from adaptor_bench.api.results import load_results
    from adaptor_bench.api.running import methods, register, run
    from adaptor_bench.api.scoring import evaluate, match
    from adaptor_bench.api.views import fiftyone_samples, napari_layers
    from adaptor_bench.errors import BenchError
    from adaptor_bench.method import Card, Prediction
    from adaptor_bench.registry import composed
    from adaptor_bench.stages.registry import stage

__version__ = "0.1.0"

__all__ = [
    "BenchError",
    "Card",
    "Prediction",
    "composed",
    "evaluate",
    "fiftyone_samples",
    "load_dataset",
    "load_results",
    "match",
    "methods",
    "napari_layers",
    "register",
    "run",
    "stage",
]

_HOMES = {
    "errors": ("BenchError",),
    "method": ("Card", "Prediction"),
    "registry": ("composed",),
    "stages.registry": ("stage",),
    "api.datasets": ("load_dataset",),
    "api.results": ("load_results",),
    "api.running": ("methods", "register", "run"),
    "api.scoring": ("evaluate", "match"),
    "api.views": ("fiftyone_samples", "napari_layers"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
