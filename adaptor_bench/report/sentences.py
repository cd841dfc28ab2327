"""What a study says, in sentences made from its numbers alone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from adaptor_bench.evaluate.metrics import METRICS
from adaptor_bench.evaluate.uncertainty.intervals import Interval
from adaptor_bench.evaluate.uncertainty.resampling import EXACT_LIMIT, distinct
from adaptor_bench.evaluate.uncertainty.significance import smallest_p
from adaptor_bench.evaluate.uncertainty.stability import SCHEMES
from adaptor_bench.evaluate.uncertainty.study import Pair, Study
from adaptor_bench.report.studies import Board

__all__ = [
    "card_sentences",
    "how_resampled",
    "limits",
    "p_value",
    "pair_sentence",
    "power_sentence",
]

PHANTOM = "Numbers on the phantom are numbers about the phantom, not AdaptOR results."


def card_sentences(board: Board) -> tuple[str, ...]:
    """The ranking card of a board with at least two methods, one statement a sentence."""
    found = board.study
    sentences = [
        _who_leads(board),
        *_by_how_much(found),
        power_sentence(found),
        _rank_sentence(found),
        _tier_sentence(found),
        _left_out_sentence(found),
        *_flip_sentences(found),
        _scheme_sentence(found),
        *(f"{name} is left out: {why}." for name, why in sorted(board.left_out.items())),
    ]
    if board.kind == "phantom":
        sentences.append(PHANTOM)
    return tuple(sentence for sentence in sentences if sentence)


def pair_sentence(pair: Pair, level: float, comparisons: int = 1) -> str:
    """Difference, interval and test of one pair."""
    title = METRICS[pair.metric].title
    gap = pair.student.estimate
    if math.isnan(gap):
        return f"{pair.a} and {pair.b} cannot be compared: {title} is 0/0 in a fold of one of them."
    if not any(pair.by_surgery):
        return f"{pair.a} and {pair.b} have the same {title} in every surgery."
    ahead, behind = (pair.a, pair.b) if gap >= 0 else (pair.b, pair.a)
    lead = f"{ahead} is {100 * abs(gap):.2f} points of {title} ahead of {behind}"
    if abs(gap) < 1e-9:
        lead = f"{pair.a} and {pair.b} are level in {title}"
    wins = sum(d * (gap or 1) > 0 for d in pair.by_surgery)
    test = f"it is ahead in {wins} of {len(pair.by_surgery)} surgeries, sign-flip p = "
    test += p_value(pair.p)
    if comparisons > 1:
        test += f", {p_value(pair.p_holm)} after correction for {comparisons} comparisons"
    verdict = "significant" if pair.p_holm <= 1 - level + 1e-12 else "not significant"
    signed = pair.student if gap >= 0 else pair.student.negated()
    return f"{lead} ({limits(signed, level)}); {test}: {verdict} at {1 - level:.3g}."


def power_sentence(study: Study) -> str:
    """What the number of surgeries allows a test to say at all."""
    n, pairs = len(study.tally.surgeries), len(study.pairs)
    least = smallest_p(n)
    text = f"With {_several(n, 'surgery', 'surgeries')} no two-sided p below {p_value(least)} is "
    text += "possible"
    alpha = 1 - study.options.level
    if pairs > 1:
        corrected = min(1.0, least * pairs)
        text += f" ({p_value(corrected)} after correction for {pairs} comparisons)"
    if min(1.0, least * pairs) > alpha + 1e-12:
        text += f": no difference here can be significant at {alpha:.3g}, whatever its size"
    return text + "."


def how_resampled(study: Study) -> str:
    """Where resampled numbers come from, in a few words."""
    n = len(study.tally.surgeries)
    if study.exact:
        return f"all {distinct(n):,} distinct draws of {n} surgeries, nothing random"
    kind = "nested draws of surgeries and their frames"
    if study.options.nested is False and distinct(n) > EXACT_LIMIT:
        kind = "draws of surgeries"
    return f"{study.resamples:,} {kind}, seed {study.options.seed}"


def limits(interval: Interval, level: float) -> str:
    """``95 % interval 58.91 to 71.43``, in percent."""
    if math.isnan(interval.low):
        return "no interval"
    return f"{100 * level:g} % interval {100 * interval.low:.2f} to {100 * interval.high:.2f}"


def p_value(p: float) -> str:
    """Three digits that matter."""
    return "-" if math.isnan(p) else f"{p:.3g}"


def _who_leads(board: Board) -> str:
    found = board.study
    metric = found.options.metric
    title = METRICS[metric].title
    n, folds = len(found.tally.surgeries), len(found.tally.folds)
    seeds = sorted(set(found.tally.seeds))
    runs = _several(seeds[0], "seed", "seeds") if len(seeds) == 1 else "several numbers of seeds"
    where = (
        f"On {board.dataset}, {board.domain} (profile {board.profile}; "
        f"{_several(n, 'surgery', 'surgeries')} in {_several(folds, 'fold', 'folds')}; {runs}),"
    )
    first = [name for name, rank in found.ranks.items() if rank == 1]
    if not first:
        return f"{where} no method has a defined {title}."
    value = found.student[first[0]][metric]
    number = f"{title} {100 * value.estimate:.2f} % ({limits(value, found.options.level)})"
    if len(first) == 1:
        return f"{where} {first[0]} leads with {number}."
    return f"{where} {_and(first)} share the first rank with {number}."


def _by_how_much(found: Study) -> list[str]:
    ranked = [name for name, rank in found.ranks.items() if rank is not None]
    if len(ranked) < 2:
        return []
    leader = ranked[0]
    return [
        pair_sentence(found.pairs[leader, other], found.options.level, len(found.pairs))
        for other in ranked[1:]
    ]


def _rank_sentence(found: Study) -> str:
    leaders = [i for i, name in enumerate(found.methods) if found.ranks[name] == 1]
    if not leaders:
        return ""
    i = leaders[0]
    if math.isnan(found.rank_probability[i, 0]):
        return f"No resample has a value for every method ({how_resampled(found)})."
    share = 100 * found.rank_probability[i, 0]
    who = found.methods[i]
    text = f"Resampling the surgeries ({how_resampled(found)}), {who} ranks first in {share:.1f} %"
    rivals = [
        (100 * p, found.methods[j])
        for j, p in enumerate(found.rank_probability[:, 0])
        if j != i and p >= 0.0005
    ]
    text += f", {_and(f'{name} in {p:.1f} %' for p, name in rivals)}" if rivals else ""
    if found.undefined > 0:
        text += f"; {100 * found.undefined:.2g} % of the draws leave a method without a value"
    return text + "."


def _tier_sentence(found: Study) -> str:
    groups: dict[int, list[str]] = {}
    for name, tier in found.tiers.items():
        if tier is not None:
            groups.setdefault(tier, []).append(name)
    if len(groups) == 1:
        return "All methods share one tier: no corrected test tells any of them from the leader."
    listed = "; ".join(f"{tier}: {', '.join(names)}" for tier, names in sorted(groups.items()))
    return f"Tiers (no corrected test tells their members from their best): {listed}."


def _left_out_sentence(found: Study) -> str:
    order = list(found.ranks.values())
    changes = []
    for entry in found.left_out:
        swapped = _swaps(found.methods, order, entry.ranks)
        if swapped:
            changes.append(f"without {entry.surgery} {_and(swapped)}")
    n = len(found.left_out)
    if not n:
        return ""
    if not changes:
        return f"The order stays the same without any one of the {n} surgeries."
    return f"The order hangs on single surgeries: {'; '.join(changes)}."


def _swaps(
    names: Sequence[str], before: Sequence[int | None], after: Sequence[int | None]
) -> list[str]:
    """Pairs whose order is reversed, worded."""
    found = []
    for i, a in enumerate(names):
        for j in range(i + 1, len(names)):
            ranks = (before[i], before[j], after[i], after[j])
            if None in ranks:
                continue
            was, now = (ranks[0] or 0) - (ranks[1] or 0), (ranks[2] or 0) - (ranks[3] or 0)
            if was < 0 < now:
                found.append(f"{names[j]} passes {a}")
    return found


def _flip_sentences(found: Study) -> list[str]:
    seeds = max(found.tally.seeds)
    over = f", counted over {seeds} seeds" if seeds > 1 else ""
    sentences = []
    for (better, worse), flip in found.flips.items():
        if found.ranks[better] is None or found.ranks[worse] is None:
            continue
        if found.ranks[better] == found.ranks[worse]:
            continue
        if flip.landmarks is None:
            text = f"{worse} could not reach {better} by placing points better, however many"
        else:
            share = 100 * flip.landmarks / flip.labels
            text = f"{worse} would draw level with {better} if it placed {flip.landmarks:,} of "
            text += f"{flip.labels:,} landmarks better ({share:.1f} %{over})"
        if flip.frames is not None:
            text += f"; exchanging the outcomes of {flip.frames:,} of {flip.of_frames:,} frames "
            text += "is enough to swap them"
        sentences.append(text + ".")
    return sentences


def _scheme_sentence(found: Study) -> str:
    base = list(found.ranks.values())
    differ = {}
    for scheme, ranks in found.schemes.items():
        if [ranks[name] for name in found.methods] != base:
            order = sorted(
                (name for name in found.methods if ranks[name] is not None),
                key=lambda name: (ranks[name], name),
            )
            differ[scheme] = ", ".join(f"{ranks[name]} {name}" for name in order)
    if not differ:
        return f"All {len(found.schemes)} ranking schemes give this order."
    listed = "; ".join(f"{SCHEMES[s][0]}: {order or 'undefined'}" for s, order in differ.items())
    same = len(found.schemes) - len(differ)
    return f"The order depends on the scheme ({same} of {len(found.schemes)} agree): {listed}."


def _several(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"


def _and(words: Iterable[str]) -> str:
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
