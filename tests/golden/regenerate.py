"""Check the hand-made cases of ``cases.py`` and write ``submissions/conformance/matching.json``.

What was typed is checked here by brute force, in double precision and in exact arithmetic, with
code that shares nothing with the package: over all assignments for ``hungarian`` and ``ungated``,
over all orders of equally close pairs for ``official`` and ``nearest``. Nothing is written when
anything disagrees. Run: ``python regenerate.py``.
"""

from __future__ import annotations

import json
import math
import runpy
from fractions import Fraction
from functools import cache
from itertools import permutations, product
from pathlib import Path

HERE = Path(__file__).parent
SUITE = HERE.parent.parent / "submissions" / "conformance" / "matching.json"
CASES = runpy.run_path(str(HERE / "cases.py"))
RULES = ("hungarian", "official", "nearest", "ungated")
VERSION = 1

CONVENTIONS = {
    "points": "[x, y] in pixels; x to the right, y down. `scores`, where given, are one confidence "
    "per prediction and must not matter.",
    "distance": "Euclidean, in double precision, compared with the radius without a tolerance.",
    "inclusive": "true: a pair at exactly the radius counts (<=); false: it does not (<); null: no "
    "distance equals the radius, so either boundary must give these counts.",
    "counts": "tp matched predictions, fp other predictions, fn labels that were not matched.",
    "rules": {
        "hungarian": "one to one, only pairs within the radius; as many pairs as possible, among "
        "those the smallest summed distance",
        "official": "repeatedly the closest pair within the radius with both points free; "
        "equally close: the pair whose midpoint lies further left, then further up",
        "nearest": "every prediction asks for its nearest label within the radius (equally near: "
        "the one further left, then further up); the nearest of those who ask gets it; the others "
        "get no second choice",
        "ungated": "one to one, as many pairs as the smaller side has points, the smallest summed "
        "distance over all pairs; those beyond the radius are dropped afterwards",
    },
    "tie_dependent": "for each rule whose counts depend on which of several equally close pairs "
    "goes first: all counts that are possible. `expected` holds those of the tie-break above.",
    "same_frame_as": "the case with the same points in another order (or with scores): the counts "
    "must be the same, whatever the tie-break.",
    "rounding": "true: double precision and paper disagree, and double precision decides.",
    "original_programs_differ": "counts of the published program of that rule where they are not "
    "`expected`: official, the challenge's evaluation.py (<=, the last of equally close pairs in "
    "file order wins); nearest, Cardio-AI's match_keypoints and remove_dupes (<, compares points "
    "by their coordinates).",
    "sets": "several frames scored as one set, under every rule. predictions null: there is no "
    "prediction file (`missing`: empty counts it as an empty list, skip leaves the frame out); "
    "labels null: there is no label file and the frame is not scored. Counts are added up, "
    "then precision = tp / (tp + fp), sensitivity = tp / (tp + fn), f1 = 2 tp / (2 tp + fp + fn); "
    "0/0 is null.",
}


# --- brute force ------------------------------------------------------------------------------


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


def in_floats(p, q):
    """Distance in double precision."""
    return math.hypot(p[0] - q[0], p[1] - q[1])


def on_paper(p, q):
    """Squared distance of the decimal numbers as they are written, exactly."""
    dx, dy = (Fraction(repr(a)) - Fraction(repr(b)) for a, b in zip(p, q, strict=True))
    return dx * dx + dy * dy


def near_pairs(case, inclusive, measure):
    """{(prediction, label): distance} of the pairs within the radius."""
    limit = case["radius"]
    if measure is on_paper:
        limit = Fraction(repr(limit)) ** 2
    pairs = {}
    for i, p in enumerate(case["predictions"]):
        for j, q in enumerate(case["labels"]):
            d = measure(p, q)
            if d < limit or (inclusive and d == limit):
                pairs[i, j] = d
    return pairs


def components(pairs):
    """The pairs, split into groups without a common point."""
    left = set(pairs)
    while left:
        todo, group = [left.pop()], []
        while todo:
            i, j = todo.pop()
            group.append((i, j))
            touching = {pair for pair in left if pair[0] == i or pair[1] == j}
            left -= touching
            todo += touching
        yield {pair: pairs[pair] for pair in group}


def sums(sets):
    """All sums of one element of each set."""
    total = {0}
    for s in sets:
        total = {a + b for a in total for b in s}
    return total


def most_pairs(pairs):
    """{largest number of pairs}: over all assignments."""

    @cache
    def most(left):
        if not left:
            return 0
        i, j = min(left)
        rest = left - {(i, j)}
        with_it = frozenset(pair for pair in left if pair[0] != i and pair[1] != j)
        return max(most(rest), 1 + most(with_it))

    return sums({most(frozenset(group))} for group in components(pairs))


