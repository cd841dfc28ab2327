"""What the page of a method shows."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from adaptor_bench.entries.entry import Entry as LeaderboardEntry
from adaptor_bench.evaluate.metrics import METRICS, Counts
from adaptor_bench.registry import Registry
from adaptor_bench.report.markup import web_address
from adaptor_bench.results.runs import Run
from adaptor_bench.site.boards import curve_page, heading
from adaptor_bench.site.curves import Curve
from adaptor_bench.site.gather import Board, Entry, Subject

__all__ = ["method_card", "method_page"]


def method_card(
    subject: Subject, run: Run, registry: Registry, entries: Sequence[LeaderboardEntry]
) -> dict[str, Any]:
    """Description and citation: as a leaderboard's entry says, else the registry, else the run.

    ``entries`` are those of leaderboards that the method's rows come from, one a leaderboard.
    """
    entry = entries[0] if entries else None
    spec = registry.methods.get(entry.method if entry else run.method)
    if entry is not None and spec is not None and spec.card.title != entry.title:
        spec = None  # another method of that name
    title = spec.card.title if spec else run.title
    said = inspect.getdoc(spec.factory) if spec else None
    description = f"{title}. {said}" if said else title
    if spec is not None and spec.ablates:
        description = f"{title} without {spec.ablates}."
    references = dict.fromkeys(e.reference for e in entries if e.reference)
    url = next((e.url for e in entries if e.url), "") or (spec.card.url if spec else "")
    facts = [("Profile", run.profile)]
    if entry is not None:
        facts = [("Team", entry.team), *facts]
        for e in entries:
            on = f" ({e.board})" if len(entries) > 1 else ""
            facts += [(f"Date{on}", e.date)] if e.date else []
            facts += [(f"Claim{on}", claim)] if (claim := _claim(e)) else []
    notes = list(dict.fromkeys(run.notes))
    if spec is None and entry is None:
        notes.append("This method is not registered here: its card is what its runs say.")
    return {
        "name": subject.name,
        "page": subject.page,
        "title": title,
        "description": description,
        "paper": "; ".join(references) or (spec.card.paper if spec else ""),
        "url": url,
        "link": web_address(url),
        "licence": spec.card.licence if spec else "",
        "notes": notes,
        "facts": facts,
    }


def _claim(entry: LeaderboardEntry) -> str:
    """What the submitter says of domains and metrics; the tables say what was measured."""
    return "; ".join(
        f"{domain} " + ", ".join(f"{METRICS[k].title} {v:.2f}" for k, v in claimed.items())
        for domain, claimed in entry.claim.items()
    )


def method_page(
    subject: Subject, boards: Sequence[Board], curves: Mapping[str, Mapping[int, Curve]]
) -> dict[str, Any]:
    """Numbers on every board, and the parameters; ``curves`` by the anchor of the board."""
    parts, runs = [], []
    for board in boards:
        for entry in board.entries:
            if entry.subject is subject:
                curve = curve_page(board, curves.get(board.anchor, {}), subject)
                parts.append(_part(board, entry) | {"curve": curve})
                runs += [run for run, _ in entry.cell.pairs()]
    changes = runs[0].profile_changes
    parameters = [
        {
            "name": name,
            "used": _value(used),
            "published": _value(changes[name][0]) if name in changes else _value(used),
            "changed": name in changes,
        }
        for name, used in runs[0].parameters.items()
    ]
    parameters.sort(key=lambda p: not p["changed"])
    return {"parts": parts, "parameters": parameters, "changed": bool(changes)}


def _part(board: Board, entry: Entry) -> dict[str, Any]:
    row, pairs = entry.row, entry.cell.pairs()
    folds = [
        {
            "name": f"f{run.fold}",
            "detail": ", ".join(run.validation),
            "seed": run.seed,
            "frames": len(score.scored),
            **score.counts.to_json(),
            "ratios": _ratios([score.counts]),
        }
        for run, score in sorted(pairs, key=lambda pair: (pair[0].fold, pair[0].seed))
    ]
    of_surgery: dict[str, list[Counts]] = {}
    frames: dict[str, set[str]] = {}
    for _, score in pairs:
        for name, counts in score.surgeries().items():
            of_surgery.setdefault(name, []).append(counts)
        for frame in score.scored:
            frames.setdefault(frame.surgery, set()).add(frame.key)
    surgeries = [
        {
            "name": name,
            "frames": len(frames[name]),
            **sum(several, Counts()).to_json(),
            "ratios": _ratios(several),
        }
        for name, several in of_surgery.items()
    ]
    means = ", ".join(
        f"{METRICS[key].title} {_percent(n.mean)}"
        + (f" ± {n.std:.2f}" if n.mean is not None and n.std is not None else "")
        for key, n in row.numbers.items()
    )
    place = f"Rank {row.rank}" if row.rank else "No rank"
    if row.missing:
        place = f"No rank: fold {', '.join(row.missing)} missing"
    seeds = f"{len(row.seeds)} seed" + "s" * (len(row.seeds) > 1)
    return {
        "anchor": board.anchor,
        "heading": heading(board),
        "line": f"{place}. {means} (percent, {row.n} folds, {seeds}).",
        "folds": folds,
        "surgeries": surgeries,
    }


def _ratios(several: Iterable[Counts]) -> list[float]:
    """Every metric, percent, mean over ``several``; NaN where one of them is 0/0."""
    several = list(several)
    return [
        100 * sum(metric(counts) for counts in several) / len(several)
        for metric in METRICS.values()
    ]


def _percent(value: float | None) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.2f}"


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " x ".join(_value(v) for v in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
