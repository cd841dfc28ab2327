"""``ab.load_results``: finished runs and leaderboard entries, as data frames."""

from __future__ import annotations

import os
from collections import UserList
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from adaptor_bench.errors import UsageError
from adaptor_bench.results.board import Board, boards_of
from adaptor_bench.results.load import PUBLISHED, tidy_rows
from adaptor_bench.results.load import load_results as read_results
from adaptor_bench.results.result import Result
from adaptor_bench.scoring.metrics import METRICS

if TYPE_CHECKING:
    import pandas

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


class Results(UserList[Result]):
    """What methods reached: one ``Result`` per method, settings, domain and dataset.

    Each has ``method``, ``domain``, ``dataset``, ``metrics`` (means and spreads over folds, in
    0..1) and ``fold_results`` (the counts of every fold and seed). Printing them shows the
    leaderboard.
    """

    def frame(self, by: Literal["fold", "surgery"] = "fold") -> pandas.DataFrame:
        """A tidy data frame: one row per method, domain, seed and fold, or surgery of a fold.

        Columns: dataset, domain, method, name (the method, told apart from namesakes under other
        settings), team, source, profile, seed, fold, surgery (by surgery), tp, fp, fn, the metrics
        (0..1, NaN for 0/0), and how it was matched: rule, radius, inclusive, missing. Published
        rows have no counts. Raises UsageError for another ``by``.
        """
        if by not in ("fold", "surgery"):
            raise UsageError(f"by={by!r}: there are rows by 'fold' and by 'surgery'")
        import pandas

        about = ("dataset", "domain", "method", "name", "team", "source", "profile", "seed", "fold")
        settings = ("rule", "radius", "inclusive", "missing")
        surgery = ("surgery",) if by == "surgery" else ()
        names = [*about, *surgery, "tp", "fp", "fn", *METRICS, *settings]
        frame = pandas.DataFrame.from_records(tidy_rows(self, by), columns=names)
        return frame.astype(dict.fromkeys(("seed", "fold", "tp", "fp", "fn"), "Int64"))

    def ranking(self) -> pandas.DataFrame:
        """A data frame with one row per method and domain, best first: the leaderboard.

        Columns: dataset, domain, rank, tier (of methods none of which is known to be worse than
        its best), method, same_as (the row whose very predictions these are), n (folds behind the
        means), missing (folds), and mean and std of every metric (0..1).
        Raises InputError for results that cannot be compared.
        """
        import pandas

        rows = []
        for board in self.boards():
            for r in board.results:
                about = (board.dataset, board.domain, r.rank, r.tier, r.name, r.same_as, r.n)
                means = (v for a in r.metrics.values() for v in (a.mean, a.std))
                rows.append((*about, len(r.missing), *means))
        ends = [f"{key}_{end}" for key in METRICS for end in ("mean", "std")]
        names = ["dataset", "domain", "rank", "tier", "method", "same_as", "n", "missing", *ends]
        frame = pandas.DataFrame(rows, columns=names)
        return frame.astype(
            dict.fromkeys(ends, float) | dict.fromkeys(("rank", "tier", "n"), "Int64")
        )

    def boards(self) -> list[Board]:
        """Results that may be ranked together, ranked. Raises InputError when they cannot be."""
        return boards_of(self)

    def __repr__(self) -> str:
        names = ", ".join(f"{r.method} on {r.domain}" for r in self[:4])
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
    >>> sorted(frame["method"].unique())[:2]
    ['centre_offset', 'colour']
    >>> sorted(frame["domain"].unique())
    ['intraop', 'sim']
    >>> ab.load_results("phantom-mini").ranking().query("domain == 'sim'")["rank"].tolist()[:2]
    [1, 2]

    Raises InputError when nothing is finished there, naming every file that cannot be read;
    UsageError for what is neither a folder nor a leaderboard.
    """
    given = paths_of(paths)
    if not given and not published:
        raise UsageError("there is nothing to load: no folder and no leaderboard is named")
    return Results(read_results([*given, *([PUBLISHED] if published else [])]))


def paths_of(paths: Paths) -> list[Path]:
    """One path or several, as a list. Raises UsageError for what is not a path."""
    given = (
        [paths]
        if isinstance(paths, str | os.PathLike) or not isinstance(paths, Iterable)
        else list(paths)
    )
    for path in given:
        if not isinstance(path, str | os.PathLike):
            raise UsageError(f"expected a path, or a list of paths, not {path!r}")
    return [Path(p) for p in given]
