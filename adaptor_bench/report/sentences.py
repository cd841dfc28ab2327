"""What a study says, in sentences made from its numbers alone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from adaptor_bench.errors import plural
from adaptor_bench.report.studies import BoardStudy
from adaptor_bench.results.notes import PHANTOM, unlabelled_notes
from adaptor_bench.scoring.metrics import METRICS
from adaptor_bench.scoring.ranking import SAME
from adaptor_bench.scoring.uncertainty.intervals import Interval
from adaptor_bench.scoring.uncertainty.resampling import EXACT_LIMIT, distinct
from adaptor_bench.scoring.uncertainty.significance import smallest_p
from adaptor_bench.scoring.uncertainty.stability import SCHEMES
from adaptor_bench.scoring.uncertainty.study import Pair, Study


def card_sentences(board: BoardStudy) -> tuple[str, ...]:
    """The ranking card of a board with at least two methods, one statement a sentence."""
    found = board.study
    sentences = [
        _who_leads(board),
        *unlabelled_notes(found.tally.unlabelled.items()),
        _unranked_sentence(found),
        *_by_how_much(found),
        power_sentence(found),
        _rank_sentence(found),
        _tier_sentence(found),
        _left_out_sentence(found),
        *_flip_sentences(found),
        _scheme_sentence(found),
        _profiles_sentence(board),
        *(f"{name} is left out: {why}." for name, why in sorted(board.left_out.items())),
        *board.matching,
    ]
    if board.kind == "phantom":
        sentences.append(PHANTOM)
    return tuple(sentence for sentence in sentences if sentence)


def pair_sentence(pair: Pair, level: float, comparisons: int = 1) -> str:
    """Difference, interval and test of one pair."""
    title = METRICS[pair.metric].title
    gap, differences = pair.student.estimate, pair.by_surgery
    if math.isnan(gap):
        return f"{pair.a} and {pair.b} cannot be compared: {title} is 0/0 for one of them."
    level_there = abs(gap) < SAME
    if level_there and all(abs(d) < SAME for d in differences):
        return f"{pair.a} and {pair.b} have the same {title} in every surgery."
    n = len(differences)
    won, lost = sum(d > SAME for d in differences), sum(d < -SAME for d in differences)
    if level_there:
        lead = f"{pair.a} and {pair.b} are level in {title} ({limits(pair.student, level)})"
        wins = f"{pair.a} is ahead in {won} and {pair.b} in {lost} of {n} surgeries"
    else:
        ahead, behind = (pair.a, pair.b) if gap > 0 else (pair.b, pair.a)
        signed = pair.student if gap > 0 else pair.student.negated()
        lead = f"{ahead} is {100 * abs(gap):.2f} points of {title} ahead of {behind}"
        lead += f" ({limits(signed, level)})"
        wins = f"it is ahead in {won if gap > 0 else lost} of {n} surgeries"
    return f"{lead}; {wins}, {_test(pair, level, comparisons)}."


def _test(pair: Pair, level: float, comparisons: int) -> str:
    if math.isnan(pair.p):
        return f"no sign-flip test: {METRICS[pair.metric].title} is 0/0 in a surgery"
    test = f"sign-flip p = {p_value(pair.p)}"
    if comparisons > 1:
        test += f", {p_value(pair.p_holm)} after correction for {comparisons} comparisons"
    if pair.significant(level):
        return f"{test}: significant at {1 - level:.3g}"
    test += f": not significant at {1 - level:.3g}"
    if pair.student.estimate * sum(pair.by_surgery) < 0:
        test += ", and the mean over surgeries points the other way"
    return test


def power_sentence(study: Study) -> str:
    """What the number of surgeries allows a test to say at all."""
    n, pairs = int(study.tally.labelled.sum()), _tests(study)
    least = smallest_p(n)
    text = f"With {plural(n, 'surgery', 'surgeries')} no two-sided p below {_at_least(least)} is "
    text += "possible"
    alpha = 1 - study.options.level
    if pairs > 1:
        corrected = min(1.0, least * pairs)
        text += f" ({_at_least(corrected)} after correction for {pairs} comparisons)"
    if min(1.0, least * max(pairs, 1)) > alpha + 1e-12:
        text += f": no difference here can be significant at {alpha:.3g}, whatever its size"
    return text + "."


def _at_least(p: float) -> str:
    """Three digits that matter, rounded down: a bound may not lie above what it bounds."""
    scale = 10.0 ** (2 - math.floor(math.log10(p)))
    return p_value(math.floor(p * scale + 1e-9) / scale)


def _tests(study: Study) -> int:
    """How many pairs have a p value: Holm's correction counts these."""
    return sum(not math.isnan(pair.p) for pair in study.pairs.values())


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


def _who_leads(board: BoardStudy) -> str:
    found = board.study
    metric = found.options.metric
    title = METRICS[metric].title
    n, folds = len(found.tally.surgeries), len(found.tally.folds)
    seeds = sorted(set(found.tally.seeds))
    runs = plural(seeds[0], "seed") if len(seeds) == 1 else "several numbers of seeds"
    where = (
        f"On {board.dataset}, {board.domain} (profile {board.profile}; "
        f"{plural(n, 'surgery', 'surgeries')} in {plural(folds, 'fold')}; {runs}),"
    )
    first = [name for name, rank in found.ranks.items() if rank == 1]
    if not first:
        return f"{where} no method has a defined {title}."
    number = f"{title} {100 * found.student[first[0]][metric].estimate:.2f} %"
    spans = {name: limits(found.student[name][metric], found.options.level) for name in first}
    if len(first) == 1:
        return f"{where} {first[0]} leads with {number} ({spans[first[0]]})."
    told = spans[first[0]]
    if len(set(spans.values())) > 1:  # the same mean, but not of the same surgeries' values
        told = "; ".join(f"{name}: {span}" for name, span in spans.items())
    return f"{where} {_and(first)} share the first rank with {number} ({told})."


