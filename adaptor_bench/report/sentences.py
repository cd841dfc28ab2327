"""What a study says, in sentences made from its numbers alone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from adaptor_bench.errors import plural
from adaptor_bench.report.studies import BoardStudy
from adaptor_bench.results.notes import PHANTOM, unlabelled_notes
from adaptor_bench.scoring.metrics import METRICS
from adaptor_bench.scoring.ranking import SAME
from adaptor_bench.scoring.uncertainty.intervals import Interval
from adaptor_bench.scoring.uncertainty.significance import Comparison, folds_needed
from adaptor_bench.scoring.uncertainty.stability import SCHEMES
from adaptor_bench.scoring.uncertainty.study import Study

Pairs = Mapping[tuple[str, str], Comparison]
SEEN = 0.05  # the difference whose visibility is told


def card_sentences(board: BoardStudy, pairs: Pairs | None = None) -> tuple[str, ...]:
    """The ranking card of a board with at least two methods, one statement a sentence.

    ``pairs`` (better, worse) are compared as another family than all pairs of the board.
    """
    found = board.study
    sentences = [
        _who_leads(board),
        *(
            f"{a.claim.text}: {verdict_text(a.comparison, found.options.level)}."
            for a in board.answers
        ),
        *unlabelled_notes(board.unlabelled.items()),
        _unranked_sentence(found),
        *_by_how_much(found, found.pairs if pairs is None else pairs),
        power_sentence(found),
        _rank_sentence(found),
        _tier_sentence(found),
        _left_out_sentence(found),
        _scheme_sentence(found),
        _profiles_sentence(board),
        *(f"{name} is left out: {why}." for name, why in sorted(board.left_out.items())),
        *board.bounds,
        *board.matching,
    ]
    if board.kind == "phantom":
        sentences.append(PHANTOM)
    return tuple(sentence for sentence in sentences if sentence)


def verdict_text(found: Comparison, level: float) -> str:
    """``undecided (-1.74 points of F1, 95 % interval -6.83 to +3.36, .. comparisons)``."""
    title, ends = METRICS[found.difference.metric].title, found.corrected
    if math.isnan(ends.estimate):
        return f"{found.verdict} ({title} is 0/0 for one of them)"
    text = f"{100 * ends.estimate:+.2f} points of {title}"
    if math.isnan(ends.low):
        return f"{found.verdict} ({text}, no interval from one fold)"
    text += f", {100 * level:g} % interval {100 * ends.low:+.2f} to {100 * ends.high:+.2f}"
    return f"{found.verdict} ({text}{_corrected(found)})"


def pair_sentence(found: Comparison, level: float) -> str:
    """Difference and interval of one pair, and what they say."""
    a, b, values = found.difference.a, found.difference.b, found.difference.by_fold
    title, gap = METRICS[found.difference.metric].title, found.corrected.estimate
    if math.isnan(gap):
        return f"{a} and {b} cannot be compared: {title} is 0/0 for one of them."
    if (np.abs(values) < SAME).all():
        return f"{a} and {b} have the same {title} in every fold."
    won, lost, n = int((values > SAME).sum()), int((values < -SAME).sum()), len(values)
    if abs(gap) < SAME:
        told = f"{limits(found.corrected, level)}{_corrected(found)}"
        return (
            f"{a} and {b} are level in {title} ({told}); {a} is ahead in {won} and {b} in {lost} "
            f"of {plural(n, 'fold')}."
        )
    ahead, behind = (a, b) if gap > 0 else (b, a)
    signed = found.corrected if gap > 0 else found.corrected.negated()
    told = limits(signed, level) + (_corrected(found) if not math.isnan(signed.low) else "")
    return (
        f"{ahead} is {100 * abs(gap):.2f} points of {title} ahead of {behind} ({told}), and ahead "
        f"in {won if gap > 0 else lost} of {plural(n, 'fold')}; better: {signed.verdict}."
    )


def _corrected(found: Comparison) -> str:
    return f", corrected for {found.family} comparisons" if found.family > 1 else ""


def power_sentence(study: Study) -> str:
    """How many folds it takes to see five points between the first two methods."""
    first = [name for name, rank in study.ranks.items() if rank is not None][:2]
    if len(first) < 2:
        return ""
    values, n = study.pairs[first[0], first[1]].difference.by_fold, len(study.tally.folds)
    if n < 2:
        return "One fold has no spread: nothing can be said of other networks."
    needed = folds_needed(values, study.tally.cohort, SEEN, study.options.level)
    spread = 100 * float(np.std(values, ddof=1))
    about = "more than 1,000 folds" if needed is None else f"about {plural(needed, 'fold')}"
    return (
        f"The difference of {first[0]} and {first[1]} has a standard deviation of {spread:.1f} "
        f"points over folds: to see {100 * SEEN:g} points between them in four cases of five, one "
        f"comparison alone needs {about}; here {'are' if n > 1 else 'is'} {n}."
    )


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
    drawn = len(set(found.tally.cohort.tolist()))
    of_cohorts = f" of {drawn} cohorts" if drawn > 1 else ""
    where = (
        f"On {board.dataset}, {board.domain} (profile {board.profile}; "
        f"{plural(n, 'surgery', 'surgeries')} in {plural(folds, 'fold')}{of_cohorts}; {runs}),"
    )
    first = [name for name, rank in found.ranks.items() if rank == 1]
    if not first:
        return f"{where} no method has a defined {title}."
    number = f"{title} {100 * found.intervals[first[0]][metric].estimate:.2f} %"
    spans = {name: limits(found.intervals[name][metric], found.options.level) for name in first}
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
    have = "has" if len(names) == 1 else "have"
    title = METRICS[found.options.metric].title
    return f"{_and(names)} {have} no rank: {title} is 0/0 in a fold."


def _by_how_much(found: Study, pairs: Pairs) -> list[str]:
    ranked = [name for name, rank in found.ranks.items() if rank is not None]
    if len(ranked) < 2:
        return []
    return [pair_sentence(pairs[ranked[0], other], found.options.level) for other in ranked[1:]]


def _rank_sentence(found: Study) -> str:
    leaders = [i for i, name in enumerate(found.methods) if found.ranks[name] == 1]
    if not leaders or sum(rank is not None for rank in found.ranks.values()) < 2:
        return ""
    first = found.rank_probability[:, 0]
    if np.isnan(first[leaders[0]]):
        return ""
    share = f"{100 * first[leaders[0]]:.0f} %"
    text = f"By the folds alone {found.methods[leaders[0]]} is the best with probability {share}"
    rivals = [
        f"{found.methods[j]} {100 * p:.0f} %"
        for j, p in enumerate(first)
        if j != leaders[0] and p >= 0.005
    ]
    return text + (f" ({', '.join(rivals)})" if rivals else "") + "."


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
        return f"All {who} share one tier: none is known to be worse than the leader."
    listed = "; ".join(f"{tier}: {', '.join(names)}" for tier, names in sorted(groups.items()))
    return f"Tiers (no member is known to be worse than the best of its tier): {listed}."


def _left_out_sentence(found: Study) -> str:
    order = list(found.ranks.values())
    changes = []
    for fold, after in found.left_out.items():
        swapped = _swaps(found.methods, order, after)
        if swapped:
            changes.append(f"without f{fold} {_and(swapped)}")
    n = len(found.left_out)
    if not n or len(order) - order.count(None) < 2:
        return ""
    if not changes:
        return f"The order stays the same without any one of the {n} folds."
    return f"The order depends on single folds: {'; '.join(changes)}."


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


def _scheme_sentence(found: Study) -> str:
    base = list(found.ranks.values())
    schemes = found.schemes
    differ = {}
    for scheme, ranks in schemes.items():
        if [ranks[name] for name in found.methods] != base:
            order = sorted(
                (name for name in found.methods if ranks[name] is not None),
                key=lambda name: (ranks[name], name),
            )
            differ[scheme] = ", ".join(f"{ranks[name]} {name}" for name in order)
    if not differ:
        return f"All {len(schemes)} ranking schemes give this order."
    listed = "; ".join(f"{SCHEMES[s][0]}: {order or 'undefined'}" for s, order in differ.items())
    same = len(schemes) - len(differ)
    return f"The order depends on the scheme ({same} of {len(schemes)} agree): {listed}."


def _and(words: Iterable[str]) -> str:
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
