"""What a matching rule is, and the registry that every list of rules is read from.

A rule is one file: a name, one sentence, and a function that pairs the points of one frame, written
to be read: the specification. Such a function already scores, audits and draws curves, one frame at
a time. A second function may do the same for many frames at once; a test holds it to the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from adaptor_bench.errors import UsageError
from adaptor_bench.matching.batch import Indices, Points
from adaptor_bench.matching.candidates import Floats, within
from adaptor_bench.matching.search import Search

Pairing = Callable[[Points, Points, float, bool], Iterable[tuple[int, int]]]
FastPairing = Callable[[Search, bool], tuple[Indices, Indices, Floats]]

RULES: dict[str, Rule] = {}
"""Those registered so far; :func:`adaptor_bench.matching.rules.all_rules` loads all there are."""


@dataclass
class Rule:
    """A matching rule.

    ``pair(predictions, labels, radius, inclusive)`` gets the points of one frame, (P, 2) and
    (L, 2), px, order x, y, each from left to right (equally far left: from top to bottom), and
    returns pairs (prediction index, label index). ``inclusive`` is the rule's own boundary: whether
    a pair at exactly the radius counts where nobody asks for the other. ``audit_only`` marks a rule
    that exists to show what is wrong with it. ``fast(search, inclusive)`` returns rows of
    predictions, rows of labels and distances of all frames at once.
    """

    name: str
    definition: str
    pair: Pairing
    inclusive: bool = True
    audit_only: bool = False
    fast: FastPairing | None = None

    def match(
        self, predictions: ArrayLike, labels: ArrayLike, radius: float, inclusive: bool
    ) -> list[tuple[int, int]]:
        """The specification: pairs (prediction index, label index) of one frame, by rising
        prediction index.

        ``predictions`` (P, 2) and ``labels`` (L, 2) are put in order before ``pair`` sees them: no
        rule can depend on their order. Raises UsageError for a rule that uses a point twice or
        pairs points that are not within the radius.
        """
        p, q = (np.reshape(np.asarray(side, float), (-1, 2)) for side in (predictions, labels))
        p_order, q_order = (np.lexsort((side[:, 1], side[:, 0])) for side in (p, q))
        ordered = self.pair(p[p_order], q[q_order], radius, inclusive)
        pairs = sorted((int(p_order[i]), int(q_order[j])) for i, j in ordered)
        near = within(distances(p, q), radius, inclusive)
        if any(len({*side}) < len(pairs) for side in zip(*pairs, strict=True)) or not all(
            near[pair] for pair in pairs
        ):
            raise UsageError(
                f"the matching rule {self.name!r} pairs a point twice, or points that are too far "
                "apart",
                hint="A rule returns pairs (prediction index, label index) within the radius.",
            )
        return pairs

    def for_many_frames(self, fast: FastPairing) -> FastPairing:
        """Decorator for the function that does the same for many frames at once."""
        self.fast = fast
        return fast


def rule(
    name: str, definition: str, *, inclusive: bool = True, audit_only: bool = False
) -> Callable[[Pairing], Rule]:
    """Register the decorated function as the rule ``name``; ``definition`` is what ``--matching``
    and the audit say about it. Raises UsageError for the name of another rule."""

    def register(pair: Pairing) -> Rule:
        if name in RULES and RULES[name].pair.__module__ != pair.__module__:
            raise UsageError(f"there is a matching rule {name!r} already")
        RULES[name] = Rule(name, definition, pair, inclusive, audit_only)
        return RULES[name]

    return register


def distances(predictions: Points, labels: Points) -> Floats:
    """Euclidean distances in pixels, shape (P, L), of every prediction from every label."""
    with np.errstate(over="ignore"):
        x, y = (np.subtract.outer(predictions[:, axis], labels[:, axis]) for axis in (0, 1))
        return np.hypot(x, y)
