"""The evaluation script of EvalAI: ``evaluate(test_annotation_file, user_annotation_file, ..)``.

Both files are archives (.zip, .tar.gz) of the challenge's layout. What is wrong with a submission
is raised as an exception whose message the participant sees.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from adaptor_bench.errors import BenchError
from adaptor_bench.platforms.bundle import Bundle
from adaptor_bench.platforms.judging import BOARD_COLUMNS, judge, load_settings, numbers, spread
from adaptor_bench.platforms.packing import Files, write_zip, zip_folder
from adaptor_bench.scoring.metrics import METRICS

SPLIT = "labelled_frames"
"""The codename of the only split; the challenge's configuration says the same."""
LABELS = tuple(column.key for column in BOARD_COLUMNS)
"""Metric keys, in the order of the board."""


class EvalAI(Bundle):
    """A challenge configuration, the evaluation script and its zip, an annotation zip."""

    name = "evalai"
    programs = ("evaluation_script",)

    def add_labels(self, folder: Path, labels: Files) -> None:
        """As the annotations of the only phase."""
        write_zip(folder / "annotations" / "labels.zip", labels)

    def placeholders(self) -> dict[str, str]:
        """``$labels`` and ``$label_metadata`` of the leaderboard."""
        metadata = (
            {"sort_ascending": not column.larger_is_better, "description": column.description}
            for column in BOARD_COLUMNS
        )
        lines = (f"{k}: {json.dumps(m)}" for k, m in zip(LABELS, metadata, strict=True))
        return {"labels": json.dumps(LABELS), "label_metadata": "\n        ".join(lines)}

    def finish(self, folder: Path) -> None:
        """The zip that the configuration names."""
        zip_folder(folder / "evaluation_script", folder / "evaluation_script.zip")


def evaluate(
    settings: Path,
    test_annotation_file: str,
    user_annotation_file: str,
    phase_codename: str,
    **submission: Any,
) -> dict[str, Any]:
    """The platform's result: the metrics, and as ``error`` their spread over surgeries (ddof 0).

    A metric that is 0/0 has no number; it is left out of the result, and the board shows a "#".
    The board looks up an error ``error_<label>`` for *every* label as soon as there is one, and
    fails as a whole where it finds none (EvalAI, apps/jobs/utils.py). So there are all of them,
    the counts' being 0, or none: where a ratio is 0/0 in a surgery. Raises Exception with one plain
    message.
    """
    try:
        verdict = judge(
            Path(user_annotation_file), Path(test_annotation_file), load_settings(settings)
        )
    except BenchError as error:
        raise Exception(" ".join(error.message.split())) from None  # the platform shows the text
    found = numbers(verdict.score)
    deviation = spread(verdict.score)
    bars = {f"error_{key}": deviation.get(key, 0.0) for key in LABELS}
    return {
        "result": [{SPLIT: {key: found[key] for key in LABELS if key in found}}],
        **({"error": [{SPLIT: deviation | bars}]} if len(deviation) == len(METRICS) else {}),
        "submission_result": f"F1 {found['f1']:.4f}" if "f1" in found else "nothing to score",
        "submission_metadata": {
            "phase": phase_codename,
            "matching": verdict.score.settings.to_json(),
            "undefined": list(verdict.undefined),
        },
    }
