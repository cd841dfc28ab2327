"""Items made in a thread before they are asked for: reading, computing and writing at one time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
_END = object()


def ahead(
    items: Iterable[T], most: int = 2, begin: Callable[[], object] | None = None
) -> Iterator[T]:
    """``items`` in their order, up to ``most`` of which are made while others are in use.

    All are made in one thread, which calls ``begin`` first. What is raised there is raised here, at
    its place among the items. Whoever stops asking waits for the one that is being made.
    """
    source = iter(items)
    coming: deque[Future[T | object]] = deque()
    with ThreadPoolExecutor(1, "ahead", begin) as thread:
        try:
            coming.extend(thread.submit(next, source, _END) for _ in range(most))
            while (item := coming.popleft().result()) is not _END:
                coming.append(thread.submit(next, source, _END))
                yield item  # type: ignore[misc]
        finally:
            thread.shutdown(wait=True, cancel_futures=True)
