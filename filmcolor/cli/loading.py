"""Loading large libraries: not interrupted in the middle of them, and never searched for garbage."""

import contextlib
import gc
import signal
from collections.abc import Iterator

_loaded = False


@contextlib.contextmanager
def loading() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM back until the block is left, and keep the garbage collector from what it loads.

    Raised inside torch's own imports signals are swallowed now and then, and the run goes on, or they come
    out as errors that have nothing to do with them. What libraries hold stays to the end: looking through it as
    it grows, and once more at exit, took a second. Everything alive is left out of later collections, so only the
    first time, when that is little else.
    """
    global _loaded
    if _loaded:
        with _uninterrupted():
            yield
        return
    _loaded = True
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        with _uninterrupted():
            yield
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
