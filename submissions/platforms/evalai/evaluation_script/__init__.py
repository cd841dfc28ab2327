"""The worker imports the evaluation script as a package."""

from .main import evaluate

__all__ = ["evaluate"]
