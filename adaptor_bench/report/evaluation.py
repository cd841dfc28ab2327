"""What ``bench evaluate`` prints: pooled counts and metrics, and the same per surgery."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from adaptor_bench.data.sizes import radius_note
from adaptor_bench.errors import plural
from adaptor_bench.report.counts import COUNTS, count, counted, label, metric_columns
from adaptor_bench.report.table import Table
from adaptor_bench.scoring.jsonable import jsonable
from adaptor_bench.scoring.metrics import Counts, metrics_of
from adaptor_bench.scoring.scorefile import FoldScore


def evaluation_as_json(score: FoldScore) -> dict[str, Any]:
    """Ratios in 0..1, null for 0/0. ``frames`` are those scored; ``missing`` had no prediction
    file, ``unknown`` are prediction files without a labelled frame."""
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


def _row(name: str, frames: int, counts: Counts) -> dict[str, Any]:
    return {
        "surgery": name,
        "frames": frames,
        "labels": counts.tp + counts.fn,
        "predictions": counts.tp + counts.fp,
        **counted(counts),
    }
