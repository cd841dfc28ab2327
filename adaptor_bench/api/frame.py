"""Results as pandas data frames. The one module that imports pandas; loaded when one is asked for.

All frames are tidy: one row per observation, plain column names, counts as integers, metrics in
0..1 with NaN for 0/0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas

from adaptor_bench.evaluate.metrics import METRICS, metrics_of
from adaptor_bench.evaluate.scorefile import FoldScore

__all__ = ["evaluation_frame", "frame_of"]


def frame_of(rows: Iterable[Mapping[str, Any]], columns: Iterable[str]) -> pandas.DataFrame:
    """One row per mapping; ``columns`` are there also when there is no row."""
    return pandas.DataFrame.from_records(list(rows), columns=list(columns))


def evaluation_frame(score: FoldScore) -> pandas.DataFrame:
    """One row per scored video frame."""
    rows = []
    for frame in score.scored:
        surgery, video, stem = frame.key.split("/")
        rows.append(
            {
                "surgery": surgery,
                "video": video,
                "stem": stem,
                "labels": frame.labels,
                "predictions": frame.predictions,
                **frame.counts.to_json(),
                **metrics_of(frame.counts),
                "missing": frame.missing,
            }
        )
    names = ("surgery", "video", "stem", "labels", "predictions", "tp", "fp", "fn", *METRICS)
    return frame_of(rows, [*names, "missing"])
