"""The results block of README.md, from the committed leaderboard and floor alone.

``python tests/oracles/readme_results.py --write`` puts it between its marks; a test compares.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BOARD = ROOT / "leaderboards" / "phantom-mini"
BEGIN, END = "<!-- results -->\n", "<!-- /results -->\n"
IMPROVED, BASELINE = "improved_heatmap", "stern"
NO_CYCLEGAN, NO_CUTTING = "improved_heatmap/no_cyclegan", "improved_heatmap/no_cutting"

Row = dict
Rows = dict[str, Row]


def read() -> tuple[dict[str, Rows], dict[str, dict[str, float]]]:
    """Rows by domain and method; F1 of the better trivial detector by domain and fold."""
    rows: dict[str, Rows] = {}
    for row in json.loads((BOARD / "table.json").read_text("utf-8")):
        rows.setdefault(row["domain"], {})[row["method"]] = row
    floor = json.loads((BOARD / "floor" / "trivial.json").read_text("utf-8"))
    return rows, {d: {f: max(s.values()) for f, s in x.items()} for d, x in floor.items()}


def block() -> str:
    """Everything between the marks."""
    rows, floor = read()
    parts = [_table(domain, rows[domain], floor[domain]) for domain in rows]
    return "\n" + "\n".join([*parts, _claims(rows, floor)])


def _table(domain: str, rows: Rows, floor: dict[str, float]) -> str:
    folds = list(floor)
    seeds = len(next(iter(rows.values()))["seeds"])
    head = ["rank", "method", "precision", "sensitivity", "F1", "seed std of F1"]
    head += [f"F1 {fold}" for fold in folds]
    lines = [f"**{domain}** (%, {len(folds)} folds, {seeds} seeds)", ""]
    lines += [_line(head), "|" + "---|" * len(head)]
    for name, row in rows.items():
        spreads = [_spread(row[key]) for key in ("precision", "sensitivity", "f1")]
        shown = f"`{name}`" + (f", same as `{row['same_as']}`" if "same_as" in row else "")
        cells = [row["rank"] or "-", shown, *spreads, _number(row["f1"]["seed_std"])]
        lines.append(_line([*cells, *(_number(row["f1"]["folds"][fold]) for fold in folds)]))
    blank = ["", "*best trivial detector*", *[""] * (len(head) - 2 - len(folds))]
    lines.append(_line([*blank, *(f"{floor[fold]:.1f}" for fold in folds)]))
    return "\n".join(lines) + "\n"


def _claims(rows: dict[str, Rows], floor: dict[str, dict[str, float]]) -> str:
    domains = list(rows)
    lines = [
        "**Do the paper's claims hold here?**",
        "",
        "- *Improved over the baseline*, F1: "
        + "; ".join(_against(d, rows[d], IMPROVED, BASELINE) for d in domains)
        + ".",
        "- *Higher sensitivity:* "
        + "; ".join(
            f"{d} {_mean(rows[d][IMPROVED], 'sensitivity')} against "
            f"{_mean(rows[d][BASELINE], 'sensitivity')}"
            for d in domains
        )
        + ".",
        f"- *CycleGAN helps intraop*, F1: {_change(rows['intraop'], IMPROVED, NO_CYCLEGAN)}.",
        "- *Cutting helps*, F1: "
        + "; ".join(f"{d} {_change(rows[d], IMPROVED, NO_CUTTING)}" for d in domains)
        + ".",
    ]
    below = [
        f"{name} {domain} {fold} ({value:.1f} against {floor[domain][fold]:.1f})"
        for domain in domains
        for fold in floor[domain]
        for name in (IMPROVED, BASELINE)
        if (value := rows[domain][name]["f1"]["folds"][fold]) <= floor[domain][fold]
    ]
    lines.append(
        f"- Folds in which a method does not beat the best trivial detector: "
        f"{'; '.join(below) or 'none'}."
    )
    return "\n".join(lines) + "\n"


def _against(domain: str, rows: Rows, one: str, other: str) -> str:
    a, b = rows[one]["f1"], rows[other]["f1"]
    better = sum(a["folds"][fold] > b["folds"][fold] for fold in a["folds"])
    verdict = "yes" if a["mean"] > b["mean"] else "**no**"
    return (
        f"{domain} {verdict} ({a['mean']:.1f} against {b['mean']:.1f}, better in {better} of "
        f"{len(a['folds'])} folds)"
    )


def _change(rows: Rows, full: str, ablated: str) -> str:
    a, b = rows[full]["f1"], rows[ablated]["f1"]
    better = sum(a["folds"][fold] > b["folds"][fold] for fold in a["folds"])
    verdict = "yes" if a["mean"] > b["mean"] else "**no**"
    return (
        f"{verdict} ({a['mean'] - b['mean']:+.1f}, better in {better} of {len(a['folds'])} folds)"
    )


def _mean(row: Row, key: str) -> str:
    return "-" if row[key]["mean"] is None else f"{row[key]['mean']:.1f}"


def _spread(numbers: dict) -> str:
    if numbers["mean"] is None:
        return "-"
    return f"{numbers['mean']:.2f} ± {numbers['std']:.2f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _line(cells: list) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    if parser.parse_args().write:
        readme = ROOT / "README.md"
        before, _, rest = readme.read_text("utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        readme.write_text(before + BEGIN + block() + END + after, "utf-8")
    else:
        sys.stdout.write(block())
