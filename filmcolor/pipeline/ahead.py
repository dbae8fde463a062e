"""Run a generator in a thread of its own, a bounded number of items ahead of its reader."""

import queue
import threading
from collections.abc import Generator, Iterator
from typing import TypeVar, cast

T = TypeVar("T")
_END = object()


def ahead(items: Iterator[T], limit: int) -> Generator[T, None, None]:
    """Yield `items`, made in a thread at most `limit` items ahead.

    An error of the generator is raised here, in order. Closing this iterator stops the thread at its next item, has
    it close the generator, and waits for it.
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
                    break
            if isinstance(items, Generator):
                items.close()  # here, where it ran, and before this thread is waited for
        except BaseException as error:
            failure.append(error)
        finally:
            put(_END)

    thread = threading.Thread(target=work, name="ahead", daemon=True)
    try:
        thread.start()  # in here: an interrupt may come while it waits for the thread to begin
        while (item := ready.get()) is not _END:
            yield cast(T, item)
        if failure:
            raise failure[0]
    finally:
        stop.set()
        if thread.ident is not None:
            thread.join()
