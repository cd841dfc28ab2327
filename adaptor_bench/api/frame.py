"""Results as pandas data frames. The one module that imports pandas; loaded when one is asked for.

All frames are tidy: one row per observation, plain column names, counts as integers, metrics in
0..1 with NaN for 0/0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import pandas

from adaptor_bench.evaluate.metrics import METRICS, metrics_of
from adaptor_bench.evaluate.scorefile import FoldScore
from adaptor_bench.results.board import Board
from adaptor_bench.results.load import tidy_rows
from adaptor_bench.results.result import Result


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


def results_frame(results: Iterable[Result], by: Literal["fold", "surgery"]) -> pandas.DataFrame:
    """One row per fold and seed of every result, or per surgery of these."""
    about = ("dataset", "domain", "method", "name", "team", "source", "profile", "seed", "fold")
    surgery = ("surgery",) if by == "surgery" else ()
    settings = ("rule", "radius", "inclusive", "missing")
    columns = (*about, *surgery, "tp", "fp", "fn", *METRICS, *settings)
    frame = frame_of(tidy_rows(results, by), columns)
    return frame.astype(dict.fromkeys(("seed", "fold", "tp", "fp", "fn"), "Int64"))


def ranking_frame(boards: Iterable[Board]) -> pandas.DataFrame:
    """One row per result of every board, in its order."""
    rows = []
    for board in boards:
        for result in board.results:
            row: dict[str, Any] = {
                "dataset": board.dataset,
                "domain": board.domain,
                "rank": result.rank,
                "method": result.name,
                "same_as": result.same_as,
                "n": result.n,
                "missing": len(result.missing),
            }
            for key, aggregate in result.metrics.items():
                row |= {f"{key}_mean": aggregate.mean, f"{key}_std": aggregate.std}
            rows.append(row)
    ends = [f"{key}_{end}" for key in METRICS for end in ("mean", "std")]
    names = ("dataset", "domain", "rank", "method", "same_as", "n", "missing", *ends)
    frame = frame_of(rows, names).astype(dict.fromkeys(ends, float))
    return frame.astype({"rank": "Int64", "n": "Int64"})
