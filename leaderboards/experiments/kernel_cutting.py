"""Kernel x decoding: does cutting help, and does the answer depend on the kernel?

Every kernel is trained once a fold; its decodings share the network. Run, and rerun to resume:

    python leaderboards/experiments/kernel_cutting.py --data DIR --domain sim --fold 1
"""

from __future__ import annotations

from typing import Any

import cells
from cells import Arm, Row

KERNELS: dict[str, dict[str, Any]] = {
    "5.657 sum": {"target.sigma": 5.657, "target.combine": "sum_minmax"},
    "3 max": {"target.sigma": 3.0, "target.combine": "max"},
    "2.5 max": {"target.sigma": 2.5, "target.combine": "max"},
    "1 clipped sum": {"target.sigma": 1.0, "target.combine": "sum_clip"},
}
DECODINGS: dict[str, dict[str, Any]] = {
    "cut": {"decode": "otsu", "decode.cut": True},
    "no cut": {"decode": "otsu", "decode.cut": False},
    "peaks": {"decode": "peaks"},
}
# The same for all, so that decodings of a kernel share a network; none prefers a decoding.
BASE = "improved_heatmap/no_cyclegan"


def arms() -> list[Arm]:
    """All pairs of a kernel and a decoding, named as :func:`named` has it."""
    return [
        Arm(named(k, d), BASE, {**kernel, **decoding})
        for k, kernel in KERNELS.items()
        for d, decoding in DECODINGS.items()
    ]


def named(kernel: str, decoding: str) -> str:
    """The name of their arm."""
    return f"{kernel}-{decoding}".replace(" ", "_")


def table(rows: list[Row]) -> str:
    """F1 of every kernel and decoding by domain, and what cutting gains."""
    parts = []
    for domain in dict.fromkeys(r.domain for r in rows):
        here = cells.of(rows, domain=domain)
        lines = []
        for kernel in KERNELS:
            by = {d: cells.of(here, arm=named(kernel, d)) for d in DECODINGS}
            gain = cells.difference(by["cut"], by["no cut"])
            values = [cells.shown(cells.mean(by[d])) for d in DECODINGS]
            lines.append([kernel, *values, cells.shown(gain, sign=True)])
        head = ["kernel (px)", "Otsu, opening, cut", "no cut", "peaks", "cut - no cut"]
        parts.append(f"### {domain}\n\n{cells.markdown(head, lines)}")
    return "\n".join(parts)


def main() -> None:
    """Run and write."""
    given = cells.parser(__doc__ or "", "maps").parse_args()
    rows = cells.run(arms(), cells.where(given))
    cells.write(given.out, "kernel_cutting", rows, table(rows))


if __name__ == "__main__":
    main()