def _profiles_sentence(board: BoardStudy) -> str:
    if len(board.profiles) < 2:
        return ""
    return f"The profiles differ ({board.profile}): this compares them, too."


def _unranked_sentence(found: Study) -> str:
    names = [name for name, rank in found.ranks.items() if rank is None]
    if not names or len(names) == len(found.methods):
        return ""
    where = {"folds": "in a fold", "pooled": "over all frames", "surgeries": "in a surgery"}
    have = "has" if len(names) == 1 else "have"
    return (
        f"{_and(names)} {have} no rank: {METRICS[found.options.metric].title} is 0/0 "
        f"{where[found.options.estimand]}."
    )


def _by_how_much(found: Study) -> list[str]:
    ranked = [name for name, rank in found.ranks.items() if rank is not None]
    if len(ranked) < 2:
        return []
    leader = ranked[0]
    return [
        pair_sentence(found.pairs[leader, other], found.options.level, _tests(found))
        for other in ranked[1:]
    ]


def _rank_sentence(found: Study) -> str:
    leaders = [i for i, name in enumerate(found.methods) if found.ranks[name] == 1]
    if not leaders or sum(rank is not None for rank in found.ranks.values()) < 2:
        return ""
    if found.exact and len(found.tally.surgeries) == 1:
        return "A single surgery leaves nothing to resample: how often the order holds is unknown."
    i = leaders[0]
    if math.isnan(found.rank_probability[i, 0]):
        return f"No resample has a value for every ranked method ({how_resampled(found)})."
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
        text += f"; {100 * found.undefined:.3g} % of the draws are left out, for there a ranked "
        text += "method has no value"
    return text + "."


def _tier_sentence(found: Study) -> str:
    groups: dict[int, list[str]] = {}
    for name, tier in found.tiers.items():
        if tier is not None:
            groups.setdefault(tier, []).append(name)
    ranked = sum(map(len, groups.values()))
    if ranked < 2:
        return ""
    if len(groups) == 1:
        who = "methods" if ranked == len(found.methods) else "ranked methods"
        return f"All {who} share one tier: no corrected test puts any of them below the leader."
    listed = "; ".join(f"{tier}: {', '.join(names)}" for tier, names in sorted(groups.items()))
    return f"Tiers (no corrected test puts a member below the best of its tier): {listed}."


def _left_out_sentence(found: Study) -> str:
    order = list(found.ranks.values())
    changes = []
    for surgery, after in found.left_out.items():
        swapped = _swaps(found.methods, order, after)
        if swapped:
            changes.append(f"without {surgery} {_and(swapped)}")
    n = len(found.left_out)
    if not n or len(order) - order.count(None) < 2:
        return ""
    if not changes:
        return f"The order stays the same without any one of the {n} surgeries."
    return f"The order depends on single surgeries: {'; '.join(changes)}."


def _swaps(
    names: Sequence[str], before: Sequence[int | None], after: Sequence[int | None]
) -> list[str]:
    """Whatever is not as before, worded: ranks lost or got, pairs passed, joined or parted."""
    found = [
        f"{name} has {'no rank' if now is None else f'rank {now}'}"
        for name, was, now in zip(names, before, after, strict=True)
        if (was is None) != (now is None)
    ]
    for i, a in enumerate(names):
        for j in range(i + 1, len(names)):
            ranks = (before[i], before[j], after[i], after[j])
            if None in ranks:
                continue
            b = names[j]
            was, now = (ranks[0] or 0) - (ranks[1] or 0), (ranks[2] or 0) - (ranks[3] or 0)
            if was < 0 < now:
                found.append(f"{b} passes {a}")
            elif was < 0 == now:
                found.append(f"{b} draws level with {a}")
            elif was == 0 != now:
                found.append(f"{a} passes {b}" if now < 0 else f"{b} passes {a}")
    return found


def _flip_sentences(found: Study) -> list[str]:
    sentences = []
    for (better, worse), flip in found.flips.items():
        if found.ranks[better] is None or found.ranks[worse] is None:
            continue
        if found.ranks[better] == found.ranks[worse]:
            continue
        seeds = found.tally.seeds[found.methods.index(worse)]
        over = f", counted over {seeds} seeds" if seeds > 1 else ""
        if flip.landmarks is None:
            over = f" ({over[2:]})" if over else ""
            text = f"{worse} could not reach {better} by placing points better, however many"
        else:
            share = 100 * flip.landmarks / flip.labels
            text = f"{worse} would draw level with {better} if it placed {flip.landmarks:,} of "
            text += f"{flip.labels:,} landmarks better ({share:.1f} %{over})"
            over = ""
        if flip.frames is not None:
            text += f"; exchanging the outcomes of {flip.frames:,} of {flip.of_frames:,} frames"
            text += f"{over} is enough to undo the lead"
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


def _and(words: Iterable[str]) -> str:
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
