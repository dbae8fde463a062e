"""Work on several items at the same time, handed on in their order."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
Made = TypeVar("Made")


def side_by_side(work: Callable[[T], Made], items: Iterable[T], threads: int) -> Generator[Made, None, None]:
    """Yield `work` of each item, in order, done by that many threads; less than 2: by the reader's.

    The items themselves are taken by the reader's thread, at most as many ahead as there are threads: an error of
    theirs comes at once. An error of `work` comes in order. What nobody waits for any more is not begun.
    """
    if threads < 2:
        yield from map(work, items)
        return
    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(threads, "beside") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
