"""What the front page shows of every board: rows, notes, plots, provenance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from adaptor_bench.evaluate.metrics import METRICS, PRIMARY
from adaptor_bench.figures.svg import key
from adaptor_bench.report.card import Card
from adaptor_bench.report.footers import matching_notes, unlabelled_notes
from adaptor_bench.results.blocks import Row
from adaptor_bench.results.published import PROTOCOLS
from adaptor_bench.site.curves import Curve
from adaptor_bench.site.gather import Board, Subject
from adaptor_bench.site.plots import FoldLine, Series, fold_plot, line_plot

__all__ = ["board_page", "curve_page", "heading", "provenance"]


def heading(board: Board) -> str:
    """The board's title in words."""
    block = board.block
    if block.kind == "published":
        return f"{block.domain}: published on AdaptOR 2021"
    return f"{block.domain}: measured on {block.dataset}"


def board_page(board: Board, curves: Mapping[int, Curve], card: Card | None) -> dict[str, Any]:
    """The board as the template reads it; ``card`` is its ranking card, if it has one."""
    block = board.block
    entries = {id(entry.row): entry for entry in board.entries}
    folds = sorted(
        {
            fold
            for row in block.rows
            for fold in (*(row.numbers[PRIMARY].folds or {}), *row.missing, *row.unlabelled)
        },
        key=lambda name: int(name[1:]),
    )
    best = {key: _best(block.rows, key) for key in METRICS}
    intervals = _intervals(board)
    rows = []
    for row in block.rows:
        entry = entries.get(id(row))
        limits = intervals.get(entry.subject.name) if entry else None
        low, high = limits or (None, None)
        numbers = [
            {"mean": n.mean, "std": n.std, "best": _same(n.mean, best[metric])}
            for metric, n in row.numbers.items()
        ]
        rows.append(
            {
                "rank": row.rank,
                "name": entry.subject.name if entry else row.method,
                "page": entry.subject.page if entry else None,
                "source": row.source,
                "profile": row.profile,
                "numbers": numbers,
                "folds": [(row.numbers[PRIMARY].folds or {}).get(fold) for fold in folds],
                "n": row.n,
                "of_folds": row.of_folds,
                "missing": row.missing,
                "seeds": len(row.seeds),
                "seed_std": row.numbers[PRIMARY].seed_std,
                "low": low,
                "high": high,
            }
        )
    return {
        "anchor": board.anchor,
        "heading": heading(board),
        "remark": _remark(board),
        "ranked": block.ranked,
        "mixed": len({row.source for row in block.rows}) > 1,
        "profiles": len({row.profile for row in block.rows if row.profile}) > 1,
        "seeds": any(len(row.seeds) > 1 for row in block.rows),
        "folds": folds,
        "rows": rows,
        "notes": _notes(board),
        "sentences": card.sentences if card else (),
        "has_interval": bool(intervals),
        "interval_name": _interval_name(board),
        "curve": curve_page(board, curves),
        "fold_plot": _fold_plot(board, intervals),
    }


def curve_page(
    board: Board, curves: Mapping[int, Curve], subject: Subject | None = None
) -> dict[str, Any] | None:
    """Plot, legend and table of F1 by radius, ``subject`` first; None where there is no curve."""
    shown = [e.subject for e in board.entries if e.subject.index in curves]
    if not shown or (subject is not None and subject not in shown):
        return None
    if subject is not None:
        shown.sort(key=lambda s: s is not subject)
    lines = [
        Series(s.name, s.index, curves[s.index].radii, curves[s.index].f1.tolist()) for s in shown
    ]
    settings = board.settings
    title = f"F1 in percent by matching radius in pixels, {board.block.domain}: " + ", ".join(
        f"{line.name} {_at(line, settings.radius)}" for line in lines
    )
    return {
        "svg": line_plot(
            lines,
            title=f"{title} at {settings.radius:g} px",
            x_title="matching radius, px",
            y_title="F1 %",
            mark=settings.radius,
        ),
        "series": [{"name": line.name, "key": key(line.index)} for line in lines],
        "rows": [
            {"radius": radius, "values": [line.y[i] for line in lines]}
            for i, radius in enumerate(lines[0].x)
        ],
        "caption": "Matched anew at every radius by the rule of the board; mean over folds. A "
        "curve that still climbs far right of the mark locates loosely; one that is low "
        "everywhere misses or invents points.",
    }


