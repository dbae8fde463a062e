import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from filmcolor.pipeline.ahead import ahead, side_by_side


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


@pytest.mark.parametrize("threads", [1, 3])
def test_work_side_by_side_comes_in_order(threads: int) -> None:
    def late(i: int) -> int:
        time.sleep(0.002 * (7 - i % 7))
        return 10 * i

    assert list(side_by_side(late, range(30), threads)) == [10 * i for i in range(30)]


def test_side_by_side_runs_in_as_many_threads_and_no_further_ahead() -> None:
    together = threading.Barrier(3, timeout=20)
    taken = []

    def items() -> Iterator[int]:
        for i in range(9):
            taken.append(i)
            yield i

    def work(i: int) -> int:
        together.wait()
        return i

    with closing(side_by_side(work, items(), 3)) as made:
        assert next(made) == 0
        assert len(taken) == 4
        assert list(made) == list(range(1, 9))


def test_an_error_of_work_side_by_side_arrives_in_order() -> None:
    def work(i: int) -> float:
        return 1 / (2 - i)

    made = side_by_side(work, range(9), 2)
    assert [next(made), next(made)] == [0.5, 1.0]
    with pytest.raises(ZeroDivisionError):
        next(made)
