"""The columns of every leaderboard: of runs and of entries, in all formats and on the site.

A column is one object in :func:`columns`, and one more needs no change anywhere else: its plain
value goes to JSON and CSV, what it shows goes to text, markdown, LaTeX, HTML and the site.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from adaptor_bench.report.table import Column, Spread, number, plain, spread
from adaptor_bench.results.board import Board
from adaptor_bench.results.result import Result, cost_note, fold_names
from adaptor_bench.scoring.aggregate import Aggregate
from adaptor_bench.scoring.metrics import METRICS, PRIMARY, Metric

TIERS = (
    "Tier of F1: no member is known to be worse than the best of its tier (corrected paired t "
    "interval over folds, Holm over all pairs); their order may be chance."
)
DIGITS = 2  # the precision of the published tables


@dataclass(frozen=True)
class ResultColumn:
    """``value`` of a result is plain: text, numbers, lists and mappings, percent for ratios.

    ``cell`` is what tables show of it, if that is another value, by ``show``; ``when`` tells
    whether a board's tables have the column; ``data`` whether JSON and CSV have it, and there
    ``optional`` leaves out what is empty. ``about`` is what the site says of the column,
    and ``note`` a sentence below the tables that have it, which may depend on the results.
    """

    key: str
    title: str
    value: Callable[[Result], Any]
    cell: Callable[[Result], Any] | None = None
    show: Callable[[Any], str] = plain
    align: Literal["left", "right"] = "left"
    role: Literal["rank", "label", "metric", "detail"] = "detail"
    when: Callable[[Board], bool] = lambda board: True
    data: bool = True
    optional: bool = False
    about: str = ""
    note: str | Callable[[Sequence[Result]], str] = ""

    def of(self, result: Result) -> Any:
        """The value that tables show."""
        return (self.cell or self.value)(result)

    def note_of(self, board: Board) -> str:
        """The sentence below a board's table."""
        return self.note if isinstance(self.note, str) else self.note(board.results)

    @property
    def column(self) -> Column:
        """As a table has it."""
        return Column(self.key, self.title, self.align, self.role, self.show, about=self.about)


def shown_columns(board: Board) -> list[ResultColumn]:
    """The columns of a board's tables, in order."""
    return [column for column in columns() if column.when(board)]


# --- values --------------------------------------------------------------------------------------


def percent(value: float | None) -> float | None:
    """Free of the noise of the last bits, far finer than anything printed. A ratio 0/0 (NaN) and
    a mean with a fold missing (None) have nothing to show."""
    return None if value is None or math.isnan(value) else round(100 * value, 6)


def spread_of(aggregate: Aggregate) -> Spread:
    """Mean and spread in percent."""
    return Spread(percent(aggregate.mean), percent(aggregate.std))


def _numbers(metric: Metric) -> Callable[[Result], dict[str, Any]]:
    def value(result: Result) -> dict[str, Any]:
        found = result.metrics[metric.key]
        folds = {f"f{k}": percent(v) for k, v in sorted(found.folds.items())}
        claimed = {"claimed": result.claim(metric.key)} if result.entry else {}
        return {
            "mean": percent(found.mean),
            "std": percent(found.std),
            "seed_std": percent(found.seed_std),
            "seed_error": percent(found.seed_error),
            **claimed,
            "folds": None if result.printed and not folds else folds,
        }

    return value


def _metric_columns(metric: Metric) -> list[ResultColumn]:
    """The metric, and where there are claims what is claimed of it."""
    key = metric.key

    def claim(result: Result) -> str | None:
        claimed = result.claim(key)
        doubt = "" if result.claim_holds(key) else " (!)"
        return None if claimed is None else f"{claimed:.2f}{doubt}"

    return [
        ResultColumn(
            key,
            metric.title,
            _numbers(metric),
            lambda r: spread_of(r.metrics[key]),
            spread(DIGITS),
            role="metric",
            about=metric.definition,
        ),
        ResultColumn(
            f"claim_{key}",
            f"{metric.title} claimed",
            claim,
            align="right",
            when=lambda board: any(r.claim(key) is not None for r in board.results),
            data=False,
            about="What the submitter says; (!): not what was measured.",
        ),
    ]


def method_label(result: Result) -> str:
    """The name, whom it is the same as, and what it is if it is no competitor."""
    if result.role:
        return f"{result.name} ({result.role})"
    return f"{result.name}, same as {result.same_as}" if result.same_as else result.name


def ceiling_of(result: Result, key: str) -> float | None:
    """A metric of perfect maps through the method's decoder, percent; None where not known."""
    return percent(result.ceilings[key].mean) if result.ceilings else None


def _cost(result: Result) -> dict[str, float]:
    """CPU seconds of training a fold, in all and by part; empty where not known."""
    if result.cost is None:
        return {}
    parts = {"total": result.cost.total, **result.cost.cpu_seconds}
    return {part: round(seconds, 2) for part, seconds in parts.items()}


def _translated(board: Board) -> bool:
    return any(r.cost is not None and r.cost.translation for r in board.results)


def _method(result: Result) -> str:
    """For programs, which read team and profile beside it."""
    return result.method if result.entry else result.name.removesuffix(f" [{result.profile}]")


def _several(value: Callable[[Result], Any]) -> Callable[[Board], bool]:
    return lambda board: len({v for r in board.results if (v := value(r))}) > 1


