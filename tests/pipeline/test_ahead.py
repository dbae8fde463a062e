import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from filmcolor.pipeline.ahead import ahead


def test_items_come_in_order() -> None:
    assert list(ahead(iter(range(100)), 3)) == list(range(100))


def test_it_runs_no_further_ahead_than_allowed() -> None:
    made = []

    def numbers() -> Iterator[int]:
        for i in range(50):
            made.append(i)
            yield i

    with closing(ahead(numbers(), 2)) as items:
        assert next(items) == 0
        time.sleep(0.3)
        assert len(made) <= 5


def test_an_error_arrives_behind_the_items_before_it() -> None:
    def numbers() -> Iterator[int]:
        yield 1
        raise KeyError("broken")

    items = ahead(numbers(), 2)
    assert next(items) == 1
    with pytest.raises(KeyError):
        next(items)


def test_closing_ends_the_thread() -> None:
    def endless() -> Iterator[int]:
        while True:
            yield 1

    before = threading.active_count()
    items = ahead(endless(), 2)
    next(items)
    items.close()
    assert threading.active_count() == before


def test_closing_has_the_generator_closed_in_its_own_thread() -> None:
    closed_in = []

    def numbers() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed_in.append(threading.current_thread().name)

    given = numbers()
    items = ahead(given, 1)
    next(items)
    items.close()
    assert closed_in == ["ahead"]
