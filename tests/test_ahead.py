"""What a thread makes ahead comes in order, with its errors, and no further than is said."""

from __future__ import annotations

import threading

import pytest

from adaptor_bench.ahead import ahead

pytestmark = pytest.mark.quick


def test_items_come_in_order_from_one_other_thread_that_began_as_told():
    local, threads = threading.local(), set()

    def made():
        for number in range(20):
            threads.add(threading.get_ident())
            yield number, local.begun

    assert list(ahead(made(), 3, lambda: setattr(local, "begun", True))) == [
        (number, True) for number in range(20)
    ]
    assert len(threads) == 1 and threading.get_ident() not in threads


@pytest.mark.parametrize("length", [0, 1, 2, 5])
def test_there_may_be_fewer_than_are_made_ahead(length):
    assert list(ahead(range(length), 4)) == list(range(length))


def test_an_error_comes_at_its_place():
    def made():
        yield from (1, 2)
        raise ValueError("the third")

    items = ahead(made(), 2)
    assert (next(items), next(items)) == (1, 2)
    with pytest.raises(ValueError, match="the third"):
        next(items)
    assert list(items) == []


def test_no_more_is_made_than_was_said_and_nothing_after_the_end():
    made = []
    items = ahead((made.append(number) or number for number in range(100)), 2)
    assert next(items) == 0
    items.close()
    assert len(made) <= 1 + 2
    assert not any(thread.name.startswith("ahead") for thread in threading.enumerate())
