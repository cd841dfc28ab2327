"""What ``bench evaluate`` prints: pooled counts and metrics, the same per surgery, their intervals,
and the mean over folds, by which leaderboards rank."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from adaptor_bench.data.sizes import radius_note
from adaptor_bench.errors import plural
from adaptor_bench.report.card import interval_text
from adaptor_bench.report.counts import COUNTS, count, counted, label, metric_columns, percent
from adaptor_bench.report.table import Column, Table
from adaptor_bench.results.board import tally_of
from adaptor_bench.results.result import Result
from adaptor_bench.scoring.jsonable import jsonable
from adaptor_bench.scoring.metrics import METRICS, PRIMARY, Counts, metrics_of
from adaptor_bench.scoring.scorefile import FoldScore
from adaptor_bench.scoring.uncertainty.intervals import Interval, pooled_intervals
from adaptor_bench.scoring.uncertainty.study import study


def evaluation_as_json(score: FoldScore) -> dict[str, Any]:
    """Ratios in 0..1, null for 0/0. ``frames`` are those scored; ``missing`` had no prediction
    file, ``unknown`` are prediction files without a labelled frame; ``intervals`` are those of the
    pooled ratios, null where there are none: with one surgery."""
    return {
        "matching": score.settings.to_json(),
        "frames": len(score.scored),
        "counts": score.counts.to_json(),
        "metrics": jsonable(metrics_of(score.counts)),
        "missing": len(score.missing),
        "unknown": len(score.unknown),
        "surgeries": [
            {"surgery": name, "counts": counts.to_json(), "metrics": jsonable(metrics_of(counts))}
            for name, counts in score.surgeries().items()
        ],
        "intervals": {
            key: interval.to_json()
            for key, interval in pooled_intervals(score.surgeries().values()).items()
        },
    }


def evaluation_table(score: FoldScore, sizes: Iterable[tuple[int, int]] = ()) -> Table:
    """One row per surgery, the pooled one last; metrics in percent; ``sizes`` are the frames'."""
    frames: dict[str, int] = {}
    for frame in score.scored:
        frames[frame.surgery] = frames.get(frame.surgery, 0) + 1
    rows = [_row(name, frames[name], counts) for name, counts in score.surgeries().items()]
    rows.append(_row("all, pooled", len(score.scored), score.counts))
    columns = (
        label("surgery", "Surgery"),
        *(count(key, key.capitalize()) for key in ("frames", "labels", "predictions")),
        *COUNTS,
        *metric_columns(),
    )
    notes = [
        score.settings.describe(),
        *filter(None, [radius_note(score.settings.radius, sizes)]),
        f"{len(score.missing)} of {len(score.frames)} labelled frames had no prediction file.",
    ]
    if score.unknown:
        files = plural(len(score.unknown), "file matches", "files match")
        notes.append(f"{files} no labelled frame; not scored.")
    return Table("", columns, rows, tuple(notes))


def means_as_json(results: Sequence[Result]) -> dict[str, Any]:
    """Of every domain (``results``, one each) its folds and the mean over them. In 0..1; null where
    there is none: with one fold no limits, with a fold missing no mean."""
    return {
        "domains": [
            {
                "domain": result.domain,
                "fold_plan": dict(zip(("name", "sha256"), result.plan, strict=True)),
                "folds": [
                    {
                        "fold": part.fold,
                        "surgeries": list(part.validation),
                        "counts": part.counts.to_json(),
                        "metrics": jsonable(metrics_of(part.counts)),
                    }
                    for part in result.fold_results
                ],
                "mean": {
                    key: {**interval.to_json(), "std": _rounded(result.metrics[key].std)}
                    for key, interval in _over_folds(result).items()
                },
            }
            for result in results
        ],
    }


def means_table(score: FoldScore, results: Sequence[Result]) -> Table:
    """Every metric with its 95 % interval, percent: pooled, and as the mean over the folds of every
    domain."""
    columns = (
        label("of", "Of"),
        Column("n", "n", "right"),
        *(
            Column(key, f"{m.title} [95 %]", "right", "metric", interval_text)
            for key, m in METRICS.items()
        ),
        Column("std", f"{METRICS[PRIMARY].title} std", "right", "metric", percent),
    )
    surgeries = score.surgeries()
    rows: list[dict[str, Any]] = [
        {"of": "all, pooled", "n": plural(len(surgeries), "surgery", "surgeries"), "std": None}
        | pooled_intervals(surgeries.values())
    ]
    for result in results:
        std = result.main.std
        rows.append(
            {
                "of": f"{result.domain}, mean over folds",
                "n": plural(result.n or 0, "fold"),
                "std": None if std is None else 100 * std,
            }
            | _over_folds(result)
        )
    plans = dict.fromkeys(f"{result.domain}: {result.plan[0]}" for result in results)
    notes = (
        "A leaderboard ranks by the mean over folds. Folds: " + ", ".join(plans) + ".",
        "Intervals: pooled, jackknife over surgeries; over folds, Student's t, corrected for "
        "shared training surgeries. About other surgeries, not about other trainings.",
    )
    return Table("With intervals (%)", columns, rows, notes)


def _over_folds(result: Result) -> dict[str, Interval]:
    """Every metric's mean over folds; NaN without limits where a fold is missing."""
    nothing = Interval(math.nan, math.nan, math.nan)
    if result.missing or not result.n:
        return dict.fromkeys(METRICS, nothing)
    return study(tally_of([result])).intervals[result.name]


def _rounded(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else round(value, 6)


def _row(name: str, frames: int, counts: Counts) -> dict[str, Any]:
    return {
        "surgery": name,
        "frames": frames,
        "labels": counts.tp + counts.fn,
        "predictions": counts.tp + counts.fp,
        **counted(counts),
    }
