import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from filmcolor.pipeline.side_by_side import side_by_side


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


def test_an_error_of_the_items_comes_at_once() -> None:
    def items() -> Iterator[int]:
        yield from (1, 2)
        raise KeyError("broken")

    with pytest.raises(KeyError):
        next(side_by_side(abs, items(), 3))


def test_what_nobody_waits_for_is_not_begun() -> None:
    begun = []
    go_on = threading.Event()

    def work(i: int) -> int:
        begun.append(i)
        if i:
            go_on.wait(20)
        return i

    before = threading.active_count()
    made = side_by_side(work, range(9), 2)
    assert next(made) == 0  # 1 and 2 are being worked at, or wait for a thread
    threading.Timer(0.2, go_on.set).start()
    made.close()
    assert set(begun) <= {0, 1, 2}
    time.sleep(0.3)
    assert threading.active_count() == before
