"""Do errors in the labels change who leads? The labels of a leaderboard are moved and dropped at
random, and the predictions of its entries are scored again:

    python leaderboards/experiments/label_noise.py --board phantom-mini

A label is moved by a normal error of the same sigma in x and y, or left out, each by itself; no
network is trained anew, so this is about scoring alone. Every setting is drawn --draws times, the
same draws for all entries.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import cells
import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.frames import index_dataset
from adaptor_bench.data.labels import read_points
from adaptor_bench.entries.entry import Leaderboard, find_board, read_board, read_entries
from adaptor_bench.entries.packed import Points, unpack
from adaptor_bench.entries.verify import data_of_board
from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.matching.match import match_frames

SIGMAS, DROPS = (0.5, 1.0, 2.0), (0.05, 0.1, 0.2)
SETTINGS = {"none": (0.0, 0.0)}
SETTINGS |= {f"moved by {s:g} px": (s, 0.0) for s in SIGMAS}
SETTINGS |= {f"{d:.0%} dropped": (0.0, d) for d in DROPS}


@dataclass(frozen=True)
class Drawn:
    """Mean F1 (percent) over folds of one entry under one draw of a setting."""

    domain: str
    setting: str
    draw: int
    entry: str
    f1: float


def perturbed(
    labels: Points, sigma: float, drop: float, rng: np.random.Generator
) -> list[NDArray[np.float64]]:
    """The labels of all frames in order, moved by ``sigma`` px in x and y and left out with
    probability ``drop``."""
    result = []
    for points in labels.values():
        kept = points[rng.random(len(points)) >= drop]
        result.append(kept + rng.normal(0.0, sigma, kept.shape))
    return result


def kendall(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Kendall's tau-b of two (n,) series; NaN for fewer than two or where all are equal."""
    a, b = (np.sign(v[:, None] - v[None, :])[np.triu_indices(len(v), 1)] for v in (first, second))
    scale = np.sqrt(float((a * a).sum() * (b * b).sum()))
    return float((a * b).sum() / scale) if scale else float("nan")


def drawn(board: Leaderboard, labels: dict[str, Points], draws: int) -> list[Drawn]:
    """All draws of all settings, of the entries that compete: neither floors nor ceilings.
    ``labels`` are those of every domain, by frame."""
    entries = {
        e.id: unpack(board.folder / "predictions" / Path(e.predictions).name)
        for e in read_entries(board)
        if e.predictions and not (e.setup or {}).get("role")
    }
    rows = []
    for domain, of in labels.items():
        fold_of = {s: k for k, group in board.folds[domain].items() for s in group}
        of = {key: points for key, points in of.items() if key.split("/", 1)[0] in fold_of}
        fold = np.array([fold_of[key.split("/", 1)[0]] for key in of])
        seeds = [
            (e, p) for e, packed in entries.items() for (d, _), p in packed.items() if d == domain
        ]
        found = [
            (entry, PointBatch.from_frames([points.get(key, np.empty((0, 2))) for key in of]))
            for entry, points in seeds
        ]
        for setting, (sigma, drop) in SETTINGS.items():
            for draw in range(draws if sigma or drop else 1):
                noisy = perturbed(of, sigma, drop, np.random.default_rng(draw))
                truth = PointBatch.from_frames(noisy)
                values: dict[str, list[float]] = {}
                for entry, batch in found:
                    values.setdefault(entry, []).append(_mean_f1(batch, truth, fold, board))
                rows += [
                    Drawn(domain, setting, draw, entry, float(np.mean(v)))
                    for entry, v in values.items()
                ]
    return rows


def _mean_f1(
    batch: PointBatch, truth: PointBatch, fold: NDArray[np.int64], board: Leaderboard
) -> float:
    rule = board.settings
    matched = match_frames(batch, truth, rule.radius, rule.rule, rule.inclusive)
    values = []
    for number in np.unique(fold):
        here = fold == number
        tp, points = matched.tp[here].sum(), (matched.predictions + matched.labels)[here].sum()
        values.append(200.0 * tp / points if points else np.nan)
    return float(np.mean(values))


def summary(rows: list[Drawn]) -> list[dict[str, str | float]]:
    """A line a domain and setting: the mean shift of F1 and of the gaps between neighbours, tau
    with the order under the labels as they are, and how often the leader changes."""
    lines: list[dict[str, str | float]] = []
    for domain in dict.fromkeys(r.domain for r in rows):
        here = [r for r in rows if r.domain == domain]
        names = list(dict.fromkeys(r.entry for r in here))
        plain = np.array([r.f1 for r in here if r.setting == "none"])
        for setting in list(SETTINGS)[1:]:
            values = np.array([r.f1 for r in here if r.setting == setting])
            by_draw = values.reshape(-1, len(names))
            shifts = (by_draw - plain).mean(axis=1)
            taus = np.array([kendall(plain, v) for v in by_draw])
            first, *ranks = [(v[:, None] < v[None, :]).sum(axis=1) for v in (plain, *by_draw)]
            moved = [int((rank != first).sum()) for rank in ranks]
            other = [rank.argmin() != first.argmin() for rank in ranks]
            low, high = np.quantile(shifts, [0.025, 0.975])
            tau_low, tau_high = np.quantile(taus, [0.025, 0.975])
            lines.append({
                "domain": domain, "setting": setting, "draws": len(by_draw),
                "entries": len(names), "f1_shift": round(float(shifts.mean()), 2),
                "f1_shift_low": round(float(low), 2), "f1_shift_high": round(float(high), 2),
                "tau": round(float(taus.mean()), 3), "tau_low": round(float(tau_low), 3),
                "tau_high": round(float(tau_high), 3),
                "entries_with_another_rank": round(float(np.mean(moved)), 2),
                "leader_changes": round(float(np.mean(other)), 3),
            })  # fmt: skip
    return lines


def table(lines: list[dict[str, str | float]], board: str) -> str:
    """The lines as Markdown."""
    head = [
        "domain",
        "labels",
        "F1, points",
        "Kendall's tau",
        "entries that change rank",
        "another leader",
    ]
    shown = [
        [
            str(one["domain"]),
            str(one["setting"]),
            f"{one['f1_shift']:+.1f} [{one['f1_shift_low']:+.1f}, {one['f1_shift_high']:+.1f}]",
            f"{one['tau']:.2f} [{one['tau_low']:.2f}, {one['tau_high']:.2f}]",
            f"{one['entries_with_another_rank']:.1f} of {one['entries']}",
            f"{float(one['leader_changes']):.0%}",
        ]
        for one in lines
    ]
    draws = lines[0]["draws"] if lines else 0
    note = (
        f"\nBoard {board}; {draws} draws a line, brackets hold the middle 95 % of them. F1 is the "
        "mean over folds, its shift the mean over entries.\n"
    )
    return cells.markdown(head, shown) + note


def main() -> None:
    """Score again and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--board", default="phantom-mini", help="a leaderboard's name or folder")
    parser.add_argument("--data", type=Path, help="its dataset, unless it can be drawn")
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--out", type=Path, default=cells.HERE, help="where the tables go")
    given = parser.parse_args()
    board = read_board(find_board(given.board))
    dataset = index_dataset(data_of_board(board, given.data))
    labels = {
        domain: {f.key: read_points(f.label).points for f in dataset.domain(domain)}
        for domain in board.folds
    }
    rows = drawn(board, labels, given.draws)
    lines = summary(rows)
    cells.write(given.out, "label_noise", rows, table(lines, board.id), {"lines": lines})


if __name__ == "__main__":
    main()
