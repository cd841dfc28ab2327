"""What the page of a method shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adaptor_bench.entries.entry import Entry
from adaptor_bench.errors import plural
from adaptor_bench.figures.boards import BoardView
from adaptor_bench.figures.figure import Figure
from adaptor_bench.registry import Registry
from adaptor_bench.report.columns import DIGITS, spread_of
from adaptor_bench.report.counts import COUNTS, count, label, metric_columns
from adaptor_bench.report.markup import Markup, web_address
from adaptor_bench.report.studies import profile_of
from adaptor_bench.report.table import Column, Table, number, spread
from adaptor_bench.results.result import Result, cost_note, fold_names
from adaptor_bench.scoring.metrics import METRICS, PRIMARY, Counts
from adaptor_bench.site.boards import panels
from adaptor_bench.site.failures import RULE, Failures
from adaptor_bench.site.gallery import shown_seed
from adaptor_bench.values import readable


def method_page(
    results: Mapping[str, Result],
    views: Mapping[str, BoardView],
    registry: Registry,
    figures: Sequence[Figure],
    failures: Failures,
) -> dict[str, Any]:
    """What is known of one method, its numbers on every board, its cost, its worst frames and its
    parameters.

    ``results`` are those of the method, they and ``views`` by the anchor of their board.
    """
    last = list(results.values())[-1]
    parts = [
        {
            "anchor": anchor,
            "heading": views[anchor].board.title,
            "line": _line(result),
            "folds": _folds(result),
            "surgeries": _surgeries(result),
            "cost": _costs(result),
            "failures": failures.get((anchor, result.name), ()),
            "rule": RULE.format(seed=shown_seed(result)),
            "panels": [
                *panels(views[anchor], figures, "board", result.name),
                *panels(views[anchor], figures, "method", result.name),
            ],
        }
        for anchor, result in results.items()
    ]
    card = _card(list(results.values()), registry)
    return card | {"parts": parts, "parameters": _parameters(last), "changed": bool(last.changes)}


def _card(results: Sequence[Result], registry: Registry) -> dict[str, Any]:
    """Description and citation: as a leaderboard's entry says, else the registry, else the run."""
    first = results[0]
    entries = list({(r.entry.board, r.entry.id): r.entry for r in results if r.entry}.values())
    spec = registry.methods.get(first.method)
    if entries and spec is not None and spec.card.title != first.title:
        spec = None  # another method of that name
    description = first.title
    if spec is not None:
        description = f"{spec.card.title}. {spec.about}" if spec.about else spec.card.title
        if spec.ablates:
            description = f"{spec.card.title} without {spec.ablates}."
    known = spec.card if spec else None
    references = dict.fromkeys(e.reference for e in entries if e.reference)
    url = next((e.url for e in entries if e.url), known.url if known else "")
    link = Markup('<a href="{0}" rel="noopener noreferrer">{0}</a>').format(url)
    facts = [
        ("What it is", description),
        ("Citation", "; ".join(references) or (known.paper if known else "")),
        ("Reconstruction", known.reconstruction if known else ""),
        ("Link", link if web_address(url) else url),
        ("Licence", known.licence if known else ""),
        ("Team", first.team if entries else ""),
        ("Profile", profile_of(first)),
    ]
    for entry in entries:
        on = f" ({entry.board})" if len(entries) > 1 else ""
        facts += [(f"Date{on}", entry.date), (f"Claim{on}", _claim(entry))]
    notes = list(dict.fromkeys(note for r in results for note in r.notes))
    if spec is None and not entries:
        notes.append("This method is not registered here; its card shows what its runs record.")
    return {
        "name": first.name,
        "description": description,
        "facts": [(name, text) for name, text in facts if text],
        "notes": notes,
    }


def _claim(entry: Entry) -> str:
    """What the submitter says of domains and metrics; the tables say what was measured."""
    return "; ".join(
        f"{domain} " + ", ".join(f"{METRICS[k].title} {v:.2f}" for k, v in claimed.items())
        for domain, claimed in entry.claim.items()
    )