def closest_first(pairs):
    """Numbers of pairs over all orders of equally close pairs."""

    def outcomes(group):
        @cache
        def taken(left):
            if not left:
                return frozenset({0})
            least = min(group[pair] for pair in left)
            found = set()
            for i, j in left:
                if group[i, j] == least:
                    rest = frozenset(pair for pair in left if pair[0] != i and pair[1] != j)
                    found |= {1 + n for n in taken(rest)}
            return frozenset(found)

        return taken(frozenset(group))

    return sums(outcomes(group) for group in components(pairs))


def each_its_nearest(pairs):
    """Numbers of pairs over all ways in which predictions choose among equally near labels."""

    def outcomes(group):
        choices = {}
        for (i, j), d in group.items():
            choices.setdefault(i, []).append((d, j))
        nearest = [[j for d, j in some if d == min(some)[0]] for some in choices.values()]
        return {len(set(asked)) for asked in product(*nearest)}

    return sums(outcomes(group) for group in components(pairs))


def whole_frame(case, inclusive):
    """Numbers of pairs within the radius over all optimal assignments of the whole frame."""
    few, many = sorted((case["predictions"], case["labels"]), key=len)
    cost = [[in_floats(p, q) for q in many] for p in few]

    def within(chosen):
        return sum(
            d < case["radius"] or (inclusive and d == case["radius"])
            for d in (cost[i][j] for i, j in enumerate(chosen))
        )

    if math.perm(len(many), len(few)) > 10**6:
        return {within(only_optimum(case["id"], cost))}
    totals = {
        chosen: math.fsum(cost[i][j] for i, j in enumerate(chosen))
        for chosen in permutations(range(len(many)), len(few))
    }
    least = min(totals.values())
    assert not any(1e-9 < t - least < 1e-6 for t in totals.values()), f"{case['id']}: too close"
    return {within(chosen) for chosen, total in totals.items() if total - least <= 1e-9}


def only_optimum(name, cost):
    """The optimal assignment of a frame too large to enumerate; forbidding any of its pairs must
    cost more."""
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    cost = np.array(cost)
    rows, columns = linear_sum_assignment(cost)
    least = cost[rows, columns].sum()
    for i, j in zip(rows, columns, strict=True):
        other = cost.copy()
        other[i, j] = 1e9
        assert other[linear_sum_assignment(other)].sum() > least + 1e-6, f"{name}: not unique"
    return columns.tolist()


def by_the_tie_break(case, inclusive):
    """TP of ``official`` and ``nearest`` under the documented tie-breaks."""
    pairs = near_pairs(case, inclusive, in_floats)
    p, q = case["predictions"], case["labels"]

    def midpoint(pair):
        return [a + b for a, b in zip(p[pair[0]], q[pair[1]], strict=True)]

    taken, official = set(), 0
    for i, j in sorted(pairs, key=lambda pair: (pairs[pair], midpoint(pair))):
        if not {("p", i), ("l", j)} & taken:
            taken |= {("p", i), ("l", j)}
            official += 1
    asked = set()
    for i in {i for i, _ in pairs}:
        asked.add(min((d, q[j], j) for (k, j), d in pairs.items() if k == i)[2])
    return {"official": official, "nearest": len(asked)}


# --- checks -----------------------------------------------------------------------------------


def outcomes(case, inclusive, measure):
    """rule -> all numbers of pairs that are possible."""
    pairs = near_pairs(case, inclusive, measure)
    return {
        "hungarian": most_pairs(pairs),
        "official": closest_first(pairs),
        "nearest": each_its_nearest(pairs),
        "ungated": whole_frame(case, inclusive),
    }


def faults_of_frame(case):
    """Everything that is wrong with a typed case."""
    p, q = len(case["predictions"]), len(case["labels"])
    faults = []
    for rule, (tp, fp, fn) in case["expected"].items():
        if (tp + fp, tp + fn) != (p, q):
            faults.append(f"{rule} does not add up to {p} predictions and {q} labels")
    at_radius = any(
        in_floats(a, b) == case["radius"] for a in case["predictions"] for b in case["labels"]
    )
    if at_radius == (case["inclusive"] is None):
        faults.append("`inclusive` must be given exactly if a distance equals the radius")
    differs = False
    for inclusive in (True, False) if case["inclusive"] is None else (case["inclusive"],):
        found = outcomes(case, inclusive, in_floats)
        for rule, possible in found.items():
            typed = {c[0] for c in case["ties"].get(rule, [case["expected"][rule]])}
            if possible != typed or case["expected"][rule][0] not in possible:
                faults.append(f"{rule}: typed {sorted(typed)}, brute force {sorted(possible)}")
        for rule, tp in by_the_tie_break(case, inclusive).items():
            if case["expected"][rule][0] != tp:
                faults.append(f"{rule}: the tie-break gives {tp}")
        differs |= outcomes(case, inclusive, on_paper) != found
    if differs != case["rounding"]:
        faults.append("`rounding` must be given exactly if paper and floats disagree")
    return faults