def provenance(board: Board) -> dict[str, Any] | None:
    """Where the board's numbers come from; None for published numbers alone."""
    if not board.entries:
        return None
    runs = [run for entry in board.entries for run, _ in entry.cell.pairs()]
    run = runs[0]
    facts = [
        ("Dataset", f"{run.dataset['name']} ({run.dataset['kind']})"),
        ("Fingerprint", run.dataset["fingerprint"]),
        ("Folds", f"{run.fold_plan['name']}, {run.fold_plan['sha256']}"),
        ("Matching", " ".join(matching_notes(board.settings, runs)).removeprefix("Matching: ")),
        ("Profile", _listed(r.profile for r in runs)),
        ("Training seeds", _listed(r.seed for r in runs)),
        ("Device", _listed(r.device for r in runs)),
        ("Training and prediction", _duration(r.seconds.get("total") for r in runs)),
    ]
    names = dict.fromkeys(name for r in runs for name in r.versions)
    facts += [(_fact(n), _listed(r.versions.get(n) for r in runs)) for n in names]
    return {"heading": heading(board), "facts": facts}


def _fact(name: str) -> str:
    """How the page calls a version."""
    own = {"commit": "Commit", "machine": "Machine", "python": "Python"}
    return own.get(name, f"Version of {name}")


def _remark(board: Board) -> str:
    if board.block.kind == "phantom":
        return (
            "Numbers on the phantom are numbers about the phantom, not AdaptOR results; "
            "published numbers stand apart and are not ranked with them."
        )
    if board.block.kind == "published":
        return "As printed; not comparable with numbers measured on other data."
    return ""


def _notes(board: Board) -> list[str]:
    notes = []
    names = {id(entry.row): entry.subject.name for entry in board.entries}
    for row in board.block.rows:
        name = names.get(id(row), row.method)
        if row.missing:
            several = "s" if len(row.missing) > 1 else ""
            notes.append(
                f"{name}: fold{several} {', '.join(row.missing)} missing, "
                "hence no mean and no rank."
            )
        for metric, numbers in row.numbers.items():
            undefined = [fold for fold, v in (numbers.folds or {}).items() if math.isnan(v)]
            if undefined:
                what = METRICS[metric].title
                notes.append(f"{name}: {what} is 0/0 in {_listed(undefined)}.")
    notes += unlabelled_notes(
        (names.get(id(row), row.method), row.unlabelled) for row in board.block.rows
    )
    for entry in board.entries:
        name = entry.subject.name
        if missing := sum(len(score.missing) for _, score in entry.cell.pairs()):
            several = "s" * (missing > 1)
            notes.append(f"{name}: {missing} labelled frame{several} had no prediction.")
        said = dict.fromkeys(note for run, _ in entry.cell.pairs() for note in run.notes)
        notes += [f"{name}: {note}" for note in said]
    for result in board.block.published:
        source = f"{result.source['document']}, {result.source['place']}"
        notes.append(f"{result.method}: {source}; {PROTOCOLS[result.protocol]}.")
        notes += [f"{result.method}: {d.describe()}." for d in result.discrepancies]
    if board.obstacle:
        notes.append(f"No intervals and no ranking card: {board.obstacle}.")
    if board.entries and board.dataset is None:
        notes.append("The dataset is not at hand: no curves over the radius, no pictures.")
    return notes


def _intervals(board: Board) -> dict[str, tuple[float, float]]:
    """Method to low and high of F1, percent; only where there is an interval."""
    if board.certainty is None:
        return {}
    found = {}
    for name, metrics in board.certainty.study.student.items():
        interval = metrics[PRIMARY]
        if not math.isnan(interval.low):
            found[name] = (100 * interval.low, 100 * interval.high)
    return found


def _interval_name(board: Board) -> str:
    if board.certainty is None:
        return ""
    level = 100 * board.certainty.study.options.level
    return f"{level:g} %, Student's t with the jackknife over surgeries"


def _fold_plot(board: Board, intervals: Mapping[str, tuple[float, float]]) -> Any:
    rows = []
    for entry in board.entries:
        numbers = entry.row.numbers[PRIMARY]
        values = list((numbers.folds or {}).values())
        name = entry.subject.name
        low, high = intervals.get(name, (None, None))
        rows.append(FoldLine(name, entry.subject.index, values, numbers.mean, low, high))
    if not rows:
        return None
    said = "; ".join(f"{r.name} mean {_plain(r.mean)}" for r in rows)
    return fold_plot(rows, title=f"F1 by fold, percent, {board.block.domain}: {said}")


def _best(rows: Sequence[Row], metric: str) -> float | None:
    means = [row.numbers[metric].mean for row in rows if row.rank is not None]
    present = [m for m in means if m is not None]
    return max(present) if len(present) > 1 else None


def _same(value: float | None, other: float | None) -> bool:
    return value is not None and other is not None and abs(value - other) < 1e-7


def _at(line: Series, radius: float) -> str:
    return _plain(line.y[list(line.x).index(radius)])


def _plain(value: float | None) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.1f}"


def _listed(values: Any) -> str:
    return ", ".join(dict.fromkeys("not recorded" if v is None else str(v) for v in values))


def _duration(values: Any) -> str:
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    seconds = [v for v in numbers if math.isfinite(v)]
    return f"{sum(seconds) / 60:.1f} minutes in all" if seconds else "not recorded"
