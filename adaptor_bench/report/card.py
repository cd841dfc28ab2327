"""The ranking card: a board's order, and how certain it is."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adaptor_bench.errors import UsageError, plural, suggest
from adaptor_bench.names import html as escape
from adaptor_bench.names import markdown, printable
from adaptor_bench.report.render import render
from adaptor_bench.report.sentences import SEEN, card_sentences, p_value, verdict_text
from adaptor_bench.report.studies import BoardStudy, answered, study_of
from adaptor_bench.report.table import Column, Table, number
from adaptor_bench.results.board import Board
from adaptor_bench.scoring.metrics import METRICS
from adaptor_bench.scoring.ranking import SAME
from adaptor_bench.scoring.uncertainty.intervals import Interval
from adaptor_bench.scoring.uncertainty.significance import Comparison, folds_needed, smallest_p
from adaptor_bench.scoring.uncertainty.stability import SCHEMES
from adaptor_bench.scoring.uncertainty.study import Options, Ranked, Study

INTERVALS = (
    "Intervals: Student's t over folds, corrected for training surgeries that folds share (Nadeau "
    "and Bengio 2003); see docs/uncertainty.md. A fold's value is the mean over its seeds."
)
PRIMARY_ANALYSIS = (
    "Better: yes or undecided by the primary analysis alone, the corrected paired t interval of "
    "the mean difference over folds with Holm's correction for {family}."
)


@dataclass(frozen=True)
class Card:
    """What a study says: ``sentences`` made from the numbers in ``tables``; ``facts`` for JSON."""

    title: str
    sentences: tuple[str, ...]
    tables: tuple[Table, ...]
    facts: dict[str, Any]

    @property
    def labelled(self) -> tuple[Table, ...]:
        """The tables, told apart from those of other cards."""
        return tuple(replace(t, label=f"{self.title} {t.title}") for t in self.tables)

    def to_json(self) -> dict[str, Any]:
        """Facts, sentences and tables; null for NaN."""
        tables = json.loads(render(self.tables, "json"))
        return {**self.facts, "sentences": list(self.sentences), "tables": tables}


def ranking_cards(boards: Sequence[Board], options: Options | None = None) -> list[Card]:
    """A card for every board with at least two complete competitors.

    Raises InputError when the methods of one board cannot be paired surgery by surgery.
    """
    studies = [found for board in boards if (found := study_of(board, options))]
    return [card_of(found) for found in answered(studies) if len(found.study.methods) > 1]


def card_of(board: BoardStudy) -> Card:
    """The card of one board with at least two complete methods. Its ``intervals`` map method to
    metric to estimate, low and high, fractions; ``claims`` are the answers."""
    found = board.study
    about = {"dataset": board.dataset, "domain": board.domain, "profile": board.profile}
    intervals = {
        method: {k: [_finite(v) for v in (i.estimate, i.low, i.high)] for k, i in of_method.items()}
        for method, of_method in found.intervals.items()
    }
    claims = [
        {
            "claim": a.claim.text,
            "method": a.claim.method,
            "against": a.claim.against,
            "answer": a.comparison.verdict,
            "difference": a.comparison.corrected.to_json(),
            "comparisons": a.comparison.family,
            "text": verdict_text(a.comparison, found.options.level),
        }
        for a in board.answers
    ]
    tables = [
        estimates("Estimates with intervals (%)", found, found.methods, ranked=True),
        rank_table(found),
        pair_table("Every pair", found, found.pairs.values(), "all pairs of this board"),
        _schemes(found),
    ]
    return Card(
        f"Ranking card: {board.dataset}, {board.domain}, profile {board.profile}",
        card_sentences(board),
        tuple(tables),
        {**about, "intervals": intervals, "claims": claims},
    )


def render_cards(cards: Sequence[Card], format: str) -> str:
    """All cards as text, markdown, html, latex or json, ending in a newline. Raises UsageError."""
    if format == "json":
        return json.dumps([card.to_json() for card in cards], indent=1, allow_nan=False) + "\n"
    if format not in _PROSE:
        raise UsageError(f"there is no format {format!r}", hint=suggest(format, CARD_FORMATS))
    parts = [
        _PROSE[format](card.title, card.sentences) + "\n" + render(card.labelled, format)
        for card in cards
    ]
    return "\n".join(parts)


def interval_text(value: Interval | None) -> str:
    """``65.17 [58.91, 71.43]``, percent."""
    if value is None or math.isnan(value.estimate):
        return "-"
    if math.isnan(value.low):
        return f"{100 * value.estimate:.2f}"
    return f"{100 * value.estimate:.2f} [{100 * value.low:.2f}, {100 * value.high:.2f}]"


def estimates(title: str, found: Study, names: Sequence[str], *, ranked: bool = False) -> Table:
    """Every metric of ``names`` with its interval, with their ranks and tiers if ``ranked``."""
    level = f"{100 * found.options.level:g} %"
    places = (Column("rank", "Rank", "right", "rank"), Column("tier", "Tier", "right"))
    columns = (
        *(places if ranked else ()),
        Column("method", "Method", role="label"),
        *(
            Column(k, f"{m.title} [{level}]", "right", "metric", interval_text)
            for k, m in METRICS.items()
        ),
    )
    rows = [
        {"rank": found.ranks[name], "tier": found.tiers[name], "method": name}
        | found.intervals[name]
        for name in names
    ]
    return Table(title, columns, _plain(rows), (INTERVALS,))


def rank_table(found: Ranked, units: str = "folds") -> Table:
    """How probable each rank of each method is; ``units`` are what was averaged over."""
    places = range(1, len(found.methods) + 1)
    columns = (
        Column("method", "Method", role="label"),
        *(Column(f"rank_{k}", f"Rank {k}", "right", show=number(1)) for k in places),
    )
    rows = [
        {"method": name} | {f"rank_{k}": 100 * found.rank_probability[i, k - 1] for k in places}
        for i, name in enumerate(found.methods)
    ]
    note = (
        f"Of the true mean over {units}, if the t distribution of the primary analysis is taken "
        "for what is known of it (flat prior). Equal values share the better rank."
    )
    return Table("How probable each rank is (%)", columns, _plain(rows), (note,))


def pair_table(title: str, found: Study, pairs: Iterable[Comparison], family: str) -> Table:
    """Comparisons with what decides them, and beside it what does not; ``family``: of whom they
    are."""
    pairs = list(pairs)
    metric = METRICS[found.options.metric].title
    level = f"{100 * found.options.level:g} %"
    columns = (
        Column("a", "Method", role="label"),
        Column("b", "against", role="label"),
        Column("difference", f"Difference of {metric} [{level}]", "right", "metric", interval_text),
        Column("verdict", "Better"),
        Column("wins", "Folds won", "right"),
        Column("p", "p", "right", show=p_value),
        Column("holm", "p, Holm", "right", show=p_value),
        Column("flips", "p, sign-flip", "right", show=p_value),
        Column("needed", f"Folds for {100 * SEEN:g} points", "right"),
    )
    rows = [
        {
            "a": pair.difference.a,
            "b": pair.difference.b,
            "difference": pair.corrected,
            "verdict": pair.verdict,
            "wins": f"{(pair.difference.by_fold > SAME).sum()}/{len(pair.difference.by_fold)}",
            "p": pair.p,
            "holm": pair.p_holm,
            "flips": pair.sign_flip,
            "needed": folds_needed(
                pair.difference.by_fold, pair.difference.cohort, SEEN, found.options.level
            ),
        }
        for pair in pairs
    ]
    n = len(found.tally.folds)
    notes = (
        PRIMARY_ANALYSIS.format(family=family) + " Difference: points of %, the interval is "
        "corrected too and excludes 0 where the corrected p is small enough. Folds for "
        f"{100 * SEEN:g} points: how many show such a difference in four of five cases, alone.",
        "Secondary: the sign-flip test over folds, uncorrected; with "
        f"{plural(n, 'fold')} it cannot give less than {smallest_p(n):.3g}.",
    )
    return Table(title, columns, _plain(rows), notes)


def _schemes(found: Study) -> Table:
    columns = (
        Column("method", "Method", role="label"),
        *(Column(key, SCHEMES[key][0], "right", "rank") for key in SCHEMES),
    )
    schemes = found.schemes
    rows = [
        {"method": name} | {key: ranks[name] for key, ranks in schemes.items()}
        for name in found.methods
    ]
    notes = ("The board ranks by the mean over folds. Equal values share a rank.",)
    return Table("Rank under each scheme", columns, rows, notes)


def _plain(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """numpy's numbers as Python's: tables hold plain values."""
    return [{k: v.item() if hasattr(v, "item") else v for k, v in row.items()} for row in rows]


def _finite(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None


def _text(title: str, sentences: Sequence[str]) -> str:
    filled = [textwrap.fill(printable(s), 100, subsequent_indent="  ") for s in sentences]
    return "\n".join([printable(title), "", *filled]) + "\n"


def _markdown(title: str, sentences: Sequence[str]) -> str:
    return "\n".join([f"## {markdown(title)}", "", *(f"- {markdown(s)}" for s in sentences)]) + "\n"


def _html(title: str, sentences: Sequence[str]) -> str:
    items = "\n".join(f"<li>{escape(s)}</li>" for s in sentences)
    return f"<h2>{escape(title)}</h2>\n<ul>\n{items}\n</ul>\n"


def _latex(title: str, sentences: Sequence[str]) -> str:
    from adaptor_bench.report.latex import escape as tex

    items = "\n".join(f"\\item {tex(s)}" for s in sentences)
    # Names of methods have no place to break: ragged lines keep them out of the margin.
    items = f"\\begin{{itemize}}\\raggedright\n{items}\n\\end{{itemize}}"
    return f"\\paragraph{{{tex(title)}}}\n{items}\n"


_PROSE: dict[str, Callable[[str, Sequence[str]], str]] = {
    "text": _text,
    "markdown": _markdown,
    "html": _html,
    "latex": _latex,
}
CARD_FORMATS = (*_PROSE, "json")
