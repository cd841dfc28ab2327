"""Evaluation script for EvalAI."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "vendor"))

from adaptor_bench.platforms.evalai import evaluate as _evaluate  # noqa: E402


def evaluate(test_annotation_file, user_annotation_file, phase_codename, **kwargs):
    """Called by the platform's worker for every submission."""
    return _evaluate(
        HERE / "settings.json", test_annotation_file, user_annotation_file, phase_codename, **kwargs
    )
