"""How often intervals cover and tests cry wolf: ``python tests/benchmarks/coverage.py``.

Surgeries are simulated: each has its own difficulty, shared by both methods, and each method its
own deviation on it; frames within a surgery vary more than binomially. Truth is the mean over
200,000 surgeries. One surgery a fold, as in the intraoperative part. Prints the tables of
docs/uncertainty.md; some minutes on one core.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
from tabulate import tabulate

from adaptor_bench.scoring.uncertainty.estimands import estimate, resampled
from adaptor_bench.scoring.uncertainty.intervals import jackknife_interval, percentile_interval
from adaptor_bench.scoring.uncertainty.resampling import resample
from adaptor_bench.scoring.uncertainty.significance import sign_flip_p, smallest_p
from adaptor_bench.scoring.uncertainty.stability import leave_one_out
from adaptor_bench.scoring.uncertainty.tally import Tally

FRAMES, LABELS = 60, 10
SIZES = (4, 5, 10)
LEVELS = (0.95, 0.80)


def surgeries(rng, n, better=0.0, shared=0.5, own=0.25):
    """Counts (2, n, FRAMES, 3) of two methods; ``better``: the first one's advantage (logit)."""
    difficulty = rng.normal(0, shared, (1, n, 1))
    deviation = rng.normal(0, own, (2, n, 1))
    logit = 0.6 + difficulty + deviation + np.array([better, 0.0])[:, None, None]
    logit = logit + rng.normal(0, 0.5, (2, n, FRAMES))  # frames differ more than chance allows
    labels = rng.poisson(LABELS, (1, n, FRAMES))
    tp = rng.binomial(labels, 1 / (1 + np.exp(-logit)))
    fp = rng.poisson(4 * np.exp(-logit))
    return np.stack([tp, fp, labels - tp], axis=-1)


def tally_of(counts):
    methods, n, frames, _ = counts.shape
    return Tally(
        ("a", "b")[:methods],
        tuple(f"s{i}" for i in range(n)),
        tuple(range(1, n + 1)),
        tuple(f"s{i}/v/{k}" for i in range(n) for k in range(frames)),
        counts.reshape(methods, n * frames, 3),
        np.arange(methods),
        np.repeat(np.arange(n), frames),
        np.arange(n),
    )


def f1(counts):
    tp, fp, fn = np.moveaxis(counts.sum(axis=2), -1, 0)
    return 2 * tp / (2 * tp + fp + fn)


def truth(better):
    """Population F1 of both methods."""
    rng = np.random.default_rng(2021)
    return np.mean([f1(surgeries(rng, 2_000, better)).mean(axis=1) for _ in range(100)], axis=0)


def intervals(tally, level, seed):
    """name -> (interval of the first method, interval of the difference)."""
    at = estimate(tally)
    left = leave_one_out(tally)
    found = {
        "jackknife t": (
            jackknife_interval(at[0], left[:, 0], level),
            jackknife_interval(at[0] - at[1], left[:, 0] - left[:, 1], level),
        )
    }
    for name, nested in (("surgery bootstrap, exact", False), ("nested bootstrap", True)):
        draws = resample(tally, 1_000, seed, nested=nested)
        values = resampled(tally, draws)
        found[name] = tuple(
            percentile_interval(e, v, draws.probability, level)
            for e, v in ((at[0], values[:, 0]), (at[0] - at[1], values[:, 0] - values[:, 1]))
        )
    return found


def coverage(studies, better):
    target = truth(better)
    goals = (target[0], target[0] - target[1])
    rows = []
    for n in SIZES:
        hits, widths = {}, {}
        for k in range(studies if n < 10 else studies // 4):
            tally = tally_of(surgeries(np.random.default_rng([n, k]), n, better))
            for level in LEVELS:
                for name, both in intervals(tally, level, k).items():
                    for what, interval, goal in zip(("F1", "difference"), both, goals, strict=True):
                        key = name, what, level
                        hits.setdefault(key, []).append(interval.low <= goal <= interval.high)
                        widths.setdefault(key, []).append(interval.high - interval.low)
        for name in ("surgery bootstrap, exact", "nested bootstrap", "jackknife t"):
            cells = [100 * np.mean(hits[name, w, c]) for c in LEVELS for w in ("F1", "difference")]
            wide = [100 * np.mean(widths[name, w, LEVELS[0]]) for w in ("F1", "difference")]
            rows.append([n, len(hits[name, "F1", LEVELS[0]]), name, *cells, *wide])
    heads = ["surgeries", "studies", "interval"]
    heads += [f"{100 * c:.0f} %: {w}" for c in LEVELS for w in ("F1", "difference")]
    show(rows, [*heads, "width F1", "width difference"])


def errors(studies):
    rows = []
    for n in SIZES:
        found = {}
        for what, better in (("no difference", 0.0), ("a difference", 0.5)):
            p = []
            for k in range(studies):
                values = f1(surgeries(np.random.default_rng([7, n, k]), n, better))
                p.append(sign_flip_p(values[0] - values[1]))
            found[what] = [100 * np.mean(np.array(p) <= alpha + 1e-12) for alpha in (0.05, 0.2)]
        rows.append([n, studies, smallest_p(n), *found["no difference"], *found["a difference"]])
    heads = ["surgeries", "studies", "smallest p"]
    heads += [f"{w}: p <= {a}" for w in ("no difference", "a difference") for a in (0.05, 0.2)]
    show(rows, heads, ("d", "d", ".4f"))


def show(rows, heads, digits=("d", "d", "")):
    formats = (*digits, *[".1f"] * (len(heads) - 3))
    sys.stdout.write(tabulate(rows, heads, "pipe", floatfmt=formats) + "\n\n")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=2_000)
    studies = parser.parse_args().studies
    better = 0.5
    a, b = truth(better)
    sys.stdout.write(f"True F1 {100 * a:.2f} and {100 * b:.2f}; difference {100 * (a - b):.2f}\n\n")
    coverage(studies, better)
    errors(studies)


if __name__ == "__main__":
    main()
