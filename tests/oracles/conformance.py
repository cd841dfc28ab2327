"""Prove ``submissions/conformance/matching.json``, whose cases are typed by hand.

What was typed is checked by brute force, in double precision and in exact arithmetic, with code
that shares nothing with the package: over all assignments for ``hungarian`` and ``ungated``, over
all orders of equally close pairs for ``official`` and ``nearest``.

To add a case, type it into the file (the keys are explained by its ``conventions`` and by the cases
beside it; in a proof "P1-L2 5" is the distance of the first prediction and the second label), then
run ``python tests/oracles/conformance.py``. It adds ``hungarian_summed_distance`` and the ratios
of a set, and writes the file again, one key a line. Nothing is written if anything disagrees.
"""

from __future__ import annotations

import json
import math
from fractions import Fraction
from functools import cache
from itertools import permutations, product
from pathlib import Path

SUITE = Path(__file__).parents[2] / "submissions" / "conformance" / "matching.json"


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
            ways = set()
            for i, j in left:
                if group[i, j] == least:
                    rest = frozenset(pair for pair in left if pair[0] != i and pair[1] != j)
                    ways |= {1 + n for n in taken(rest)}
            return frozenset(ways)

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
    expected, ties = case["expected"], case["tie_dependent"]
    faults = [
        f"{rule} does not add up to {p} predictions and {q} labels"
        for rule, counts in expected.items()
        if (counts["tp"] + counts["fp"], counts["tp"] + counts["fn"]) != (p, q)
    ]
    at_radius = any(
        in_floats(a, b) == case["radius"] for a in case["predictions"] for b in case["labels"]
    )
    if at_radius == (case["inclusive"] is None):
        faults.append("`inclusive` must be given exactly if a distance equals the radius")
    differs = False
    for inclusive in (True, False) if case["inclusive"] is None else (case["inclusive"],):
        proved = outcomes(case, inclusive, in_floats)
        for rule, possible in proved.items():
            typed = {counts["tp"] for counts in ties.get(rule, [expected[rule]])}
            if possible != typed or expected[rule]["tp"] not in possible:
                faults.append(f"{rule}: typed {sorted(typed)}, brute force {sorted(possible)}")
        for rule, tp in by_the_tie_break(case, inclusive).items():
            if expected[rule]["tp"] != tp:
                faults.append(f"{rule}: the tie-break gives {tp}")
        differs |= outcomes(case, inclusive, on_paper) != proved
    if differs != case["rounding"]:
        faults.append("`rounding` must be given exactly if paper and floats disagree")
    return faults


def counts_of_set(case):
    """Counts and ratios of a set, of frames on which all rules agree."""
    frames = tp = predicted = labelled = 0
    for frame in case["frames"]:
        predictions, labels = frame["predictions"], frame["labels"]
        if labels is None or (predictions is None and case["missing"] == "skip"):
            continue
        one = {
            "id": frame["frame"],
            "radius": case["radius"],
            "predictions": predictions or [],
            "labels": labels,
        }
        (hits,) = {
            n for inc in (True, False) for s in outcomes(one, inc, on_paper).values() for n in s
        }
        frames, tp = frames + 1, tp + hits
        predicted, labelled = predicted + len(predictions or []), labelled + len(labels)
    ratios = {
        "precision": (tp, predicted),
        "sensitivity": (tp, labelled),
        "f1": (2 * tp, predicted + labelled),
    }
    return {"frames": frames, "tp": tp, "fp": predicted - tp, "fn": labelled - tp} | {
        name: n / d if d else None for name, (n, d) in ratios.items()
    }


def faults_of_set(case):
    """Everything that is wrong with a typed set."""
    counted = counts_of_set(case)
    return [
        f"{name}: typed {value}, counted {counted[name]}"
        for name, value in case["expected"].items()
        if value != counted[name]
    ]


def all_faults(suite):
    """``id: what is wrong`` for all cases."""
    by_id = {case["id"]: case for case in suite["cases"]}
    ids = [case["id"] for case in [*suite["cases"], *suite["sets"]]]
    faults = ["an id is used twice"] if len(set(ids)) != len(ids) else []
    for case in suite["cases"]:
        faults += [f"{case['id']}: {fault}" for fault in faults_of_frame(case)]
        if case["same_frame_as"]:
            other = by_id[case["same_frame_as"]]
            for key in ("predictions", "labels"):
                if sorted(case[key]) != sorted(other[key]):
                    faults.append(f"{case['id']}: {key} are not those of {other['id']}")
            for key in ("expected", "tie_dependent"):
                if case[key] != other[key]:
                    faults.append(f"{case['id']}: expects something else than {other['id']}")
    for case in suite["sets"]:
        faults += [f"{case['id']}: {fault}" for fault in faults_of_set(case)]
    return faults


# --- what is not typed ------------------------------------------------------------------------


def summed_distance(case):
    """Smallest summed distance of as many pairs as possible."""
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
    return round(total, 9)


def suite_as_text(suite):
    """The file, with what is computed added; one key of a case a line."""

    def lines(cases):
        return ",\n".join(
            "  {\n" + ",\n".join(f"   {json.dumps(k)}: {json.dumps(c[k])}" for k in c) + "\n  }"
            for c in cases
        )

    head = json.dumps(
        {key: suite[key] for key in ("suite", "version", "conventions")}, indent=1
    ).removesuffix("\n}")
    cases = lines(c | {"hungarian_summed_distance": summed_distance(c)} for c in suite["cases"])
    sets = lines(c | {"expected": c["expected"] | counts_of_set(c)} for c in suite["sets"])
    return f'{head},\n "cases": [\n{cases}\n ],\n "sets": [\n{sets}\n ]\n}}\n'


if __name__ == "__main__":
    suite = json.loads(SUITE.read_text("utf-8"))
    faults = all_faults(suite)
    if faults:
        raise SystemExit("nothing was written:\n" + "\n".join(faults))
    SUITE.write_text(suite_as_text(suite), encoding="utf-8")
