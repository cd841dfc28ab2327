"""The results in README.md, the leaderboard's README and docs/which_method.md, from what is
committed alone.

``python tests/oracles/readme_results.py --write`` puts them between their marks; a test compares.
What differences mean is what the ranking card says: claims are answered there, and only there.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

from adaptor_bench.errors import plural
from adaptor_bench.report.table import MOST_FOLDS

ROOT = Path(__file__).resolve().parent.parent.parent
BOARDS = ROOT / "leaderboards"
BOARD = BOARDS / "phantom-mini"
COLUMNS = {
    ("phantom-mini", "sim"): "phantom, sim",
    ("phantom-mini", "intraop"): "phantom, intraop",
    ("mbm", "intraop"): "nuclei",
    ("urban_trees", "intraop"): "trees",
}
"""Board and domain of every column of docs/which_method.md."""
BEGIN, END = "<!-- results -->\n", "<!-- /results -->\n"
IMPROVED, BASELINE = "improved_heatmap", "stern"

Row = dict
Rows = dict[str, Row]
Estimates = dict[str, dict[str, str]]


def read(board: Path | None = None) -> tuple[dict[str, Rows], dict[str, Row]]:
    """Rows of the competitors by domain and method; the row of the best floor by domain."""
    rows: dict[str, Rows] = {}
    floors: dict[str, Row] = {}
    for row in json.loads(((board or BOARD) / "table.json").read_text("utf-8")):
        if row.get("role") == "floor":  # the best stands first
            floors.setdefault(row["domain"], row)
        elif "role" not in row and row["source"] == "measured":
            rows.setdefault(row["domain"], {})[row["method"]] = row
    return rows, floors


class Card:
    """One domain of ``card.md``: estimates with tiers, pairs, and the answers to claims."""

    def __init__(self, domain: str, board: Path | None = None) -> None:
        text = ((board or BOARD) / "card.md").read_text("utf-8")
        (part,) = (p for p in text.split("## Ranking card: ") if f", {domain}, " in p[:80])
        self.folds = int(re.search(r" in (\d+) folds", part)[1])
        self.claims = dict(re.findall(r"^- (.+?): ((?:yes|no|undecided) \(.+\))\.$", part, re.M))
        self.estimates = {row["Method"]: row for row in _rows_below(part, "Estimates")}
        self.pairs = _rows_below(part, "Every pair")

    def ahead_of(self, leader: str) -> dict[str, str]:
        """By rival: how far ``leader`` is ahead of it, points of F1, and whether that is known."""
        return {
            row["against"]: f"{row['Difference of F1 [95 %]']} {_bold(row['Better'])}"
            for row in self.pairs
            if row["Method"] == leader
        }


def _rows_below(text: str, heading: str) -> list[dict[str, str]]:
    table = text.partition(f"### {heading}")[2].partition("\n### ")[0]
    head, _, *lines = (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in table.splitlines()
        if line.startswith("|")
    )
    return [dict(zip(head, line, strict=True)) for line in lines]


def summary() -> str:
    """README.md: F1 with its interval and tier, and what the tiers mean; without ablations."""
    rows, floors = read()
    cards = {domain: Card(domain) for domain in rows}
    head = ["method"]
    for domain in rows:
        head += [f"{domain}: F1 % [95 % interval]", "tier"]
    lines = ["", _line(head), "|" + "---|" * len(head)]
    methods = dict.fromkeys(name for here in rows.values() for name in here if "/" not in name)
    for name in methods:
        cells = [f"`{name}`"]
        for domain, card in cards.items():
            if same := rows[domain][name].get("same_as"):
                cells += [f"same as `{same}`", ""]
            else:
                cells += [card.estimates[name]["F1 [95 %]"], card.estimates[name]["Tier"]]
        lines.append(_line(cells))
    best = ["*best floor*"]
    for domain in rows:
        best += [f"*{_number(floors[domain]['f1']['mean'])} ({floors[domain]['method']})*", ""]
    lines += [_line(best), ""]
    for domain, card in cards.items():
        tiers = {row["Tier"] for row in card.estimates.values()}
        if len(tiers) == 1:
            lines.append(
                f"On {domain} all methods share one tier: with {card.folds} folds, their "
                "order is not statistically supported."
            )
    return "\n".join(lines) + "\n"


def details() -> str:
    """The leaderboard's README: all folds, and what the data say to the paper's claims."""
    rows, floors = read()
    parts = [_table(domain, rows[domain], floors[domain]) for domain in rows]
    return "\n" + "\n".join([*parts, _claims(rows, floors)])


def which_method() -> str:
    """docs/which_method.md: every method on every board, the leader against the others, claims."""
    cards = {key: Card(key[1], BOARDS / key[0]) for key in COLUMNS}
    read_boards = {name: read(BOARDS / name) for name, _ in COLUMNS}
    rows = {key: read_boards[key[0]][0][key[1]] for key in COLUMNS}
    floors = {key: read_boards[key[0]][1][key[1]] for key in COLUMNS}
    methods = list(dict.fromkeys(name for here in rows.values() for name in here))
    order = sorted(methods, key=lambda name: -_mean_rank(name, rows))

    def estimate(key: tuple[str, str], name: str) -> str:
        if name not in rows[key]:
            return "-"
        if same := rows[key][name].get("same_as"):
            return f"same as `{same}`"
        row = cards[key].estimates[name]
        return f"{row['F1 [95 %]']} ({row['Tier']})"

    def cost(key: tuple[str, str], name: str) -> str:
        seconds = rows[key].get(name, {}).get("cpu_seconds")
        return f"{seconds['total']:.0f}" if seconds else "-"

    def lead(key: tuple[str, str], name: str) -> str:
        return "*first*" if name == leaders[key] else ahead[key].get(name, "-")

    best = [f"{_number(floors[k]['f1']['mean'])} ({floors[k]['method']})" for k in COLUMNS]
    leaders = {key: next(iter(rows[key])) for key in COLUMNS}
    ahead = {key: cards[key].ahead_of(leaders[key]) for key in COLUMNS}
    rivals = [name for name in order if any(name in here for here in ahead.values())]
    claims = dict.fromkeys(claim for card in cards.values() for claim in card.claims)
    return "\n".join(
        [
            "",
            "## Every method on every board",
            "",
            _tabled("F1 %, 95 % interval (tier)", order, estimate)
            + _line(["*best floor*", *best])
            + "\n",
            "## How far the first of each board is ahead",
            "",
            _tabled("points of F1", rivals, lead),
            "## What the paper claims",
            "",
            _tabled("points of F1", list(claims), lambda key, c: _short(cards[key].claims.get(c))),
            "## What a fold costs",
            "",
            _tabled("CPU seconds", order, cost),
        ]
    )


def _mean_rank(name: str, rows: dict[tuple[str, str], Rows]) -> float:
    """The mean over boards of how many competitors a method leaves behind, a share of all."""
    shares = []
    for here in rows.values():
        if name in here:
            behind = sum(r["f1"]["mean"] <= here[name]["f1"]["mean"] for r in here.values())
            shares.append(behind / len(here))
    return sum(shares) / len(shares)


def _tabled(head: str, names: list[str], cell: Callable[[tuple[str, str], str], str]) -> str:
    lines = [_line([head, *COLUMNS.values()]), "|" + "---|" * (1 + len(COLUMNS))]
    for name in names:
        shown = name if " " in name else f"`{name}`"
        lines.append(_line([shown, *(cell(key, name) for key in COLUMNS)]))
    return "\n".join(lines) + "\n"


def _short(answer: str | None) -> str:
    """``+8.7 [+2.0, +15.5] yes`` for ``yes (+8.7 points .., 95 % interval +2.0 to +15.5, ..)``."""
    if answer is None:
        return "-"
    word = answer.partition(" ")[0]
    ahead, low, high = re.search(r"\((\S+) points .* interval (\S+) to ([^\s,]+)", answer).groups()
    return f"{ahead} [{low}, {high}] {_bold(word)}"


def _table(domain: str, rows: Rows, floor: Row) -> str:
    folds = list(floor["f1"]["folds"])
    shown_folds = folds if len(folds) <= MOST_FOLDS else []  # more stand in table.md
    seeds = len(next(iter(rows.values()))["seeds"])
    head = ["rank", "tier", "method", "precision", "sensitivity", "F1", "seed std of F1", "ceiling"]
    head += [f"F1 {fold}" for fold in shown_folds]
    lines = [f"**{domain}** (%, {len(folds)} folds, {plural(seeds, 'seed')})", ""]
    lines += [_line(head), "|" + "---|" * len(head)]
    for name, row in [*rows.items(), (floor["method"], floor)]:
        spreads = [_spread(row[key]) for key in ("precision", "sensitivity", "f1")]
        shown = f"`{name}`" + (f", same as `{row['same_as']}`" if "same_as" in row else "")
        shown = "*best floor*: " * (row is floor) + shown
        cells = [
            row["rank"] or "-",
            row["tier"] or "-",
            shown,
            *spreads,
            _number(row["f1"]["seed_std"]),
            _number(row.get("ceiling")),
        ]
        lines.append(_line([*cells, *(_number(row["f1"]["folds"][fold]) for fold in shown_folds)]))
    return "\n".join(lines) + "\n"


def _claims(rows: dict[str, Rows], floors: dict[str, Row]) -> str:
    domains = list(rows)
    floor = {domain: floors[domain]["f1"]["folds"] for domain in domains}
    cards = {domain: Card(domain) for domain in domains}

    def sensitivity(domain: str, name: str) -> str:
        return cards[domain].estimates[name]["Sensitivity [95 %]"]

    lines = [
        "**Do the paper's claims hold here?** *Yes* or *no* where the interval of the [primary "
        "analysis](../../docs/uncertainty.md), corrected for all these questions, excludes 0; it "
        "is that of the difference of F1.",
        "",
    ]
    claims = dict.fromkeys(claim for card in cards.values() for claim in card.claims)
    for claim in claims:
        told = [f"{d} {_bold(c.claims[claim])}" for d, c in cards.items() if claim in c.claims]
        lines.append(f"- *{claim}*: {'; '.join(told)}.")
    lines.append(
        "- *Higher sensitivity* (not tested): "
        + "; ".join(
            f"{d} {sensitivity(d, IMPROVED)} against {sensitivity(d, BASELINE)}" for d in domains
        )
        + "."
    )
    below = [
        f"{name} {domain} {fold} ({value:.1f} against {floor[domain][fold]:.1f})"
        for domain in domains
        for fold in floor[domain]
        for name in (IMPROVED, BASELINE)
        if (value := rows[domain][name]["f1"]["folds"][fold]) <= floor[domain][fold]
    ]
    lines.append(
        f"- Folds in which {IMPROVED} or {BASELINE} is not above the best floor: "
        f"{'; '.join(below) or 'none'}."
    )
    return "\n".join(lines) + "\n"


def _bold(answer: str) -> str:
    word, _, rest = answer.partition(" ")
    return f"{word if word == 'undecided' else f'**{word}**'} {rest}".rstrip()


def _spread(numbers: dict) -> str:
    if numbers["mean"] is None:
        return "-"
    return f"{numbers['mean']:.2f} ± {numbers['std']:.2f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _line(cells: list) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


PAGES = {
    ROOT / "README.md": summary,
    BOARD / "README.md": details,
    ROOT / "docs" / "which_method.md": which_method,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    for page, made in PAGES.items():
        if write:
            before, _, rest = page.read_text("utf-8").partition(BEGIN)
            page.write_text(before + BEGIN + made() + END + rest.partition(END)[2], "utf-8")
        else:
            sys.stdout.write(made())
