"""What ``bench evaluate --analysis`` prints: one table a question, each with its definitions."""

from __future__ import annotations

from typing import Any

import numpy as np

from adaptor_bench.evaluate.analysis import Analysis
from adaptor_bench.evaluate.analysis.breakdown import Breakdown
from adaptor_bench.evaluate.analysis.chance import Floor
from adaptor_bench.evaluate.analysis.confidence import FROC_RATES
from adaptor_bench.evaluate.analysis.taxonomy import CLASSES, ErrorClass
from adaptor_bench.evaluate.metrics import METRICS
from adaptor_bench.report.table import Column, Table, number

__all__ = ["analysis_tables"]

_LISTED = 5  # of videos and frames, the worst
_PERCENT = number(2)

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


def _errors(analysis: Analysis) -> Table:
    found = analysis.errors

    def row(entry: ErrorClass) -> dict[str, Any]:
        return {
            "error": _ERRORS.get(entry.name, entry.name),
            "fp": entry.fp,
            "fn": entry.fn,
            "f1": 100 * entry.f1,
            "cost": 100 * entry.cost,
            "what": (CLASSES | _WHOLE_SIDES)[entry.name],
        }

    # Only a rule that gives no second choice leaves pairs apart.
    shown = [e for e in found.classes if e.name != "left_apart" or e.fp or e.fn]
    return Table(
        "Errors by kind, and the F1 each kind costs",
        (
            Column("error", "Error", role="label"),
            Column("fp", "FP", "right"),
            Column("fn", "FN", "right"),
            Column("f1", "F1 then %", "right", "metric", _PERCENT),
            Column("cost", "Cost", "right", "metric", _PERCENT),
            Column("what", "What"),
        ),
        [row(entry) for entry in (*shown, found.all_fp, found.all_fn)],
        (
            f"r = {analysis.settings.radius:g} px. Every FP and every FN has one kind, the first "
            f"that fits. F1 then: had an oracle removed its FP and found its FN. Cost: that minus "
            f"the present {_PERCENT(100 * found.f1)}; costs do not add up.",
            *_guessed(analysis, "The edge of the frame rests on that."),
        ),
    )


def _localisation(analysis: Analysis) -> Table:
    found = analysis.localisation
    rows = [
        ("mean", found.mean, "mean distance"),
        ("median", found.median, "half of the pairs are closer"),
        ("p95", found.p95, "95 % of the pairs are closer (linear interpolation)"),
        ("dx", found.dx, "mean of x predicted - x labelled; positive: too far right"),
        ("dy", found.dy, "mean of y predicted - y labelled; positive: too far down"),
    ]
    return Table(
        "Localisation of matched pairs",
        (
            Column("measure", "Error", role="label"),
            Column("value", "px", "right", "metric", number(3)),
            Column("what", "What"),
        ),
        [{"measure": name, "value": value, "what": what} for name, value, what in rows],
        (
            f"{found.pairs} matched pairs. Only matched pairs count, so no error exceeds "
            f"{analysis.settings.radius:g} px.",
        ),
    )


def _counting(analysis: Analysis) -> Table:
    found = analysis.counting
    signed = "-" if np.isnan(found.bias) else f"{found.bias:+.2f}"
    empty = (
        f"Specificity: in {_PERCENT(100 * found.specificity)} % of the {found.empty_frames} "
        "frames without labels nothing was predicted."
        if found.empty_frames
        else "Specificity: -, no frame is without labels."
    )
    return Table(
        "By number of labels in the frame",
        (
            Column("labels", "Labels", role="label"),
            Column("frames", "Frames", "right"),
            *(Column(key, key.upper(), "right") for key in ("tp", "fp", "fn")),
            Column("f1", "F1 %", "right", "metric", _PERCENT),
            Column("bias", "Count bias", "right", "metric", number(2)),
        ),
        [{**vars(entry), "labels": entry.name, "f1": 100 * entry.f1} for entry in found.bins],
        (
            f"Count bias: predicted minus labelled points a frame, on average; over all frames "
            f"{signed}. Mean absolute count error: {number(2)(found.mae)}.",
            empty,
        ),
    )


def _groups(key: str, title: str, found: Breakdown, order: list[int]) -> tuple[Any, Any]:
    columns = (
        Column(key, title, role="label"),
        *(Column(k, k.upper(), "right") for k in ("tp", "fp", "fn")),
        *(Column(k, f"{m.short} %", "right", "metric", _PERCENT) for k, m in METRICS.items()),
        Column("bias", "Count bias", "right", "metric", number(2)),
        Column("distance", "px", "right", "metric", number(2)),
    )
    rows = [
        {
            key: found.names[g],
            **{k: int(getattr(found, k)[g]) for k in ("tp", "fp", "fn")},
            **{k: 100 * float(values[g]) for k, values in found.metrics.items()},
            "bias": float(found.bias[g]),
            "distance": float(found.distance[g]),
        }
        for g in order
    ]
    return columns, rows


_GROUP_NOTE = "Count bias: predicted minus labelled points a frame. px: mean distance of matches."


def _surgeries(analysis: Analysis) -> Table:
    found = analysis.surgeries
    columns, rows = _groups("surgery", "Surgery", found, list(range(len(found.names))))
    worst = found.worst
    notes = [_GROUP_NOTE]
    if worst is not None and len(rows) > 1:
        notes.append(f"Worst surgery: {found.names[worst]}, F1 {_PERCENT(100 * found.f1[worst])}.")
    return Table("By surgery", columns, rows, tuple(notes))


