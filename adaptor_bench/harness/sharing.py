"""One run shared by several processes: each takes the next fold that nobody is working on.

What another process has in hand is left to it and awaited; should it die, it is taken over.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from adaptor_bench.atomic import claim, remove_abandoned
from adaptor_bench.harness.failures import place_of_failure

KEPT = "already finished, kept"
FINISHED = "finished by another process"
FAILED = "failed in another process"
_POLL = 0.5  # seconds


@dataclass
class Turn:
    """A fold that is ours as long as the caller works on it.

    ``theirs`` is None if the caller is to run it now; else it says why there is nothing to do:
    KEPT, or FINISHED or FAILED since the first call. ``last``: nothing else can be done meanwhile,
    so what it needs and another process is making is to be waited for. The caller sets ``later``
    to come back to it.
    """

    number: int
    theirs: str | None
    last: bool = False
    later: bool = False


Standing = tuple[int | None, int | None]
"""What stands in the place of a fold and in that of its failure; see :func:`standing`."""


def share(
    folds: Sequence[Path],
    *,
    again: bool,
    waiting: Callable[[list[int]], None] = lambda _: None,
    before: Sequence[Standing] | None = None,
) -> Iterator[Turn]:
    """Every fold in ``folds`` once, and once more when it was to come later.

    ``again``: finished ones are run again. ``waiting`` is called once with the folds that are left
    when other processes are running them all. ``before`` is what stood there when the first of
    these processes began: what changed since is theirs; None: this one is the first.
    """
    before = before or [standing(fold) for fold in folds]
    todo = list(range(len(folds)))
    told = patient = False
    while todo:
        left, moved, put_off = [], False, False
        for number in todo:
            fold = folds[number]
            remove_abandoned(fold.parent)
            with claim(fold) as ours:
                now = standing(fold)
                if not ours:
                    left.append(number)
                    continue
                if now == before[number] or now == (None, None):
                    turn = Turn(number, None if again or now[0] is None else KEPT, patient)
                else:  # it was made again, or failed, meanwhile
                    turn = Turn(number, FAILED if now[0] is None else FINISHED)
                yield turn
                if turn.later:
                    left.append(number)
                    put_off = True
                else:
                    moved, patient = True, False
        if not moved:
            patient = put_off
            if not put_off:
                if not told:
                    waiting(left)
                    told = True
                time.sleep(_POLL)
        todo = left


def standing(fold: Path) -> Standing:
    """What stands in the fold's place and in that of its failure, told from what stood before."""
    finished, failed = (
        place.stat().st_ino if place.exists() else None for place in (fold, place_of_failure(fold))
    )
    return finished, failed
