"""What the page of a method shows."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from adaptor_bench.entries.entry import Entry
from adaptor_bench.evaluate.metrics import METRICS, Counts
from adaptor_bench.figures.boards import BoardView
from adaptor_bench.figures.figure import Figure
from adaptor_bench.registry import Registry
from adaptor_bench.report.columns import DIGITS, spread_of
from adaptor_bench.report.markup import web_address
from adaptor_bench.report.studies import profile_of
from adaptor_bench.report.table import Column, Table, number, spread
from adaptor_bench.results.result import Result, fold_names
from adaptor_bench.site.boards import panels

__all__ = ["method_card", "method_page"]


def method_card(results: Sequence[Result], page: str, registry: Registry) -> dict[str, Any]:
    """Description and citation: as a leaderboard's entry says, else the registry, else the run.

    ``results`` are those of one method, at most one a board.
    """
    first = results[0]
    entries = list({(r.entry.board, r.entry.id): r.entry for r in results if r.entry}.values())
    spec = registry.methods.get(first.method)
    if entries and spec is not None and spec.card.title != first.title:
        spec = None  # another method of that name
    title = spec.card.title if spec else first.title
    said = inspect.getdoc(spec.factory) if spec else None
    description = f"{title}. {said}" if said else title
    if spec is not None and spec.ablates:
        description = f"{title} without {spec.ablates}."
    references = dict.fromkeys(e.reference for e in entries if e.reference)
    url = next((e.url for e in entries if e.url), "") or (spec.card.url if spec else "")
    facts = [("Team", first.team)] if entries else []
    facts.append(("Profile", profile_of(first)))
    for e in entries:
        on = f" ({e.board})" if len(entries) > 1 else ""
        facts += [(f"Date{on}", e.date)] if e.date else []
        facts += [(f"Claim{on}", claim)] if (claim := _claim(e)) else []
    notes = list(dict.fromkeys(note for r in results for note in r.notes))
    if spec is None and not entries:
        notes.append("This method is not registered here: its card is what its runs say.")
    return {
        "name": first.name,
        "page": page,
        "title": title,
        "description": description,
        "paper": "; ".join(references) or (spec.card.paper if spec else ""),
        "url": url,
        "link": web_address(url),
        "licence": spec.card.licence if spec else "",
        "notes": notes,
        "facts": facts,
    }


def _claim(entry: Entry) -> str:
    """What the submitter says of domains and metrics; the tables say what was measured."""
    return "; ".join(
        f"{domain} " + ", ".join(f"{METRICS[k].title} {v:.2f}" for k, v in claimed.items())
        for domain, claimed in entry.claim.items()
    )


def method_page(
    name: str, views: Mapping[str, BoardView], figures: Sequence[Figure]
) -> dict[str, Any]:
    """Numbers on every board, by its anchor, and the parameters."""
    parts, result = [], None
    for anchor, view in views.items():
        for result in (r for r in view.board.measured if r.name == name):
            parts.append(
                {
                    "anchor": anchor,
                    "heading": view.board.title,
                    "line": _line(result),
                    "folds": _folds(result),
                    "surgeries": _surgeries(result),
                    "panels": panels(view, figures, "board", name),
                }
            )
            shown = result
    changes = shown.changes
    columns = (
        Column("name", "Parameter", role="label"),
        Column("used", "Used"),
        Column("published", "Published"),
    )
    rows = [
        {"name": key, "used": used, "published": changes[key][0] if key in changes else used}
        for key, used in sorted(shown.parameters.items(), key=lambda kv: kv[0] not in changes)
    ]
    rows = [{key: _value(value) for key, value in row.items()} for row in rows]
    best = frozenset((i, "used") for i in range(len(changes)))
    parameters = Table("", columns, rows, best=best)
    return {"parts": parts, "parameters": parameters, "changed": bool(changes)}


def _line(result: Result) -> str:
    """Its place and its numbers in words."""
    place = f"Rank {result.rank}" if result.rank else "No rank"
    if result.missing:
        place = f"No rank: fold {', '.join(fold_names(result.missing))} missing"
    if result.same_as:
        place = f"No rank: the same as {result.same_as}"
    means = ", ".join(
        f"{METRICS[key].title} {' '.join(spread(DIGITS)(spread_of(found)).split())}"
        for key, found in result.metrics.items()
    )
    seeds = f"{len(result.seeds)} seed" + "s" * (len(result.seeds) > 1)
    return f"{place}. {means} (percent, {result.n} folds, {seeds})."


def _counted() -> tuple[Column, ...]:
    """The columns of frames, counts and metrics."""
    return (
        Column("frames", "Frames", "right"),
        *(Column(key, key.upper(), "right") for key in ("tp", "fp", "fn")),
        *(Column(k, m.title, "right", "metric", number(DIGITS)) for k, m in METRICS.items()),
    )


def _folds(result: Result) -> Table:
    columns = (
        Column("fold", "Fold", role="label"),
        Column("surgeries", "Surgeries"),
        Column("seed", "Seed", "right"),
    )
    parts = sorted(result.fold_results, key=lambda part: (part.fold, part.seed))
    rows = [
        {
            "fold": f"f{part.fold}",
            "surgeries": ", ".join(part.surgeries),
            "seed": part.seed,
            "frames": len(part.score.scored) if part.score else None,
            **part.counts.to_json(),
            **_ratios([part.counts]),
        }
        for part in parts
    ]
    caption = "By fold and seed, percent. Counts are pooled over the frames of a fold."
    return Table(caption, (*columns, *_counted()), rows)


def _surgeries(result: Result) -> Table:
    counts: dict[str, list[Counts]] = {}
    frames: dict[str, set[str]] = {}
    for part in result.fold_results:
        for name, of_surgery in part.surgeries.items():
            counts.setdefault(name, []).append(of_surgery)
        for frame in part.score.scored if part.score else ():
            frames.setdefault(frame.surgery, set()).add(frame.key)
    rows = [
        {
            "surgery": name,
            "frames": len(frames.get(name, ())),
            **sum(several, Counts()).to_json(),
            **_ratios(several),
        }
        for name, several in counts.items()
    ]
    caption = "By surgery, percent; with several seeds counts are sums and ratios means over seeds."
    return Table(caption, (Column("surgery", "Surgery", role="label"), *_counted()), rows)


def _ratios(several: Iterable[Counts]) -> dict[str, float]:
    """Every metric, percent, mean over ``several``; NaN where one of them is 0/0."""
    several = list(several)
    return {
        key: 100 * sum(metric(counts) for counts in several) / len(several)
        for key, metric in METRICS.items()
    }


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " x ".join(_value(v) for v in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