def _videos(analysis: Analysis) -> Table | None:
    found = analysis.videos
    if len(found.names) == len(analysis.surgeries.names):
        return None  # one each: the table above again
    known = np.flatnonzero(~np.isnan(found.f1))
    order = known[np.argsort(found.f1[known], kind="stable")][:_LISTED].tolist()
    columns, rows = _groups("video", "Video", found, order)
    title = f"Videos with the lowest F1, {len(rows)} of {len(found.names)}"
    return Table(title, columns, rows, (_GROUP_NOTE,))


def _frames(analysis: Analysis) -> Table:
    found = analysis.per_frame
    worst = found.worst
    columns, rows = _groups("frame", "Frame", worst, list(range(len(worst.names))))
    quartiles = ", ".join(_PERCENT(100 * q) for q in (found.p25, found.median, found.p75))
    return Table(
        "Frames with the most errors",
        tuple(c for c in columns if c.key == "f1" or c.key not in METRICS),
        rows,
        (
            f"F1 % of single frames: quartiles {quartiles}; mean {_PERCENT(100 * found.mean)}; "
            f"perfect in {_PERCENT(100 * found.perfect)} % of the frames, 0 in "
            f"{_PERCENT(100 * found.failed)} %; over the {found.frames} frames with a label or a "
            "prediction.",
        ),
    )


def _radius(analysis: Analysis) -> Table:
    found = analysis.radius
    boundary = "<=" if analysis.settings.inclusive else "<"
    return Table(
        "By matching radius",
        (
            Column("radius", "Radius px", "right", "label", lambda r: f"{r:g}"),
            Column("tp", "TP", "right"),
            *(Column(k, f"{m.short} %", "right", "metric", _PERCENT) for k, m in METRICS.items()),
        ),
        [
            {
                "radius": float(radius),
                "tp": int(found.tp[i]),
                **{k: 100 * float(values[i]) for k, values in found.metrics.items()},
            }
            for i, radius in enumerate(found.radii)
        ],
        (
            f"Rule {analysis.settings.rule}, distance {boundary} radius, matched anew at each. "
            f"Area under F1, {found.radii[0]:g} to {found.radii[-1]:g} px, as mean height: "
            f"{_PERCENT(100 * found.area)} %.",
        ),
    )


def _chance(analysis: Analysis) -> Table:
    found = analysis.chance

    def row(name: str, floor: Floor, what: str) -> dict[str, Any]:
        return {
            "detector": name,
            "f1": 100 * floor.f1,
            "error": 100 * floor.standard_error,
            "skill": 100 * floor.skill,
            "what": floor.absent or what,
        }

    return Table(
        "Against chance",
        (
            Column("detector", "Blind detector", role="label"),
            Column("f1", "F1 %", "right", "metric", _PERCENT),
            Column("error", "± SE", "right", "detail", number(3)),
            Column("skill", "Skill %", "right", "metric", _PERCENT),
            Column("what", "Points"),
        ),
        [
            row("uniform", found.uniform, "anywhere in the frame"),
            row("prior", found.prior, f"at labels of {found.prior_from}"),
        ],
        (
            "As many points a frame as predicted, thrown without looking at it. Skill: (F1 - "
            f"floor) / (1 - floor), with F1 {_PERCENT(100 * found.f1)} %. ± SE: standard error of "
            f"the mean over {found.draws} draws; seed {found.seed}.",
            *_guessed(analysis, "The floors rest on that."),
        ),
    )


def _guessed(analysis: Analysis, so: str) -> tuple[str, ...]:
    """What has to be said under a table that needs to know how large frames are."""
    n = analysis.size_unknown
    if not n:
        return ()
    return (f"The size of {n} of {len(analysis.keys)} frames is unknown, taken as 512x288. {so}",)


def _confidence(analysis: Analysis) -> Table:
    found = analysis.confidence
    best = "keeping scores >= the best threshold"
    rows: list[tuple[str, Any, str]] = [("AP", 100 * found.ap, "area under precision-sensitivity")]
    if found.absent is not None:
        notes = [f"No average precision, FROC or best threshold: {found.absent}."]
    elif not found.thresholds:
        notes = ["Nothing was predicted."]
    else:
        rows += [
            (f"sensitivity at {rate:g} FP/frame", 100 * value, "")
            for rate, value in zip(FROC_RATES, found.froc, strict=True)
        ]
        rows += [
            ("FROC", 100 * found.froc_mean, f"mean of these {len(FROC_RATES)} sensitivities"),
            ("best F1", 100 * found.best_f1, best),
            ("precision there", 100 * found.best_precision, ""),
            ("sensitivity there", 100 * found.best_sensitivity, ""),
        ]
        notes = [
            f"Best threshold: {found.best_threshold:.6g} (of {found.thresholds} distinct "
            "scores), chosen on these very frames, so its F1 is optimistic. All points together: "
            f"{number(2)(found.fp_per_frame)} false positives a frame.",
            "Each prediction, by falling score, takes the nearest free label within "
            f"{analysis.settings.radius:g} px; equal scores enter together. AP by all-point "
            "interpolation; FROC without interpolation.",
        ]
    return Table(
        "Confidence",
        (
            Column("measure", "Measure", role="label"),
            Column("value", "%", "right", "metric", _PERCENT),
            Column("what", "What"),
        ),
        [{"measure": name, "value": value, "what": what} for name, value, what in rows],
        tuple(notes),
    )
