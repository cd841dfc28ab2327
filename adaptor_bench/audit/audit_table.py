"""What ``bench audit`` prints: all rules in one table, and the frames and pairs they differ on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from adaptor_bench.audit.audit import MARGIN, Audit
from adaptor_bench.errors import plural
from adaptor_bench.matching.batch import Indices
from adaptor_bench.matching.rules import all_rules
from adaptor_bench.matching.settings import RULE
from adaptor_bench.report.counts import COUNTS, count, counted, label, metric_columns
from adaptor_bench.report.table import DASH, Column, Table, number
from adaptor_bench.scoring.jsonable import jsonable
from adaptor_bench.scoring.metrics import f1

_SIGN = {True: "<=", False: "<"}


def audit_as_json(audit: Audit) -> dict[str, Any]:
    """Everything, nothing capped: ratios in 0..1, null for 0/0; indices as in the files."""
    return {
        "radius": audit.radius,
        "frames": len(audit.keys),
        "missing": int(audit.missing.sum()),
        "unknown": len(audit.unknown),
        "primary": {"rule": RULE, "inclusive": True, "missing": "empty"},
        "missing_policies": list(audit.policies),
        "rules": jsonable(audit.rows),
        "totals": _totals(audit),
        "true_positives_at_radius": [{"radius": r, "tp": tp} for r, tp in audit.tp_at.items()],
        "conclusion": conclusion(audit),
        "frames_differ": [_frame(audit, f) for f in _frames(audit).tolist()],
        "fragile_pairs": list(_pairs(audit)),
    }


def audit_tables(audit: Audit, limit: int = 20) -> list[Table]:
    """The table of rules, then the frames and the pairs that depend on the protocol.

    ``limit`` caps the two lists (0 lists all); totals are exact.
    """
    totals = _totals(audit)
    tables = [_rules(audit), _differing_frames(audit, limit, totals["frames"])]
    return [t for t in (*tables, _fragile_pairs(audit, limit, totals["pairs"])) if t is not None]


def conclusion(audit: Audit) -> str:
    """One sentence on what the choice of protocol changes."""
    if len({row.counts for row in audit.rows}) == 1 and not audit.pairs.fragile.any():
        return "All rules and both boundaries give the same counts, and no pair is fragile."
    scores = {rule: 100 * f1(audit.counts(rule)) for rule in audit.ranked}
    low, high = (pick(scores, key=lambda r: scores[r]) for pick in (min, max))
    totals = _totals(audit)
    frames, pairs = totals["frames"], totals["pairs"]
    if scores[low] == scores[high]:
        parts = [f"{_listing(audit.ranked)} agree on F1 ({scores[high]:.2f})"]
    else:
        parts = [
            f"{_listing(audit.ranked)} agree within {scores[high] - scores[low]:.2f} points of F1 "
            f"({low} {scores[low]:.2f}, {high} {scores[high]:.2f})"
        ]
    parts += [
        f"they count {frames['counts_differ']} of {plural(len(audit.keys), 'frame')} differently "
        f"({_share(frames['counts_differ'], len(audit.keys))})",
        f"the boundary decides {plural(pairs['by_boundary'], 'pair')}",
        f"{pairs['fragile']} of {plural(pairs['all'], 'pair')} are fragile and carry "
        f"{pairs['fragile_true_positives']} of {audit.primary.tp} true positives",
    ]
    if audit.missing.any():
        change = 100 * (f1(audit.counts(RULE, missing="skip")) - f1(audit.primary))
        outcome = (
            "leaves nothing to score" if math.isnan(change) else f"changes F1 by {change:+.2f}"
        )
        left_out = plural(int(audit.missing.sum()), "frame")
        parts.append(f"leaving out the {left_out} without a prediction {outcome}")
    return "; ".join(parts) + "."


def _rules(audit: Audit) -> Table:
    rows = [
        vars(row) | counted(row.counts) | {"boundary": _SIGN[row.inclusive], "df1": 100 * row.df1}
        for row in audit.rows
    ]
    columns = [
        label("rule", "Rule"),
        Column("boundary", "d"),
        *([Column("missing", "Missing")] if audit.missing.any() else []),
        *COUNTS,
        *metric_columns(),
        Column("dtp", "dTP", "right", "metric", lambda v: f"{v:+d}"),
        Column("df1", "dF1", "right", "metric", _signed),
    ]
    around = ", ".join(f"{radius:g} px: {tp}" for radius, tp in audit.tp_at.items())
    notes = [
        conclusion(audit),
        f"d: distance {audit.radius:g} px counts (<=) or not (<). dTP, dF1 (points): against "
        f"{RULE}, <=, missing frames as empty ones.",
        f"Missing: {int(audit.missing.sum())} of {len(audit.keys)} labelled frames have no "
        "prediction file; they count as empty, or are left out (skip)."
        if audit.missing.any()
        else "Every labelled frame has a prediction file, so missing policies do not differ.",
        f"True positives of {RULE} by radius: {around}.",
        *(f"{rule.name}: {rule.definition}." for rule in all_rules().values()),
    ]
    if audit.unknown:
        files = plural(len(audit.unknown), "file matches", "files match")
        notes.append(f"{files} no labelled frame; ignored.")
    return Table("", tuple(columns), rows, tuple(notes))


def _differing_frames(audit: Audit, limit: int, totals: dict[str, int]) -> Table | None:
    chosen = _frames(audit)
    if not len(chosen):
        return None
    shown = [_flat(_frame(audit, f)) for f in (chosen[:limit] if limit else chosen).tolist()]
    n = len(audit.keys)
    return Table(
        "Frames on which the rules differ: true positives",
        (
            label("frame", "Frame"),
            *(count(key, key.capitalize()) for key in ("predictions", "labels")),
            *(count(key, key) for key in _by_rule(audit, 0)),
        ),
        shown,
        (
            _listed(len(shown), len(chosen), "frames"),
            f"{_listing(audit.ranked)} make different pairs in {totals['pairs_differ']} frames "
            f"({_share(totals['pairs_differ'], n)}) and count {totals['counts_differ']} "
            f"differently ({_share(totals['counts_differ'], n)}); the boundary changes "
            f"{totals['boundary_differs']}; ungated counts {totals['ungated_differs']} otherwise "
            f"than {RULE}.",
        ),
    )


def _fragile_pairs(audit: Audit, limit: int, totals: dict[str, int]) -> Table | None:
    if not totals["fragile"]:
        return None
    shown = [_flat(pair) for pair in islice(_pairs(audit), limit or None)]
    return Table(
        "Fragile pairs",
        (
            label("frame", "Frame"),
            count("prediction", "Prediction"),
            count("label", "Label"),
            Column("distance", "px", "right", show=number(3)),
            Column("why", "Why", show=", ".join),
            *(count(rule, rule) for rule in audit.partner),
        ),
        shown,
        (
            _listed(len(shown), totals["fragile"], "fragile pairs"),
            "Per rule (<=): the label this prediction is paired with. Why: rule, not all of "
            f"{', '.join(audit.ranked)} make the pair ({totals['by_rule']}); boundary, some make "
            f"it only with <= or only with < ({totals['by_boundary']}); radius, less than "
            f"{MARGIN:g} px within or beyond the radius ({totals['near_radius']}).",
            f"Fragile pairs carry {totals['fragile_true_positives']} of {audit.primary.tp} true "
            f"positives ({_share(totals['fragile_true_positives'], audit.primary.tp)}).",
        ),
    )


def _totals(audit: Audit) -> dict[str, dict[str, int]]:
    frames = ("pairs_differ", "counts_differ", "boundary_differs", "ungated_differs")
    pairs = audit.pairs
    kinds = {k: getattr(pairs, k) for k in ("near_radius", "by_rule", "by_boundary", "fragile")}
    carried = {f"{k}_true_positives": int((v & pairs.primary).sum()) for k, v in kinds.items()}
    return {
        "frames": {key: int(getattr(audit, key).sum()) for key in frames},
        "pairs": {"all": len(pairs.frame)} | {k: int(v.sum()) for k, v in kinds.items()} | carried,
    }


def _frames(audit: Audit) -> Indices:
    """Frames worth listing: those the ranked rules or the boundary treat differently first."""
    strong = audit.pairs_differ | audit.boundary_differs
    return np.concatenate([np.flatnonzero(strong), np.flatnonzero(audit.ungated_differs & ~strong)])


def _by_rule(audit: Audit, f: int) -> dict[str, int]:
    return {f"{rule} {_SIGN[inclusive]}": int(tp[f]) for (rule, inclusive), tp in audit.tp.items()}


def _frame(audit: Audit, f: int) -> dict[str, Any]:
    return {
        "frame": audit.keys[f],
        "predictions": int(audit.predictions[f]),
        "labels": int(audit.labels[f]),
        "true_positives": _by_rule(audit, f),
    }


def _pairs(audit: Audit) -> Iterator[dict[str, Any]]:
    """Fragile pairs: those that depend on the rule or boundary first, in order of the frames."""
    pairs = audit.pairs
    strong = pairs.by_rule | pairs.by_boundary
    order = np.concatenate([np.flatnonzero(strong), np.flatnonzero(pairs.fragile & ~strong)])
    reasons = {"rule": pairs.by_rule, "boundary": pairs.by_boundary, "radius": pairs.near_radius}
    for k in order.tolist():
        frame, prediction = int(pairs.frame[k]), int(pairs.prediction[k])
        row = audit.starts[frame] + prediction
        partners = {rule: int(of[row]) for rule, of in audit.partner.items()}
        yield {
            "frame": audit.keys[frame],
            "prediction": prediction,
            "label": int(pairs.label[k]),
            "distance": float(pairs.distance[k]),
            "why": [reason for reason, flags in reasons.items() if flags[k]],
            "paired_with": {rule: None if j < 0 else j for rule, j in partners.items()},
        }


def _flat(entry: dict[str, Any]) -> dict[str, Any]:
    """Nested values beside the others, for a row of a table."""
    nested = {k: v for value in entry.values() if isinstance(value, dict) for k, v in value.items()}
    return entry | nested


def _listing(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _signed(value: float) -> str:
    return DASH if math.isnan(value) else f"{value:+.2f}"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else DASH


def _listed(shown: int, total: int, what: str) -> str:
    return f"{total} {what}{'' if shown == total else f', the first {shown} listed'}."
