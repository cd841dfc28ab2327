"""How often intervals cover and tests cry wolf: ``python tests/benchmarks/coverage.py``.

Cross-validations of two methods are simulated. The logit of finding a landmark has a part of the
surgery (shared by the methods), a part of method and surgery, and a part of the trained network,
the same for all surgeries of its fold: noise of the seed, and the mean over its training surgeries
of what each of them does for the method. Two folds of a cohort have most training surgeries in
common, hence most of the last part. The difference of the two surgeries of a fold correlates by
about 0.9, as measured on phantom 2. ``share`` is the part of the variance of networks
that comes from training surgeries. Prints the tables of docs/uncertainty.md; about five minutes.
"""

from __future__ import annotations

import argparse
import json
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
from tabulate import tabulate

from adaptor_bench.scoring.uncertainty.intervals import fold_interval, inflation
from adaptor_bench.scoring.uncertainty.significance import (
    Difference,
    compare_family,
    folds_needed,
    sign_flip_p,
)

# name, folds of a cohort, cohorts, surgeries of a fold, seeds
DESIGNS = (
    ("sim, one drawing", 5, 1, 2, 3),
    ("intraop, one drawing", 4, 1, 1, 3),
    ("sim, three drawings", 5, 3, 2, 3),
    ("intraop, three drawings", 4, 3, 1, 3),
    ("sim, three drawings, one seed", 5, 3, 2, 1),
    ("intraop, three drawings, one seed", 4, 3, 1, 1),
)
SHARES = (0.0, 0.3, 0.6)
LABELS = 600  # of a surgery
BETTER = 0.5  # logit
NETWORK, OWN, DIFFICULTY = 0.35, 0.07, 0.4  # standard deviations (logit)


def networks(rng, studies, folds, cohorts, seeds, share, methods=2):
    """(studies, methods, cohorts, folds, seeds): what a trained network adds to the logit. Of the
    mean over seeds the variance is NETWORK squared, whatever their number."""
    noise = rng.normal(0, NETWORK * ((1 - share) * seeds) ** 0.5,
                       (studies, methods, cohorts, folds, seeds))  # fmt: skip
    # One part per fold's surgeries; a network has the mean of those it was trained on.
    parts = rng.normal(0, NETWORK * (share * (folds - 1)) ** 0.5,
                       (studies, methods, cohorts, folds))  # fmt: skip
    trained = (parts.sum(axis=-1, keepdims=True) - parts) / (folds - 1)
    return noise + trained[..., None]


def f1s(rng, studies, design, share, better=0.0, methods=2):
    """F1 (studies, methods, folds, seeds), and of single surgeries (.., folds, surgeries, seeds);
    ``better`` is the first method's advantage (logit)."""
    _, folds, cohorts, surgeries, seeds = design
    own = rng.normal(0, OWN, (studies, methods, cohorts, folds, surgeries))
    difficulty = rng.normal(0, DIFFICULTY, (studies, 1, cohorts, folds, surgeries))
    logit = 0.8 + (own + difficulty)[..., None]
    logit = logit + networks(rng, studies, folds, cohorts, seeds, share, methods)[..., None, :]
    logit[:, 0] += better
    tp = rng.binomial(LABELS, 1 / (1 + np.exp(-logit)))
    fp = rng.poisson(LABELS * 0.4 * np.exp(-logit / 2))
    pooled = [x.sum(axis=-2).reshape(studies, methods, cohorts * folds, seeds) for x in (tp, fp)]
    single = (studies, methods, cohorts * folds, surgeries, seeds)
    return f1(*pooled, LABELS * surgeries), f1(tp, fp, LABELS).reshape(single)


def f1(tp, fp, labels):
    return 2 * tp / (tp + fp + labels)


def truth(design, share, better):
    """Population F1 of both methods."""
    return f1s(np.random.default_rng(2021), 20_000, design, share, better)[0].mean((0, 2, 3))


def cohorts_of(design):
    return np.repeat(np.arange(design[2]), design[1])


def share_of(rng, studies, design, share):
    """Analysis to percent of studies: wrong without a difference (type I error), interval that
    holds the true difference, and difference that is seen; and the mean width in points."""
    cohort, found = cohorts_of(design), {}
    for better in (0.0, BETTER):
        means = truth(design, share, better) if better else np.zeros(2)
        goal = means[0] - means[1]
        folds, surgeries = (x.mean(axis=-1) for x in f1s(rng, studies, design, share, better))
        for of_fold, of_surgery in zip(folds, surgeries, strict=True):
            d, old = of_fold[0] - of_fold[1], (of_surgery[0] - of_surgery[1]).ravel()
            (primary,) = compare_family([Difference("a", "b", d, cohort)])
            for name, interval in (
                ("surgeries, t", fold_interval(old, np.arange(len(old)))),
                ("folds, t", fold_interval(d, np.arange(len(d)))),
                ("primary", primary.corrected),
            ):
                told = found.setdefault(name, {})
                what = "seen" if better else "type I"
                good = interval.verdict == "yes" if better else interval.verdict != "undecided"
                told.setdefault(what, []).append(good)
                told.setdefault("coverage", []).append(interval.low <= goal <= interval.high)
                told.setdefault("width", []).append(interval.high - interval.low)
            for name, p in (("surgeries, flips", flips(old)), ("folds, flips", primary.sign_flip)):
                told = found.setdefault(name, {})
                told.setdefault("seen" if better else "type I", []).append(p <= 0.05 + 1e-12)
    return {n: {k: 100 * np.mean(v) for k, v in told.items()} for n, told in found.items()}


