"""``bench compare``: two methods on the same folds, the difference and how certain it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from adaptor_bench.errors import InputError, UsageError, suggest
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.progress import Progress
from adaptor_bench.report.card import Card, estimates, pair_table
from adaptor_bench.report.sentences import card_sentences
from adaptor_bench.report.studies import BoardStudy, lacking, study_results
from adaptor_bench.report.table import Column, Table, number
from adaptor_bench.results.board import same_points
from adaptor_bench.results.naming import differing_in, name_results
from adaptor_bench.results.notes import matching_notes
from adaptor_bench.results.predictions import results_of_predictions
from adaptor_bench.results.result import Result
from adaptor_bench.results.runs import find_runs
from adaptor_bench.results.sources import results_of_runs
from adaptor_bench.scoring.metrics import METRICS
from adaptor_bench.scoring.uncertainty.significance import Comparison, compare_family
from adaptor_bench.scoring.uncertainty.study import Options, Study


def compare(
    a: str,
    b: str,
    known: Sequence[Result] = (),
    *,
    domain: str = "all",
    profile: str | None = None,
    options: Options | None = None,
) -> list[Card]:
    """Compare ``a`` with ``b`` on every domain both have.

    Each is a folder that holds runs of one method, or what one of the ``known`` results is called
    (its method, or its name among all of them). Raises UsageError for a name that is not there,
    InputError for what cannot be paired: nothing in common, incomplete folds, other data, folds or
    matching. Domains are one family: each is corrected for all that are compared.
    """
    sides = [_side(given, known, profile) for given in (a, b)]
    labels = _labels([results[0].name for results in sides], (a, b))
    return compare_results(sides, labels, domain=domain, options=options)


def compare_predictions(
    a: Path,
    b: Path,
    labels: Path,
    settings: MatchSettings,
    progress: Progress | None = None,
    *,
    domain: str = "all",
    options: Options | None = None,
) -> list[Card]:
    """Compare two folders or archives of predictions, called by their names, on the folds that a
    leaderboard of ``labels`` would have. Raises InputError as scoring and comparing do."""
    names = [_plain_name(path) for path in (a, b)]
    given = _labels(names, (str(a), str(b)))
    sides = [
        results_of_predictions(path, labels, settings, name, progress)
        for path, name in zip((a, b), given, strict=True)
    ]
    return compare_results(sides, given, domain=domain, options=options)


def _plain_name(path: Path) -> str:
    """Without the ending of an archive."""
    name = path.resolve().name
    return name if path.is_dir() else re.sub(r"\.(zip|tar|tgz|tar\.gz)$", "", name, flags=re.I)


def compare_results(
    sides: Sequence[Sequence[Result]],
    labels: tuple[str, str],
    *,
    domain: str = "all",
    options: Options | None = None,
) -> list[Card]:
    """As :func:`compare`, of two ``sides``, called ``labels``: a result a domain each."""
    by_domain = [{r.domain: r for r in results} for results in sides]
    shared = [d for d in by_domain[0] if d in by_domain[1] and domain in ("all", d)]
    if not shared:
        raise InputError(
            f"{labels[0]} and {labels[1]} have no domain in common"
            + ("" if domain == "all" else f" named {domain!r}"),
            hint=f"{labels[0]}: {', '.join(by_domain[0])}; {labels[1]}: {', '.join(by_domain[1])}.",
        )
    pairs = [
        tuple(replace(side[d], name=label) for side, label in zip(by_domain, labels, strict=True))
        for d in sorted(shared)
    ]
    _refuse(pairs)
    studies = [None if same_points(*p) else study_results(p, {}, options) for p in pairs]
    level = (options or Options()).level
    found = iter(
        compare_family([s.study.difference(*labels, where=s.domain) for s in studies if s], level)
    )
    return [_card(next(found), s) if s else _same(*p) for s, p in zip(studies, pairs, strict=True)]


def _same(a: Result, b: Result) -> Card:
    """Of identical predictions there is nothing to estimate, to test or to rank."""
    facts = {"a": a.name, "b": b.name, "dataset": a.dataset, "domain": a.domain, "same": True}
    title = f"{a.name} against {b.name}: {a.dataset}, {a.domain}"
    sentence = f"{b.name} is the same as {a.name}: their predictions agree point for point."
    assert a.settings is not None
    return Card(title, (sentence, *matching_notes(a.settings, [a, b])), (), facts)


def _card(found: Comparison, board: BoardStudy) -> Card:
    """``a`` minus ``b``."""
    study, asked = board.study, found.difference
    better = study.methods[0]
    turned = asked if better == asked.a else replace(asked, a=asked.b, b=asked.a,
                                                     by_fold=-asked.by_fold)  # fmt: skip
    signed = found if turned is asked else replace(
        found, difference=turned, interval=found.interval.negated(),
        corrected=found.corrected.negated(),
    )  # fmt: skip
    facts = {
        "a": asked.a,
        "b": asked.b,
        "dataset": board.dataset,
        "domain": board.domain,
        "metric": asked.metric,
        "level": study.options.level,
        "difference": found.corrected.to_json(),
        "comparisons": found.family,
        "answer": found.verdict,
        "p": _finite(found.p),
        "p_corrected": _finite(found.p_holm),
        "p_sign_flip": _finite(found.sign_flip),
        "folds": {
            f"f{k}": _finite(d) for k, d in zip(study.tally.folds, asked.by_fold, strict=True)
        },
    }
    family = "the domains compared here" if found.family > 1 else "this one comparison"
    return Card(
        f"{asked.a} against {asked.b}: {board.dataset}, {board.domain}",
        card_sentences(board, {(turned.a, turned.b): signed}),
        (
            estimates("Estimates (%)", study, (asked.a, asked.b)),
            pair_table(f"{asked.a} minus {asked.b}", study, [found], family),
            _surgery_table(asked.a, asked.b, study),
        ),
        facts,
    )


def _finite(value: float) -> float | None:
    return round(float(value), 6) if value == value else None


def _surgery_table(a: str, b: str, found: Study) -> Table:
    metric = found.options.metric
    pair = found.tally.select([a, b])
    values = 100 * pair.over_seeds(METRICS[metric].of_last_axis(pair.counts))
    columns = (
        Column("surgery", "Surgery", role="label"),
        Column("fold", "Fold", role="label"),
        Column("a", a, "right", "metric", number(2)),
        Column("b", b, "right", "metric", number(2)),
        Column("difference", "Difference", "right", "metric", number(2)),
    )
    rows = [
        {
            "surgery": name,
            "fold": f"f{pair.folds[pair.fold[s]]}",
            "a": float(values[0, s]),
            "b": float(values[1, s]),
            "difference": float(values[0, s] - values[1, s]),
        }
        for s, name in enumerate(pair.surgeries)
    ]
    note = "Surgeries of one fold share a network: they are no independent observations."
    return Table(f"{METRICS[metric].title} by surgery (%)", columns, rows, (note,))


def _side(given: str, known: Sequence[Result], profile: str | None) -> list[Result]:
    """Results of one method, one per domain, named by what it is called."""
    folder = Path(given).is_dir()
    results = results_of_runs(find_runs([Path(given)])) if folder else []
    results = [replace(r, name=r.method) for r in results]
    known = [r for r in known if profile in (None, r.profile)]
    names = name_results(known)
    if not results:
        named = [replace(r, name=name) for r, name in zip(known, names, strict=True)]
        results = [r for r in named if r.name == given] or [r for r in named if r.method == given]
    if not results:
        hint = "Pass folders of runs, or say where runs are with --runs DIR."
        if known:
            hint = suggest(given, set(names))
        if folder:
            raise InputError(f"{given}: no finished run found", hint=hint)
        raise UsageError(
            f"{given!r} is neither a folder nor a method with finished runs", hint=hint
        )
    results = [r for r in results if profile in (None, r.profile)]
    methods = sorted({r.method for r in results})
    if len(methods) != 1:
        listed = ", ".join(methods) or "none of this profile"
        raise UsageError(f"{given}: expected runs of one method, found {listed}")
    for domain in {r.domain for r in results}:
        here = [r for r in results if r.domain == domain]
        if len(here) > 1:
            raise UsageError(
                f"{given}: {len(here)} sets of runs on {domain!r} differ in "
                f"{', '.join(differing_in(here))}",
                hint="Pass the folder of one of them, its full name, or --profile.",
            )
    return results


def _labels(names: Sequence[str], given: Sequence[str]) -> tuple[str, str]:
    first, second = names
    if first != second:
        return first, second
    if Path(given[0]).resolve() == Path(given[1]).resolve():
        raise UsageError(f"{given[0]} and {given[1]} are the same")
    return f"{first} (A)", f"{second} (B)"


def _refuse(pairs: Sequence[tuple[Result, ...]]) -> None:
    """What was not measured on the same folds, in the same way, or not on all of them."""
    for a, b in pairs:
        problems = [
            f"{what}: {here} and {there}"
            for what, here, there in (
                ("dataset fingerprint", a.fingerprint[:12], b.fingerprint[:12]),
                ("fold plan", *(f"{r.plan[0]} {r.plan[1][:12]}" for r in (a, b))),
                ("matching", *(r.settings.describe() if r.settings else "" for r in (a, b))),
            )
            if here != there
        ]
        problems += [f"{r.name}: {folds} missing" for r in (a, b) if (folds := lacking(r))]
        if problems:
            raise InputError.collect(
                f"{a.name} and {b.name} on {a.domain} cannot be compared:", problems
            )
