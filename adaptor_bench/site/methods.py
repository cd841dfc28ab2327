"""What the page of a method shows."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from adaptor_bench.entries.entry import Entry
from adaptor_bench.evaluate.metrics import METRICS, Counts
from adaptor_bench.registry import Registry
from adaptor_bench.report.columns import DIGITS, percent
from adaptor_bench.report.markup import web_address
from adaptor_bench.report.studies import profile_of
from adaptor_bench.report.table import number
from adaptor_bench.results.result import Result, fold_names
from adaptor_bench.site.boards import curve_page, heading
from adaptor_bench.site.curves import Curve
from adaptor_bench.site.gather import Section, Shown, Subject

__all__ = ["method_card", "method_page"]


def method_card(subject: Subject, results: Sequence[Result], registry: Registry) -> dict[str, Any]:
    """Description and citation: as a leaderboard's entry says, else the registry, else the runs.

    ``results`` are those of the method on all boards.
    """
    first = results[0]
    entries = list({(r.entry.board, r.entry.id): r.entry for r in results if r.entry}.values())
    entry = entries[0] if entries else None
    spec = registry.methods.get(first.method)
    if entry is not None and spec is not None and spec.card.title != entry.title:
        spec = None  # another method of that name
    title = spec.card.title if spec else first.title
    said = inspect.getdoc(spec.factory) if spec else None
    description = f"{title}. {said}" if said else title
    if spec is not None and spec.ablates:
        description = f"{title} without {spec.ablates}."
    references = dict.fromkeys(e.reference for e in entries if e.reference)
    url = next((e.url for e in entries if e.url), "") or (spec.card.url if spec else "")
    facts = [("Profile", profile_of(first))]
    if entry is not None:
        facts = [("Team", entry.team), *facts]
        for e in entries:
            on = f" ({e.board})" if len(entries) > 1 else ""
            facts += [(f"Date{on}", e.date)] if e.date else []
            facts += [(f"Claim{on}", claim)] if (claim := _claim(e)) else []
    notes = list(first.notes)
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


def _claim(entry: Entry) -> str:
    """What the submitter says of domains and metrics; the tables say what was measured."""
    return "; ".join(
        f"{domain} " + ", ".join(f"{METRICS[k].title} {v:.2f}" for k, v in claimed.items())
        for domain, claimed in entry.claim.items()
    )


def method_page(
    subject: Subject, sections: Sequence[Section], curves: Mapping[str, Mapping[int, Curve]]
) -> dict[str, Any]:
    """Numbers on every board, and the parameters; ``curves`` by the anchor of the section."""
    parts, results = [], []
    for section in sections:
        for entry in section.entries:
            if entry.subject is subject:
                curve = curve_page(section, curves.get(section.anchor, {}), subject)
                parts.append(_part(section, entry) | {"curve": curve})
                results.append(entry.result)
    changes = results[0].changes
    parameters = [
        {
            "name": name,
            "used": _value(used),
            "published": _value(changes[name][0]) if name in changes else _value(used),
            "changed": name in changes,
        }
        for name, used in results[0].parameters.items()
    ]
    parameters.sort(key=lambda p: not p["changed"])
    titles = [metric.title for metric in METRICS.values()]
    return {
        "parts": parts,
        "parameters": parameters,
        "changed": bool(changes),
        "metric_titles": titles,
    }


def _part(section: Section, entry: Shown) -> dict[str, Any]:
    result = entry.result
    folds = [
        {
            "name": f"f{part.fold}",
            "detail": ", ".join(part.validation),
            "seed": part.seed,
            "frames": len(part.score.scored) if part.score else None,
            **part.counts.to_json(),
            "ratios": _ratios([part.counts]),
        }
        for part in sorted(result.fold_results, key=lambda part: (part.fold, part.seed))
    ]
    of_surgery: dict[str, list[Counts]] = {}
    frames: dict[str, set[str]] = {}
    for part in result.fold_results:
        for name, counts in part.surgeries.items():
            of_surgery.setdefault(name, []).append(counts)
        for frame in part.score.scored if part.score else ():
            frames.setdefault(frame.surgery, set()).add(frame.key)
    surgeries = [
        {
            "name": name,
            "frames": len(frames.get(name, ())),
            **sum(several, Counts()).to_json(),
            "ratios": _ratios(several),
        }
        for name, several in of_surgery.items()
    ]
    show = number(DIGITS)
    means = ", ".join(
        f"{METRICS[key].title} {show(percent(a.mean))}"
        + (f" ± {show(percent(a.std))}" if percent(a.std) is not None else "")
        for key, a in result.metrics.items()
    )
    place = f"Rank {result.rank}" if result.rank else "No rank"
    if result.missing:
        place = f"No rank: fold {', '.join(fold_names(result.missing))} missing"
    elif result.same_as:
        place = f"Same as {result.same_as}, hence no rank of its own"
    seeds = f"{len(result.seeds)} seed" + "s" * (len(result.seeds) > 1)
    return {
        "anchor": section.anchor,
        "heading": heading(section),
        "line": f"{place}. {means} (percent, {result.n} folds, {seeds}).",
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


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " x ".join(_value(v) for v in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
