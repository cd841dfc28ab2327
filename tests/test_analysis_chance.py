"""The chance floors: against closed forms, a plain simulation, and what must not leak."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adaptor_bench.errors import UsageError
from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.matching.match import match
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.scoring.analysis.chance import (
    chance,
    draws_for,
    prior_thrower,
    uniform_thrower,
)
from adaptor_bench.scoring.jsonable import jsonable

pytestmark = pytest.mark.quick

R = 6.0


def of(frames):
    return PointBatch.from_frames(frames)


def floors(keys, predictions, labels, sizes, tp=0, rule="hungarian", **options):
    settings = MatchSettings(rule, R)
    return chance(keys, of(predictions), of(labels), np.array(sizes), tp, settings, **options)


def lattice_share(label, size):
    """The share of the frame within R of the label, on a fine grid."""
    x, y = (np.linspace(0, n - 1, 2001) for n in size)
    return float(np.mean(np.hypot(x[:, None] - label[0], y[None, :] - label[1]) <= R))


def test_uniform_against_the_area():
    """One prediction and one label a frame: it hits with the share of the disc in the frame."""
    size = (60, 40)
    inside, corner = (30, 20), (0, 0)
    share = (lattice_share(inside, size) + lattice_share(corner, size)) / 2
    assert lattice_share(inside, size) == pytest.approx(math.pi * R**2 / (59 * 39), rel=2e-3)
    found = floors(["a/v/0", "b/v/0"], [[(1, 1)]] * 2, [[inside], [corner]], [size] * 2, tp=1,
                   draws=10000)  # fmt: skip
    assert found.uniform.f1 == pytest.approx(share, abs=4 * found.uniform.standard_error)
    # The standard error itself: half the sum of two Bernoulli variances.
    shares = [lattice_share(q, size) for q in (inside, corner)]
    sigma = math.sqrt(sum(s * (1 - s) for s in shares)) / 2
    assert found.uniform.standard_error == pytest.approx(sigma / math.sqrt(10000), rel=0.05)
    assert found.f1 == 0.5
    assert found.uniform.skill == pytest.approx((0.5 - found.uniform.f1) / (1 - found.uniform.f1))


def test_uniform_against_a_plain_simulation():
    """Several points a frame, frames of different sizes, one at a time with match()."""
    labels = [[(5, 5), (9, 5), (20, 10)], [(10, 10)], []]
    predictions = [[(0, 0)] * 4, [(0, 0)] * 2, [(0, 0)]]
    sizes = [(40, 30), (25, 20), (40, 30)]
    for rule in ("hungarian", "official", "nearest"):
        rng = np.random.default_rng(5)
        simulated = []
        for _ in range(500):
            tp = sum(
                match(rng.uniform(0, 1, (len(p), 2)) * (np.array(s) - 1), q, rule=rule).tp
                for p, q, s in zip(predictions, labels, sizes, strict=True)
            )
            simulated.append(2 * tp / (7 + 4))
        found = floors(
            ["a/v/0", "a/v/1", "b/v/0"], predictions, labels, sizes, rule=rule, draws=500
        )
        error = math.hypot(np.std(simulated) / math.sqrt(500), found.uniform.standard_error)
        assert found.uniform.f1 == pytest.approx(np.mean(simulated), abs=4 * error)


@pytest.mark.parametrize("rule", ["hungarian", "official", "nearest"])
def test_every_draw_is_scored_by_the_rule(rule):
    """The same throws, scored frame by frame: mean and standard error are equal, not just close."""
    labels = [[(3, 3), (6, 3), (9, 6)], [(5, 5), (11, 5)]]
    predictions = [[(0, 0)] * 6, [(0, 0)] * 4]
    sizes, draws, seed = np.array([(14, 12), (16, 10)]), 12, 7
    keys = ["a/v/0", "b/v/0"]
    found = floors(keys, predictions, labels, sizes, draws=draws, seed=seed, rule=rule)
    throwers = (
        uniform_thrower(of(predictions), sizes),
        prior_thrower(of(predictions), of(labels), sizes, np.array([0, 1])),
    )
    for stream, (throw, floor) in enumerate(
        zip(throwers, (found.uniform, found.prior), strict=True)
    ):
        generator = np.random.default_rng([seed, stream])
        values = []
        for _ in range(draws):
            thrown = PointBatch(throw(generator), of(predictions).starts)
            tp = sum(match(p, q, R, rule).tp for p, q in zip(thrown, labels, strict=True))
            values.append(2 * tp / (10 + 5))
        assert floor.f1 == pytest.approx(np.mean(values), abs=1e-12)
        error = math.sqrt(sum((v - np.mean(values)) ** 2 for v in values) / (draws - 1) / draws)
        assert floor.standard_error == pytest.approx(error)


def test_prior_by_hand():
    """Surgery a has its label where 3 of the 4 labels of surgery b are, never where its own other
    frame's are: a hits with 3/4; b draws from a's two labels and hits with 1/2."""
    keys = ["a/v/0", "a/v/1", "b/v/0"]
    labels = [[(10, 10)], [(50, 30)], [(10, 10), (11, 10), (9, 10), (30, 30)]]
    predictions = [[(0, 0)], [], [(0, 0)]]
    found = floors(keys, predictions, labels, [(60, 40)] * 3, draws=8000)
    expected = 2 * (3 / 4 + 1 / 2) / (2 + 6)
    assert found.prior.f1 == pytest.approx(expected, abs=4 * found.prior.standard_error)
    assert found.prior_from == "other surgeries"


def test_the_prior_never_sees_its_own_surgery():
    """Labels of one surgery are all in one place, which no other surgery shares."""
    keys = [f"s{f // 2}/v/{f}" for f in range(8)]
    labels = [[(10 + 30 * (f // 2), 20)] * 3 for f in range(8)]
    found = floors(keys, labels, labels, [(120, 40)] * 8, tp=24, draws=50)
    assert (found.prior.f1, found.prior.standard_error, found.prior.skill) == (0, 0, 1)
    # One surgery only: the other frames, never the frame itself.
    keys = [f"s/v/{f}" for f in range(4)]
    labels = [[(10 + 30 * f, 20)] for f in range(4)]
    alone = floors(keys, labels, labels, [(120, 40)] * 4, tp=4, draws=50)
    assert (alone.prior_from, alone.prior.f1) == ("other frames", 0)
    together = floors(keys, labels, [[(10, 20)]] * 4, [(120, 40)] * 4, tp=4, draws=50)
    assert together.prior.f1 == 1
    assert math.isnan(together.prior.skill)  # nothing left above the floor


def test_every_label_elsewhere_is_drawn_equally_often():
    groups = np.array([0, 1, 2, 1])
    labels = of([[(0, 0), (1, 0)], [(2, 0)], [(3, 0)], [(4, 0), (5, 0)]])
    predictions = of([[(0, 0)] * 3000] * 4)
    throw = prior_thrower(predictions, labels, np.array([(60, 40)] * 4), groups)
    thrown = PointBatch(throw(np.random.default_rng(0)), predictions.starts)
    for frame, expected in enumerate([(2, 3, 4, 5), (0, 1, 3), (0, 1, 2, 4, 5), (0, 1, 3)]):
        x, times = np.unique(thrown[frame][:, 0].round(6), return_counts=True)
        assert x.tolist() == list(expected)
        assert times == pytest.approx(np.full(len(x), 3000 / len(x)), rel=0.12)


def test_positions_scale_with_the_frame():
    labels = of([[(10, 10)], [(5, 5)]])
    sizes = np.array([(61, 41), (31, 21)])
    throw = prior_thrower(labels, labels, sizes, np.array([0, 1]))
    assert throw(np.random.default_rng(0)).tolist() == [[10, 10], [5, 5]]


def test_labels_outside_their_frame_are_drawn_at_its_edge():
    labels = of([[(1e308, 20)], [(5, 5)]])
    sizes = np.array([(61, 41), (61, 41)])
    throw = prior_thrower(of([[], [(0, 0)]]), labels, sizes, np.array([0, 1]))
    assert throw(np.random.default_rng(0)).tolist() == [[60, 20]]


def test_uniform_fills_the_range_of_valid_points():
    predictions = of([[(0, 0)] * 20000, [(0, 0)] * 20000])
    thrown = uniform_thrower(predictions, np.array([(512, 288), (61, 41)]))(
        np.random.default_rng(0)
    )
    for part, (width, height) in ((thrown[:20000], (512, 288)), (thrown[20000:], (61, 41))):
        assert part.min() >= 0
        assert (part.max(axis=0) <= (width - 1, height - 1)).all()
        assert part.max(axis=0) == pytest.approx((width - 1, height - 1), rel=1e-3)
        assert part.mean(axis=0) == pytest.approx(((width - 1) / 2, (height - 1) / 2), rel=0.02)


def test_draws_do_not_depend_on_how_many_are_matched_at_once(beside):
    rng = np.random.default_rng(0)
    labels = [rng.uniform(0, 39, (5, 2)) for _ in range(6)]
    case = [f"s{f % 2}/v/{f}" for f in range(6)], labels, labels, [(60, 40)] * 6
    whole = floors(*case, tp=30, draws=30, seed=3)
    beside(chance, "_AT_ONCE", 1)
    single = floors(*case, tp=30, draws=30, seed=3)
    assert single == whole
    other = floors(*case, tp=30, draws=30, seed=4)
    assert other.uniform.f1 != whole.uniform.f1
    assert other.prior.f1 != whole.prior.f1
    assert floors(*case, tp=30, draws=30, seed=3) == single


def test_where_there_is_no_floor():
    sizes = [(60, 40)] * 2
    one = floors(["a/v/0"], [[(1, 1)]], [[(1, 1)]], sizes[:1], tp=1, draws=2)
    assert math.isnan(one.prior.f1)
    assert "no labels elsewhere" in one.prior.absent
    assert not math.isnan(one.uniform.f1)
    document = jsonable(one)
    assert document["prior"]["skill"] is None
    assert document["uniform"]["absent"] is None
    assert (document["seed"], document["draws"]) == (0, 2)
    # Only the frames with predictions need labels elsewhere.
    half = floors(["a/v/0", "b/v/0"], [[], [(1, 1)]], [[(1, 1)], []], sizes, draws=2)
    assert (half.prior.absent, half.prior.f1) == (None, 0)
    other = floors(["a/v/0", "b/v/0"], [[(1, 1)], []], [[(1, 1)], []], sizes, draws=2)
    assert other.prior.absent is not None
    nothing = floors(["a/v/0", "b/v/0"], [[], []], [[], []], sizes, draws=2)
    assert math.isnan(nothing.uniform.f1)


def test_wrong_usage():
    case = ["a/v/0"], [[]], [[]], [(60, 40)]
    with pytest.raises(UsageError, match="2 draws"):
        floors(*case, draws=1)
    with pytest.raises(UsageError, match="seed"):
        floors(*case, draws=2, seed=-1)


def test_the_number_of_draws_follows_the_number_of_points():
    def many(n):
        return PointBatch(np.zeros((n, 2)), np.array([0, n]))

    assert [draws_for(many(n)) for n in (0, 10, 24000, 10**7)] == [500, 500, 43, 5]
