"""Work in other threads, in order and a bounded number of items ahead of its reader."""

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar, cast

T = TypeVar("T")
Made = TypeVar("Made")
_END = object()


def ahead(items: Iterator[T], limit: int) -> Generator[T, None, None]:
    """Yield `items`, made in a thread at most `limit` items ahead.

    An error of the generator is raised here, in order. Closing this iterator (or an error of its
    reader) stops the thread at its next item and waits for it.
    """
    ready: queue.Queue[object] = queue.Queue(limit)
    stop = threading.Event()
    failure: list[BaseException] = []

    def put(item: object) -> bool:
        while not stop.is_set():
            try:
                ready.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        try:
            for item in items:
                if not put(item):
                    return
        except BaseException as error:
            failure.append(error)
        finally:
            put(_END)

    thread = threading.Thread(target=work, name="ahead", daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not _END:
            yield cast(T, item)
        if failure:
            raise failure[0]
    finally:
        stop.set()
        thread.join()


def side_by_side(work: Callable[[T], Made], items: Iterable[T], threads: int) -> Generator[Made, None, None]:
    """Yield `work` of each item, in order, done by that many threads, at most as many items ahead; 1: by the reader.

    The items themselves are made by the reader's thread. An error of `work` is raised here, in order.
    """
    if threads < 2:
        yield from map(work, items)
        return
    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(threads, "beside") as pool:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
