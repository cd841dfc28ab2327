"""What ``bench evaluate --analysis`` prints: one table a question, each with its definitions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adaptor_bench.errors import plural
from adaptor_bench.report.counts import (
    COUNTS,
    count,
    label,
    metric_columns,
    percent,
    percent_of,
)
from adaptor_bench.report.table import Column, Table, number
from adaptor_bench.scoring.analysis.analyse import Analysis
from adaptor_bench.scoring.analysis.breakdown import Breakdown
from adaptor_bench.scoring.analysis.confidence import FROC_RATES
from adaptor_bench.scoring.analysis.taxonomy import CLASSES

_LISTED = 5  # of videos and frames, the worst
_F1 = Column("f1", "F1 %", "right", "metric", percent)
_BIAS = Column("bias", "Count bias", "right", "metric", number(2))

_ERRORS = {
    "left_apart": "left apart",
    "near_miss": "near miss",
    "crowded": "crowded miss",
    "missed": "other miss",
    "all_fp": "every FP",
    "all_fn": "every FN",
}
_WHOLE_SIDES = {"all_fp": "no false positive at all", "all_fn": "no miss at all"}


def analysis_tables(analysis: Analysis) -> list[Table]:
    """The tables in reading order: errors, localisation, numbers of points, groups, frames,
    radius, chance, confidence. Ratios in percent, distances in pixels."""
    tables = [
        _errors(analysis),
        _localisation(analysis),
        _counting(analysis),
        _surgeries(analysis),
        _videos(analysis),
        _frames(analysis),
        _radius(analysis),
        _chance(analysis),
        _confidence(analysis),
    ]
    return [table for table in tables if table is not None]


def _table(
    title: str, columns: Sequence[Column], rows: Sequence[Sequence[Any]], *notes: str
) -> Table:
    """``rows`` hold their values in the order of ``columns``."""
    keys = [column.key for column in columns]
    return Table(title, tuple(columns), [dict(zip(keys, row, strict=True)) for row in rows], notes)


def _errors(analysis: Analysis) -> Table:
    errors = analysis.errors
    # Only a rule that gives no second choice leaves pairs apart.
    shown = [e for e in errors.classes if e.name != "left_apart" or e.fp or e.fn]
    return _table(
        "Errors by kind, and the F1 each kind costs",
        (
            label("error", "Error"),
            *COUNTS[1:],
            Column("f1", "F1 then %", "right", "metric", percent),
            Column("cost", "Cost", "right", "metric", percent),
            Column("what", "What"),
        ),
        [
            (
                _ERRORS.get(e.name, e.name),
                e.fp,
                e.fn,
                100 * e.f1,
                100 * e.cost,
                (CLASSES | _WHOLE_SIDES)[e.name],
            )
            for e in (*shown, errors.all_fp, errors.all_fn)
        ],
        f"r = {analysis.settings.radius:g} px. Every FP and every FN has one kind, the first "
        f"that fits. F1 then: had an oracle removed its FP and found its FN. Cost: that minus "
        f"the present {percent(100 * errors.f1)}; costs do not add up.",
        *_guessed(analysis, "The edge of the frame rests on that."),
    )


def _localisation(analysis: Analysis) -> Table:
    error = analysis.localisation
    return _table(
        "Localisation of matched pairs",
        (
            label("measure", "Error"),
            Column("value", "px", "right", "metric", number(3)),
            Column("what", "What"),
        ),
        [
            ("mean", error.mean, "mean distance"),
            ("median", error.median, "half of the pairs are closer"),
            ("p95", error.p95, "95 % of the pairs are closer (linear interpolation)"),
            ("dx", error.dx, "mean of x predicted - x labelled; positive: too far right"),
            ("dy", error.dy, "mean of y predicted - y labelled; positive: too far down"),
        ],
        f"{plural(error.pairs, 'matched pair')}. Only matched pairs count, so no error exceeds "
        f"{analysis.settings.radius:g} px.",
    )


def _counting(analysis: Analysis) -> Table:
    numbers = analysis.counting
    bias = "-" if np.isnan(numbers.bias) else f"{numbers.bias:+.2f}"
    return _table(
        "By number of labels in the frame",
        (label("labels", "Labels"), count("frames", "Frames"), *COUNTS, _F1, _BIAS),
        [
            (b.labels, b.frames, *b.counts.to_json().values(), 100 * b.f1, b.bias)
            for b in numbers.by_labels
        ],
        f"Count bias: predicted minus labelled points a frame, on average; over all frames "
        f"{bias}. Mean absolute count error: {number(2)(numbers.mae)}.",
        f"Specificity: in {percent(100 * numbers.specificity)} % of the {numbers.empty_frames} "
        "frames without labels nothing was predicted."
        if numbers.empty_frames
        else "Specificity: -, no frame is without labels.",
    )


def _groups(
    groups: Breakdown,
    order: Sequence[int],
    title: str,
    *notes: str,
    all_metrics: bool = True,
) -> Table:
    metrics = [c for c in metric_columns(short=True) if all_metrics or c.key == "f1"]
    return Table(
        title,
        (
            label(groups.what, groups.what.title()),
            *COUNTS,
            *metrics,
            _BIAS,
            Column("distance", "px", "right", "metric", number(2)),
        ),
        [
            {
                groups.what: groups.names[g],
                **{k: int(getattr(groups, k)[g]) for k in ("tp", "fp", "fn")},
                **percent_of(groups.metrics, g),
                "bias": float(groups.bias[g]),
                "distance": float(groups.distance[g]),
            }
            for g in order
        ],
        notes,
    )


_GROUP_NOTE = "Count bias: predicted minus labelled points a frame. px: mean distance of matches."


def _surgeries(analysis: Analysis) -> Table:
    groups, notes = analysis.surgeries, [_GROUP_NOTE]
    worst = groups.worst
    if worst is not None and len(groups.names) > 1:
        f1 = percent(100 * groups.f1[worst])
        notes.append(f"Worst surgery: {groups.names[worst]}, F1 {f1}.")
    return _groups(groups, range(len(groups.names)), "By surgery", *notes)


def _videos(analysis: Analysis) -> Table | None:
    groups = analysis.videos
    if len(groups.names) == len(analysis.surgeries.names):
        return None  # one each: the table above again
    known = np.flatnonzero(~np.isnan(groups.f1))
    order = known[np.argsort(groups.f1[known], kind="stable")][:_LISTED].tolist()
    title = f"Videos with the lowest F1, {len(order)} of {len(groups.names)}"
    return _groups(groups, order, title, _GROUP_NOTE)


def _frames(analysis: Analysis) -> Table:
    spread = analysis.per_frame
    quartiles = (spread.p25_f1, spread.median_f1, spread.p75_f1)
    return _groups(
        spread.worst,
        range(len(spread.worst.names)),
        "Frames with the most errors",
        f"F1 % of single frames: quartiles {', '.join(percent(100 * q) for q in quartiles)}; mean "
        f"{percent(100 * spread.mean_f1)}; perfect in {percent(100 * spread.perfect)} % of the "
        f"frames, 0 in {percent(100 * spread.failed)} %; over the {spread.frames} frames with a "
        "label or a prediction.",
        all_metrics=False,
    )


def _radius(analysis: Analysis) -> Table:
    curve = analysis.radius
    boundary = "<=" if analysis.settings.inclusive else "<"
    return _table(
        "By matching radius",
        (
            Column("radius", "Radius px", "right", "label", lambda r: f"{r:g}"),
            COUNTS[0],
            *metric_columns(short=True),
        ),
        [
            (float(radius), int(curve.tp[i]), *percent_of(curve.metrics, i).values())
            for i, radius in enumerate(curve.radii)
        ],
        f"Rule {analysis.settings.rule}, distance {boundary} radius, matched anew at each. "
        f"Area under F1, {curve.radii[0]:g} to {curve.radii[-1]:g} px, as mean height: "
        f"{percent(100 * curve.area)} %.",
    )


def _chance(analysis: Analysis) -> Table:
    chance = analysis.chance
    floors = (
        ("uniform", chance.uniform, "anywhere in the frame"),
        ("prior", chance.prior, f"at labels of {chance.prior_from}"),
    )
    return _table(
        "Against chance",
        (
            label("detector", "Blind detector"),
            _F1,
            Column("error", "± SE", "right", "detail", number(3)),
            Column("skill", "Skill %", "right", "metric", percent),
            Column("what", "Points"),
        ),
        [
            (name, 100 * f.f1, 100 * f.standard_error, 100 * f.skill, f.absent or what)
            for name, f, what in floors
        ],
        "As many points a frame as predicted, thrown without looking at it. Skill: (F1 - "
        f"floor) / (1 - floor), with F1 {percent(100 * chance.f1)} %. ± SE: standard error of "
        f"the mean over {chance.draws} draws; seed {chance.seed}.",
        *_guessed(analysis, "The floors rest on that."),
    )


def _guessed(analysis: Analysis, so: str) -> tuple[str, ...]:
    """What has to be said under a table that needs to know how large frames are."""
    n = analysis.size_unknown
    if not n:
        return ()
    return (f"The size of {n} of {len(analysis.keys)} frames is unknown, taken as 512x288. {so}",)


def _confidence(analysis: Analysis) -> Table:
    scores = analysis.confidence
    rows: list[tuple[str, Any, str]] = [("AP", 100 * scores.ap, "area under precision-sensitivity")]
    if scores.absent is not None:
        notes = [f"No average precision, FROC or best threshold: {scores.absent}."]
    elif not scores.thresholds:
        notes = ["Nothing was predicted."]
    else:
        rows += [
            (f"sensitivity at {rate:g} FP/frame", 100 * value, "")
            for rate, value in zip(FROC_RATES, scores.froc, strict=True)
        ]
        rows += [
            ("FROC", 100 * scores.froc_mean, f"mean of these {len(FROC_RATES)} sensitivities"),
            ("best F1", 100 * scores.best_f1, "keeping scores >= the best threshold"),
            ("precision there", 100 * scores.best_precision, ""),
            ("sensitivity there", 100 * scores.best_sensitivity, ""),
        ]
        notes = [
            f"Best threshold: {scores.best_threshold:.6g} (of {scores.thresholds} distinct "
            "scores), chosen on these very frames, so its F1 is optimistic. All points together: "
            f"{number(2)(scores.fp_per_frame)} false positives a frame.",
            "Each prediction, by falling score, takes the nearest free label within "
            f"{analysis.settings.radius:g} px; equal scores enter together. AP by all-point "
            "interpolation; FROC without interpolation.",
        ]
    columns = (
        label("measure", "Measure"),
        Column("value", "%", "right", "metric", percent),
        Column("what", "What"),
    )
    return _table("Confidence", columns, rows, *notes)