def flips(values):
    return sign_flip_p(values, draws=1_000)


def errors(studies):
    rows, seen = [], []
    names = ("surgeries, t", "folds, t", "primary")
    tests = ("surgeries, flips", "folds, flips")
    for i, design in enumerate(DESIGNS):
        for share in SHARES:
            found = share_of(np.random.default_rng([i, round(10 * share)]), studies, design, share)
            about = [design[0], f"{share:.1f}"]
            rows.append([*about, *(found[n]["type I"] for n in ("surgeries, t", tests[0])),
                         found[names[1]]["type I"], found[tests[1]]["type I"],
                         found["primary"]["type I"],
                         *(found[n]["coverage"] for n in names)])  # fmt: skip
            seen.append([*about, *(found[n]["width"] for n in names),
                         *(found[n]["seen"] for n in names)])  # fmt: skip
    show(rows, ["design", "share", "error: surgeries, t", "surgeries, flips", "folds, t",
                "folds, flips", "**primary**", "coverage: surgeries, t", "folds, t",
                "**primary**"])  # fmt: skip
    show(seen, ["design", "share", "width: surgeries, t", "folds, t", "**primary**",
                "seen: surgeries, t", "folds, t", "**primary**"])  # fmt: skip


def single(studies):
    """Coverage of one method's own F1, and the error of a whole family of comparisons."""
    rows = []
    for i, design in enumerate(DESIGNS):
        for share in SHARES:
            rng, cohort = np.random.default_rng([7, i, round(10 * share)]), cohorts_of(design)
            goal = truth(design, share, 0.0).mean()
            hits, any_wrong = [], []
            for of_fold in f1s(rng, studies, design, share, methods=4)[0].mean(axis=-1):
                interval = fold_interval(of_fold[0], cohort)
                hits.append(interval.low <= goal <= interval.high)
                pairs = [
                    Difference("a", "b", of_fold[j] - of_fold[k], cohort)
                    for j in range(4)
                    for k in range(j)
                ]
                verdicts = [c.verdict != "undecided" for c in compare_family(pairs)]
                any_wrong.append(any(verdicts))
            rows.append([design[0], f"{share:.1f}", inflation(cohort) ** 0.5,
                         100 * np.mean(hits), 100 * np.mean(any_wrong)])  # fmt: skip
    show(rows, ["design", "share", "times as wide as plain t", "coverage of F1",
                "any of 6 false (Holm)"])  # fmt: skip


def power():
    """Folds needed to see 5 points, by the standard deviation of the differences over folds."""
    rows = []
    for sd in (2, 4, 6, 8, 12):
        values = sd / 100 * np.array([-1.0, 1.0, -1.0, 1.0, 0.0])  # of that standard deviation
        five, four = np.zeros(5, int), np.zeros(4, int)
        four_values = values[:4] * 0.75**0.5
        rows.append([f"{sd}", folds_needed(values, five), folds_needed(four_values, four)])
    show(rows, ["SD of the differences (points)", "folds, 5 to a cohort", "folds, 4 to a cohort"])


def measured(board, domain="sim"):
    """Every two methods of a leaderboard: how the differences of their F1 on the two surgeries of a
    fold correlate over its folds, and the standard deviation of those of whole folds (points)."""
    folds = json.loads((board / "board.json").read_text())["domains"][domain]["folds"].values()
    found = {}
    for path in sorted(board.glob("*.json")):
        entry = json.loads(path.read_text())
        if "predictions" in entry and "role" not in entry.get("setup", {}):
            found[entry["id"]] = entry["measured"][domain]["0"]["surgeries"]
    rows = []
    for a, b in combinations(found, 2):
        first, second = (
            np.array([[[found[m][s][k] for k in ("tp", "fp", "fn")] for s in f] for f in folds])
            for m in (a, b)
        )
        if (first == second).all():
            continue
        d = 100 * (f1_of(first) - f1_of(second))
        whole = 100 * (f1_of(first.sum(axis=1)) - f1_of(second.sum(axis=1)))
        rows.append([a, b, np.corrcoef(d.T)[0, 1], whole.std(ddof=1)])
    show(rows, ["methods", "", "correlation", "SD over folds"], (".1f", ".1f", ".2f", ".1f"))


def f1_of(counts):
    tp, fp, fn = np.moveaxis(counts, -1, 0)
    return 2 * tp / (2 * tp + fp + fn)


def show(rows, heads, floats=".1f"):
    sys.stdout.write(tabulate(rows, heads, "pipe", floatfmt=floats, missingval="-") + "\n\n")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=4_000)
    parser.add_argument("--measured", action="store_true")
    given = parser.parse_args()
    if given.measured:
        measured(Path(__file__).parents[2] / "leaderboards" / "phantom-mini")
        return
    studies = given.studies
    d = f1s(np.random.default_rng(1), 4_000, DESIGNS[0], 0.3)[1].mean(axis=-1)
    d = (d[:, 0] - d[:, 1])[:, 0]
    a, b = 100 * truth(DESIGNS[0], 0.3, BETTER)
    sys.stdout.write(
        f"{studies} studies each. Correlation of the differences of the two surgeries of a fold: "
        f"{np.corrcoef(d[:, 0], d[:, 1])[0, 1]:.2f}; their standard deviation over folds "
        f"{100 * d.mean(axis=1).std():.1f} points. True F1 {a:.1f} and {b:.1f} where one is better."
        "\n\n"
    )
    errors(studies)
    single(studies)
    power()


if __name__ == "__main__":
    main()