def _several_seeds(board: Board) -> bool:
    return any(len(r.seeds) > 1 for r in board.results)


def _of_entries(board: Board) -> bool:
    return board.leaderboard is not None


def _profiles(board: Board) -> bool:
    return _of_entries(board) or _several(lambda r: r.profile)(board)


def _data(
    key: str, title: str, value: Callable[[Result], Any], *, optional: bool = False
) -> ResultColumn:
    """Of JSON and CSV alone."""
    return ResultColumn(key, title, value, when=lambda board: False, optional=optional)


def columns() -> list[ResultColumn]:
    """All columns, in the order of tables; text, markdown, LaTeX and HTML show those whose ``when``
    holds."""
    of_metrics = [column for metric in METRICS.values() for column in _metric_columns(metric)]
    return [*LEADING, *of_metrics, *TRAILING]


RIGHT: Any = {"align": "right"}
LEADING = [
    ResultColumn("rank", "Rank", lambda r: r.rank, role="rank", when=lambda b: b.ranked, **RIGHT),
    ResultColumn(
        "tier",
        "Tier",
        lambda r: r.tier,
        when=lambda b: any(r.tier is not None for r in b.results),
        about="What is not known to be worse than the best of its tier.",
        note=TIERS,
        **RIGHT,
    ),
    ResultColumn("method", "Method", _method, method_label, role="label"),
    _data("domain", "Domain", lambda r: r.domain),
    _data("dataset", "Dataset", lambda r: r.dataset),
    ResultColumn("team", "Team", lambda r: r.team, when=_of_entries, optional=True),
    ResultColumn("source", "Source", lambda r: r.source, when=_several(lambda r: r.source)),
    ResultColumn("profile", "Profile", lambda r: r.profile, when=_profiles),
    ResultColumn(
        "protocol",
        "Protocol",
        lambda r: r.printed and r.printed.protocol,
        when=lambda b: not b.ranked,
    ),
]
"""Those before the metrics."""
TRAILING = [
    ResultColumn(
        "ceiling",
        "Ceiling",
        lambda r: ceiling_of(r, PRIMARY),
        show=number(DIGITS),
        when=lambda board: any(r.ceilings for r in board.results),
        optional=True,
        about=f"{METRICS[PRIMARY].title} of perfect maps: of the method's own target, drawn from "
        "the labels, through its own decoder.",
        note=f"Ceiling: {METRICS[PRIMARY].title} of perfect maps, the method's own target drawn "
        "from the labels, through its own decoder.",
        **RIGHT,
    ),
    ResultColumn(
        "cpu_seconds",
        "CPU s a fold",
        _cost,
        lambda r: r.cost and r.cost.total,
        number(1),
        when=lambda board: any(r.cost for r in board.results),
        optional=True,
        about="CPU seconds of training all that a fold rests on, mean over folds and seeds or over "
        "folds that were trained once more for it.",
        note=lambda results: f"CPU s a fold: {cost_note(results)}",
        **RIGHT,
    ),
    ResultColumn(
        "cpu_translator",
        "Translator CPU s",
        lambda r: (r.cost and r.cost.translation) or None,
        show=number(1),
        when=_translated,
        data=False,
        about="CPU seconds of the translator, and of translating the frames.",
        **RIGHT,
    ),
    _data("cost_measured", "Cost measured", lambda r: r.cost_measured, optional=True),
    _data("peak_memory", "Peak MiB", lambda r: r.cost and r.cost.peak, optional=True),
    _data("role", "Role", lambda r: r.role, optional=True),
    ResultColumn("n", "Folds", lambda r: r.n, lambda r: r.of_folds, **RIGHT),
    ResultColumn(
        "seeds",
        "Seeds",
        lambda r: list(r.seeds),
        lambda r: len(r.seeds) or None,
        when=_several_seeds,
        **RIGHT,
    ),
    ResultColumn(
        "seed_std",
        "Seed std",
        lambda r: percent(r.main.seed_std),
        show=number(DIGITS),
        when=_several_seeds,
        data=False,
        about=f"Spread of one fold's {METRICS[PRIMARY].title} from seed to seed, pooled.",
        note=f"Seed std: of one fold's {METRICS[PRIMARY].title} from seed to seed, pooled within "
        "folds (ddof 1). Divided by the root of the number of networks it is the standard error "
        "that seeds leave to the mean.",
        **RIGHT,
    ),
    _data("title", "Title", lambda r: r.title),
    _data("entry", "Entry", lambda r: r.entry and r.entry.id, optional=True),
    _data("same_as", "Same as", lambda r: r.same_as, optional=True),
    _data("missing_folds", "Missing", lambda r: list(fold_names(r.missing))),
    _data(
        "unlabelled_folds",
        "Without labels",
        lambda r: list(fold_names(r.main.unlabelled)),
        optional=True,
    ),
    _data(
        "unlabelled_false_points",
        "False points there",
        lambda r: {f"f{k}": n for k, n in sorted(r.main.unlabelled.items())},
        optional=True,
    ),
    _data("failed_folds", "Failed", lambda r: list(fold_names(r.failed))),
    _data("printed_in", "Printed in", lambda r: r.printed and r.printed.printed_in),
    _data("matching", "Matching", lambda r: r.settings and r.settings.to_json()),
]
"""Those behind the metrics."""
