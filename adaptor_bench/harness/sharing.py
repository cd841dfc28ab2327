"""One run shared by several processes: each takes the next fold that nobody is working on.

What another process has in hand is left to it and awaited; should it die, it is taken over.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from adaptor_bench.atomic import claim, remove_abandoned
from adaptor_bench.harness.failures import place_of_failure
from adaptor_bench.progress import message

KEPT = "already finished, kept"
FINISHED = "finished by another process"
FAILED = "failed in another process"
_POLL = 0.5  # seconds


def share(folds: Sequence[Path], *, again: bool) -> Iterator[tuple[int, str | None]]:
    """Every fold's number in ``folds`` once, and None if the caller is to run it now.

    It is ours as long as the caller works on it. Else the text says why there is nothing to do:
    KEPT, or FINISHED or FAILED since the first call. ``again``: finished ones are run again.
    """
    before = [_state(fold) for fold in folds]
    todo = list(range(len(folds)))
    waiting = False
    while todo:
        busy = []
        for number in todo:
            fold = folds[number]
            remove_abandoned(fold.parent)
            with claim(fold) as ours:
                now = _state(fold)
                if not ours:
                    busy.append(number)
                elif now == before[number] or now == (None, None):
                    yield number, None if again or now[0] is None else KEPT
                else:  # it was made again, or failed, meanwhile
                    yield number, FAILED if now[0] is None else FINISHED
        if busy == todo:
            if not waiting:
                names = ", ".join("/".join(folds[n].parts[-3:]) for n in busy)
                message(f"waiting for folds that other processes are running: {names}")
                waiting = True
            time.sleep(_POLL)
        todo = busy


def _state(fold: Path) -> tuple[int | None, int | None]:
    """What stands in the fold's place and in that of its failure, told from what stood before."""
    finished, failed = (
        place.stat().st_ino if place.exists() else None for place in (fold, place_of_failure(fold))
    )
    return finished, failed
