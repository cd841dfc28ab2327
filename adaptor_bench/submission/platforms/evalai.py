"""The evaluation script of EvalAI: ``evaluate(test_annotation_file, user_annotation_file, ..)``.

Both files are archives (.zip, .tar.gz) of the challenge's layout. What is wrong with a submission
is raised as an exception whose message the participant sees.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from adaptor_bench.errors import BenchError
from adaptor_bench.submission.platforms.judging import judge, load_settings, numbers, ratios

__all__ = ["LABELS", "SPLIT", "evaluate"]

SPLIT = "labelled_frames"
"""The codename of the only split; the challenge's configuration says the same."""
LABELS = ("f1", "precision", "sensitivity", "tp", "fp", "fn", "frames", "missing")
"""Metric keys, in the order of the board."""


def evaluate(
    settings: Path,
    test_annotation_file: str,
    user_annotation_file: str,
    phase_codename: str,
    **submission: Any,
) -> dict[str, Any]:
    """The platform's result: the metrics, and as ``error`` their spread over surgeries (ddof 0).

    A metric that is 0/0 has no number; it is left out of the result. Raises Exception with one
    plain message.
    """
    try:
        verdict = judge(
            Path(user_annotation_file), Path(test_annotation_file), load_settings(settings)
        )
    except BenchError as error:
        raise Exception(" ".join(error.message.split())) from None  # the platform shows the text
    found = numbers(verdict.score)
    surgeries = [ratios(counts) for counts in verdict.score.surgeries().values()]
    spread = {
        key: float(np.std(np.array([s[key] for s in surgeries], dtype=float)))
        for key in ("f1", "precision", "sensitivity")
        if all(s[key] is not None for s in surgeries)
    }
    return {
        "result": [{SPLIT: {key: found[key] for key in LABELS if key in found}}],
        "error": [{SPLIT: spread}],
        "submission_result": f"F1 {found['f1']:.4f}" if "f1" in found else "nothing to score",
        "submission_metadata": {
            "phase": phase_codename,
            "matching": verdict.score.settings.to_json(),
            "undefined": list(verdict.undefined),
        },
    }
