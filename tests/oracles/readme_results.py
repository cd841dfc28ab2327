"""The results in README.md and in the leaderboard's README, from what is committed alone.

``python tests/oracles/readme_results.py --write`` puts them between their marks; a test compares.
What differences mean is what the ranking card says: claims are answered there, and only there.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

from adaptor_bench.errors import plural
from adaptor_bench.report.table import MOST_FOLDS

ROOT = Path(__file__).resolve().parent.parent.parent
BOARD = ROOT / "leaderboards" / "phantom-mini"
BEGIN, END = "<!-- results -->\n", "<!-- /results -->\n"
IMPROVED, BASELINE = "improved_heatmap", "stern"

Row = dict
Rows = dict[str, Row]
Estimates = dict[str, dict[str, str]]


def read() -> tuple[dict[str, Rows], dict[str, Row]]:
    """Rows of the competitors by domain and method; the row of the best floor by domain."""
    rows: dict[str, Rows] = {}
    floors: dict[str, Row] = {}
    for row in json.loads((BOARD / "table.json").read_text("utf-8")):
        if row.get("role") == "floor":  # the best stands first
            floors.setdefault(row["domain"], row)
        elif "role" not in row:
            rows.setdefault(row["domain"], {})[row["method"]] = row
    return rows, floors


class Card:
    """One domain of ``card.md``: estimates with tiers, and the answers to claims."""

    def __init__(self, domain: str) -> None:
        text = (BOARD / "card.md").read_text("utf-8")
        (part,) = (p for p in text.split("## Ranking card: ") if f", {domain}, " in p[:80])
        self.folds = int(re.search(r" in (\d+) folds", part)[1])
        self.claims = dict(re.findall(r"^- (.+?): ((?:yes|no|undecided) \(.+\))\.$", part, re.M))
        self.estimates = {row["Method"]: row for row in _rows_below(part, "Estimates")}


def _rows_below(text: str, heading: str) -> list[dict[str, str]]:
    table = text.partition(f"### {heading}")[2].partition("\n### ")[0]
    head, _, *lines = (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in table.splitlines()
        if line.startswith("|")
    )
    return [dict(zip(head, line, strict=True)) for line in lines]


def summary() -> str:
    """README.md: F1 with its interval and tier, and what the tiers mean."""
    rows, floors = read()
    cards = {domain: Card(domain) for domain in rows}
    head = ["method"]
    for domain in rows:
        head += [f"{domain}: F1 % [95 % interval]", "tier"]
    lines = ["", _line(head), "|" + "---|" * len(head)]
    methods = list(dict.fromkeys(name for here in rows.values() for name in here))
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
    return f"{word if word == 'undecided' else f'**{word}**'} {rest}"


def _spread(numbers: dict) -> str:
    if numbers["mean"] is None:
        return "-"
    return f"{numbers['mean']:.2f} ± {numbers['std']:.2f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _line(cells: list) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


PAGES = {ROOT / "README.md": summary, BOARD / "README.md": details}

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
