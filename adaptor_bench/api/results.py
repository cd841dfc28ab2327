"""``ab.load_results``: finished runs and leaderboard entries, as data frames."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, overload

from adaptor_bench.results.board import Board, boards_of
from adaptor_bench.results.load import PUBLISHED
from adaptor_bench.results.load import load_results as read_results
from adaptor_bench.results.result import Result

if TYPE_CHECKING:
    import pandas

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


class Results(Sequence[Result]):
    """What methods reached: one ``Result`` per method, settings, domain and dataset.

    Each has ``method``, ``domain``, ``dataset``, ``metrics`` (means and spreads over folds, in
    0..1) and ``fold_results`` (the counts of every fold and seed). Printing them shows the
    leaderboard.
    """

    def __init__(self, results: Iterable[Result]) -> None:
        self._results = tuple(results)

    def frame(self, by: Literal["fold", "surgery"] = "fold") -> pandas.DataFrame:
        """A tidy data frame: one row per method, domain, seed and fold, or surgery of a fold.

        Columns: dataset, domain, method, name (the method, told apart from namesakes under other
        settings), team, source, profile, seed, fold, surgery (by surgery), tp, fp, fn, the metrics
        (0..1, NaN for 0/0), and how it was matched: rule, radius, inclusive, missing. Published
        rows have no counts.
        """
        from adaptor_bench.api.frame import results_frame

        return results_frame(self._results, by)

    def ranking(self) -> pandas.DataFrame:
        """A data frame with one row per method and domain, best first: the leaderboard.

        Columns: dataset, domain, rank, method, same_as (the row whose very predictions these are),
        n (folds behind the means), missing (folds), and mean and std of every metric (0..1).
        Raises InputError for results that cannot be compared.
        """
        from adaptor_bench.api.frame import ranking_frame

        return ranking_frame(self.boards())

    def boards(self) -> list[Board]:
        """Results that may be ranked together, ranked. Raises InputError when they cannot be."""
        return boards_of(self._results)

    def __len__(self) -> int:
        return len(self._results)

    @overload
    def __getitem__(self, index: int) -> Result: ...
    @overload
    def __getitem__(self, index: slice) -> Results: ...
    def __getitem__(self, index: int | slice) -> Result | Results:
        chosen = self._results[index]
        return Results(chosen) if isinstance(chosen, tuple) else chosen

    def __iter__(self) -> Iterator[Result]:
        return iter(self._results)

    def __repr__(self) -> str:
        names = ", ".join(f"{r.method} on {r.domain}" for r in self._results[:4])
        more = len(self) - 4
        return f"Results({names}{f', and {more} more' if more > 0 else ''})"

    def __str__(self) -> str:
        from adaptor_bench.report.leaderboard import render_boards

        return render_boards(self.boards(), "text")


def load_results(paths: Paths = "runs", *, published: bool = False) -> Results:
    """Load finished runs and entries of leaderboards.

    ``paths`` is one or several: a folder of runs (what ``bench run`` was given as ``--out``, or
    any part of it), or a leaderboard, by its folder or by its name. ``published`` adds what papers
    printed. Nothing is scored again.

    >>> import adaptor_bench as ab
    >>> frame = ab.load_results("phantom-mini").frame()
    >>> len(frame), sorted(frame["method"].unique())[:2]
    (108, ['improved_heatmap', 'improved_heatmap/no_cutting'])
    >>> sim = frame[(frame["domain"] == "sim") & (frame["method"] == "improved_heatmap")]
    >>> f"{100 * sim.groupby('fold')['f1'].mean().mean():.2f}"
    '54.58'
    >>> ab.load_results("phantom-mini").ranking().query("domain == 'sim'")["rank"].tolist()[:2]
    [1, 2]

    Raises InputError when nothing is finished there, naming every file that cannot be read;
    UsageError for what is neither a folder nor a leaderboard.
    """
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    return Results(read_results([*given, PUBLISHED] if published else given))
