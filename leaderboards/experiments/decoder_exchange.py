"""Stern's maps and the improved method's, decoded by each other's decoder and by peaks.

One network a method and fold; its decodings share it. What a method gains is told apart into what
its maps bring and what its decoder does. Run, and rerun to resume:

    python leaderboards/experiments/decoder_exchange.py --data DIR --domain sim --fold 1
"""

from __future__ import annotations

from typing import Any

import cells
from cells import Arm, Row

MAPS = {"stern": "stern", "improved": "improved_heatmap/no_cyclegan"}
DECODERS: dict[str, dict[str, Any]] = {
    "threshold": {"decode": "threshold"},
    "otsu_cut": {"decode": "otsu"},
    "peaks": {"decode": "peaks"},
}


def arms() -> list[Arm]:
    """All pairs of maps and a decoder, named ``maps-decoder``."""
    return [
        Arm(f"{maps}-{decoder}", method, changes)
        for maps, method in MAPS.items()
        for decoder, changes in DECODERS.items()
    ]


def table(rows: list[Row]) -> str:
    """F1 of every pair by domain, and what the improved maps gain under each decoder."""
    parts = []
    for domain in dict.fromkeys(r.domain for r in rows):
        here = cells.of(rows, domain=domain)
        by = {(m, d): cells.of(here, arm=f"{m}-{d}") for m in MAPS for d in DECODERS}
        lines = [[m, *(cells.shown(cells.mean(by[m, d])) for d in DECODERS)] for m in MAPS]
        gains = [cells.difference(by["improved", d], by["stern", d]) for d in DECODERS]
        lines.append(["improved - stern", *(cells.shown(g, sign=True) for g in gains)])
        head = ["maps of", "threshold (Stern's)", "Otsu, opening, cut (improved)", "peaks"]
        parts.append(f"### {domain}\n\n{cells.markdown(head, lines)}")
    return "\n".join(parts)


def main() -> None:
    """Run and write."""
    given = cells.parser(__doc__ or "", "maps").parse_args()
    rows = cells.run(arms(), cells.where(given))
    cells.write(given.out, "decoder_exchange", rows, table(rows))


if __name__ == "__main__":
    main()