def faults_of_set(case):
    """Everything that is wrong with a typed set, of frames on which all rules agree."""
    frames = tp = predicted = labelled = 0
    for key, predictions, labels in case["frames"]:
        if labels is None or (predictions is None and case["missing"] == "skip"):
            continue
        one = {"id": key, "radius": 6.0, "predictions": predictions or [], "labels": labels}
        found = {
            n for inc in (True, False) for s in outcomes(one, inc, on_paper).values() for n in s
        }
        assert len(found) == 1, f"{case['id']}: the rules disagree on {key}"
        frames, tp = frames + 1, tp + found.pop()
        predicted, labelled = predicted + len(predictions or []), labelled + len(labels)
    counts = (frames, tp, predicted - tp, labelled - tp)
    ratios = ((tp, predicted), (tp, labelled), (2 * tp, predicted + labelled))
    faults = []
    if counts != case["expected"]:
        faults.append(f"typed {case['expected']}, counted {counts}")
    if ratios != case["ratios"]:
        faults.append(f"typed {case['ratios']}, counted {ratios}")
    return faults


def all_faults():
    """``id: what is wrong`` for all cases."""
    faults = []
    by_id = {case["id"]: case for case in CASES["FRAMES"]}
    ids = [case["id"] for case in [*CASES["FRAMES"], *CASES["SETS"]]]
    if len(set(ids)) != len(ids):
        faults.append("an id is used twice")
    for case in CASES["FRAMES"]:
        faults += [f"{case['id']}: {fault}" for fault in faults_of_frame(case)]
        if case["same"]:
            other = by_id[case["same"]]
            for key in ("predictions", "labels"):
                if sorted(case[key]) != sorted(other[key]):
                    faults.append(f"{case['id']}: {key} are not those of {other['id']}")
            if case["expected"] != other["expected"] or case["ties"] != other["ties"]:
                faults.append(f"{case['id']}: expects something else than {other['id']}")
    for case in CASES["SETS"]:
        faults += [f"{case['id']}: {fault}" for fault in faults_of_set(case)]
    return faults


# --- the document -----------------------------------------------------------------------------


def counts_as_json(counts):
    return dict(zip(("tp", "fp", "fn"), counts, strict=True))


def frame_as_json(case):
    inclusive = case["inclusive"] is not False
    total = math.fsum(
        brute_force(
            [case["predictions"][i] for i in sorted({i for i, _ in group})],
            [case["labels"][j] for j in sorted({j for _, j in group})],
            case["radius"],
            inclusive,
        )[1]
        for group in components(near_pairs(case, inclusive, in_floats))
    )
    document = {
        "id": case["id"],
        "shows": case["shows"],
        "proof": case["proof"],
        "radius": case["radius"],
        "inclusive": case["inclusive"],
        "predictions": case["predictions"],
        "labels": case["labels"],
        "scores": case["scores"],
        "expected": {rule: counts_as_json(c) for rule, c in case["expected"].items()},
        "hungarian_summed_distance": round(total, 9),
        "tie_dependent": {r: [counts_as_json(c) for c in some] for r, some in case["ties"].items()},
        "same_frame_as": case["same"],
        "rounding": case["rounding"],
        "original_programs_differ": {r: counts_as_json(c) for r, c in case["originals"].items()},
    }
    if case["scores"] is None:
        del document["scores"]
    return document


def set_as_json(case):
    names = ("precision", "sensitivity", "f1")
    ratios = {
        name: n / d if d else None for name, (n, d) in zip(names, case["ratios"], strict=True)
    }
    frames, *counts = case["expected"]
    return {
        "id": case["id"],
        "shows": case["shows"],
        "proof": case["proof"],
        "radius": 6.0,
        "missing": case["missing"],
        "frames": [
            {"frame": key, "predictions": predictions, "labels": labels}
            for key, predictions, labels in case["frames"]
        ],
        "expected": {"frames": frames} | counts_as_json(counts) | ratios,
    }


def suite_as_text():
    """The document, one key of a case a line."""

    def lines(cases):
        return ",\n".join(
            "  {\n" + ",\n".join(f"   {json.dumps(k)}: {json.dumps(c[k])}" for k in c) + "\n  }"
            for c in cases
        )

    head = json.dumps(
        {
            "suite": "point matching",
            "version": VERSION,
            "conventions": CONVENTIONS,
        },
        indent=1,
    ).removesuffix("\n}")
    frames = lines(map(frame_as_json, CASES["FRAMES"]))
    sets = lines(map(set_as_json, CASES["SETS"]))
    return f'{head},\n "cases": [\n{frames}\n ],\n "sets": [\n{sets}\n ]\n}}\n'


def main():
    """Write the suite, if nothing is wrong with it."""
    faults = all_faults()
    if faults:
        raise SystemExit("nothing was written:\n" + "\n".join(faults))
    SUITE.parent.mkdir(parents=True, exist_ok=True)
    SUITE.write_text(suite_as_text(), encoding="utf-8")
    print(f"{len(CASES['FRAMES'])} frames and {len(CASES['SETS'])} sets in {SUITE}")  # noqa: T201


if __name__ == "__main__":
    main()