def _line(result: Result) -> str:
    """Its place and its numbers in words."""
    place = f"Rank {result.rank}" if result.rank else "No rank"
    if result.missing:
        place = f"No rank: fold {', '.join(fold_names(result.missing))} missing"
    if result.same_as:
        place = f"No rank: the same as {result.same_as}"
    if result.role:
        place = f"No rank: a {result.role}"
    means = ", ".join(
        f"{METRICS[key].title} {' '.join(spread(DIGITS)(spread_of(aggregate)).split())}"
        for key, aggregate in sorted(result.metrics.items(), key=lambda of: of[0] != PRIMARY)
    )
    seeds = plural(len(result.seeds), "seed")
    return f"{place}. {means} (percent, {plural(result.n or 0, 'fold')}, {seeds})."


def _folds(result: Result) -> Table:
    parts = sorted(result.fold_results, key=lambda part: (part.fold, part.seed))
    rows = [
        {"fold": f"f{p.fold}", "surgeries": ", ".join(p.surgeries), "seed": p.seed}
        | _counted([p.counts], len(p.score.scored) if p.score else None)
        for p in parts
    ]
    return _table(
        "By fold and seed. Counts are pooled over the frames of a fold.",
        label("fold", "Fold"),
        Column("surgeries", "Surgeries"),
        count("seed", "Seed"),
        rows=rows,
    )


def _surgeries(result: Result) -> Table:
    counts: dict[str, list[Counts]] = {}
    frames: dict[str, set[str]] = {}
    for part in result.fold_results:
        for name, of_surgery in part.surgeries.items():
            counts.setdefault(name, []).append(of_surgery)
        for frame in part.score.scored if part.score else ():
            frames.setdefault(frame.surgery, set()).add(frame.key)
    rows = [
        {"surgery": name} | _counted(several, len(frames[name]) if name in frames else None)
        for name, several in counts.items()
    ]
    return _table(
        "By surgery; with several seeds counts are sums and ratios means over seeds.",
        label("surgery", "Surgery"),
        rows=rows,
    )


def _costs(result: Result) -> Table | None:
    """What training a fold has cost, by trained part."""
    cost = result.cost
    if cost is None:
        return None
    rows: list[dict[str, Any]] = [
        {"part": part, "seconds": seconds, "peak": cost.peak_memory.get(part)}
        for part, seconds in cost.cpu_seconds.items()
    ]
    if len(rows) > 1:
        rows.append({"part": "all", "seconds": cost.total, "peak": cost.peak})
    devices = ", ".join(dict.fromkeys(part.device for part in result.fold_results))
    own = "" if result.cost_machine else f" Device: {devices}."
    return Table(
        f"Cost of training a fold. CPU seconds: {cost_note([result])} Memory: highest.{own}",
        (
            label("part", "Trained part"),
            Column("seconds", "CPU s a fold", "right", show=number(1)),
            Column("peak", "Peak memory, MiB", "right", show=number(0)),
        ),
        rows,
    )


def _table(caption: str, *columns: Column, rows: Sequence[dict[str, Any]]) -> Table:
    """``columns``, and then those of :func:`_counted`."""
    shown = (*columns, count("frames", "Frames"), *COUNTS, *metric_columns())
    return Table(caption, shown, rows)


def _counted(several: Sequence[Counts], frames: int | None) -> dict[str, Any]:
    """Frames, the sum of counts, and every metric in percent, mean over ``several`` (NaN where
    one of them is 0/0)."""
    ratios = {
        key: 100 * sum(metric(counts) for counts in several) / len(several)
        for key, metric in METRICS.items()
    }
    return {"frames": frames} | sum(several, Counts()).to_json() | ratios


def _parameters(result: Result) -> Table:
    """As used and as published, those that differ first and in bold."""
    changes = result.changes
    rows = [
        {"name": key, "used": readable(used), "published": readable(changes.get(key, [used])[0])}
        for key, used in sorted(result.parameters.items(), key=lambda item: item[0] not in changes)
    ]
    columns = (
        label("name", "Parameter"),
        Column("used", "Used"),
        Column("published", "Published"),
    )
    best = frozenset((i, "used") for i, row in enumerate(rows) if row["name"] in changes)
    return Table("", columns, rows, best=best)
