"""Write ``tests/golden/matching/*.json``: hand-made frames and what every rule makes of them.

The counts are typed in, from published descriptions and hand calculation, never computed by the
package. What a brute force over all assignments can check (rule ``hungarian``) is checked here
before anything is written, and its summed distance is added. Run: ``python regenerate.py``.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

FOLDER = Path(__file__).parent / "matching"

# name: (what it shows, predictions, labels, hungarian, official, nearest), counts as TP, FP, FN
CASES = {
    "A": ("exactly at the radius", [(14, 6)], [(14, 0)], (1, 0, 0), (1, 0, 0), (0, 1, 1)),
    "B": (
        "the loser of a rivalry has another label in reach",
        [(0, 0), (4, 0)],
        [(2.5, 0), (-3, 0)],
        (2, 0, 0),
        (2, 0, 0),
        (1, 1, 1),
    ),
    "C": (
        "a chain: taking the closest pair first costs a pair",
        [(-5, 0), (2, 0)],
        [(0, 0), (7, 0)],
        (2, 0, 0),
        (1, 1, 1),
        (1, 1, 1),
    ),
    "D": (
        "a chain on whole pixels",
        [(15, 7), (12, 12)],
        [(17, 13), (11, 11)],
        (2, 0, 0),
        (1, 1, 1),
        (1, 1, 1),
    ),
    "E": (
        "assignment on all distances, gated afterwards, would find nothing",
        [(1, 4), (5, 7)],
        [(8, 4), (16, 5)],
        (1, 1, 1),
        (1, 1, 1),
        (1, 1, 1),
    ),
    "F": (
        "a label far away must not matter",
        [(0, 0), (20, 0)],
        [(4, 0), (-14, 0)],
        (1, 1, 1),
        (1, 1, 1),
        (1, 1, 1),
    ),
    "G": (
        "three predictions around one label",
        [(0, 0), (1, 0), (0, 1)],
        [(0, 0)],
        (1, 2, 0),
        (1, 2, 0),
        (1, 2, 0),
    ),
    "H": (
        "one prediction between two labels",
        [(0, 0)],
        [(4, 0), (-4, 0)],
        (1, 0, 1),
        (1, 0, 1),
        (1, 0, 1),
    ),
    "I": (
        "two predictions equally far from a label",
        [(-3, 0), (3, 0)],
        [(0, 0), (8, 0)],
        (2, 0, 0),
        (2, 0, 0),
        (1, 1, 1),
    ),
    "I_reversed": (
        "the same in another order",
        [(3, 0), (-3, 0)],
        [(0, 0), (8, 0)],
        (2, 0, 0),
        (2, 0, 0),
        (1, 1, 1),
    ),
    "J": (
        "three identical predictions on one label",
        [(1, 1), (1, 1), (1, 1)],
        [(0, 0)],
        (1, 2, 0),
        (1, 2, 0),
        (1, 2, 0),
    ),
    "K": (
        "a chain on a line: the closest pair blocks two others",
        [(4, 0), (9.5, 0)],
        [(0, 0), (5, 0)],
        (2, 0, 0),
        (1, 1, 1),
        (1, 1, 1),
    ),
    "L": (
        "a far prediction must not draw a label away",
        [(6.5, 0), (20, 0)],
        [(0, 0), (7, 0)],
        (1, 1, 1),
        (1, 1, 1),
        (1, 1, 1),
    ),
    "M": (
        "one row of alternating points",
        [(5, 0), (11, 0)],
        [(0, 0), (6, 0)],
        (2, 0, 0),
        (1, 1, 1),
        (1, 1, 1),
    ),
    "rounding": (
        "6 on paper, 5.99999... in floating point: inside even the strict boundary",
        [(103.6, 104.8)],
        [(100, 100)],
        (1, 0, 0),
        (1, 0, 0),
        (1, 0, 0),
    ),
    "empty": ("nothing and nothing", [], [], (0, 0, 0), (0, 0, 0), (0, 0, 0)),
    "no_predictions": ("all missed", [], [(1, 1), (9, 9)], (0, 0, 2), (0, 0, 2), (0, 0, 2)),
    "no_labels": ("all invented", [(1, 1), (9, 9)], [], (0, 2, 0), (0, 2, 0), (0, 2, 0)),
}

# Where the original programs differ from these rules, on purpose.
ORIGINALS = {
    "I": {"official": [1, 1, 1]},  # the last pair in file order wins a tie there
    "J": {"nearest": [0, 3, 1]},  # removing duplicates removes all three there
}


def brute_force(predictions, labels, radius=6.0, inclusive=True):
    """(most pairs, smallest summed distance) over all one-to-one assignments within the radius."""
    best = (0, 0.0)

    def extend(i, free, pairs, total):
        nonlocal best
        if i == len(predictions):
            if (-pairs, total) < (-best[0], best[1]):
                best = (pairs, total)
            return
        extend(i + 1, free, pairs, total)
        for j in free:
            d = math.dist(predictions[i], labels[j])
            if d < radius or (inclusive and d == radius):
                extend(i + 1, free - {j}, pairs + 1, total + d)

    extend(0, frozenset(range(len(labels))), 0, 0.0)
    return best


def main():
    """Check what can be checked, then write one file per case."""
    FOLDER.mkdir(exist_ok=True)
    for name, (shows, predictions, labels, hungarian, official, nearest) in CASES.items():
        pairs, total = brute_force(predictions, labels)
        if pairs != hungarian[0]:
            raise SystemExit(f"{name}: typed {hungarian}, but brute force finds {pairs} pairs")
        case = {
            "shows": shows,
            "radius": 6.0,
            "predictions": predictions,
            "labels": labels,
            "expected": {"hungarian": hungarian, "official": official, "nearest": nearest},
            "hungarian_summed_distance": round(total, 9),
            "original_programs_differ": ORIGINALS.get(name, {}),
        }
        text = ",\n".join(f" {json.dumps(key)}: {json.dumps(case[key])}" for key in case)
        (FOLDER / f"{name}.json").write_text(f"{{\n{text}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
