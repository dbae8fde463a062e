"""Workers as processes on this machine, each with a pipe to the driver."""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from multiprocessing import connection, get_context
from pathlib import Path
from typing import Any

from filmcolor.batch.messages import Gone
from filmcolor.settings import RunSettings


class LocalHand:
    """One worker process."""

    def __init__(self, number: int, process: Any, pipe: Any) -> None:
        self.number = number
        self.name = f"worker {number}"
        self.process = process
        self.pipe = pipe

    def send(self, message: object) -> None:
        """Send an order or news; a worker that is gone is seen by `wait`."""
        try:
            self.pipe.send(message)
        except (BrokenPipeError, OSError):
            return

    def kill(self) -> None:
        """End the worker at once."""
        self.process.kill()

    def stop(self) -> None:
        """Ask the worker to end, also in the middle of its work."""
        if self.process.is_alive():
            self.process.terminate()


class LocalBackend:
    """Starts workers on this machine.

    threads: cores that each may use. devices: CUDA devices by number, one for each worker in turn; none: the CPU,
    or what the settings say. logs: folder for what workers write to stderr.
    """

    def __init__(self, base: RunSettings, threads: int, devices: Sequence[str], logs: Path) -> None:
        self._base, self._threads, self._devices, self._logs = base, threads, devices, logs
        self._context = get_context("spawn")

    def start(self, number: int) -> LocalHand:
        """Start worker `number`, from 1."""
        ours, theirs = self._context.Pipe()
        device = self._devices[(number - 1) % len(self._devices)] if self._devices else None
        arguments = (theirs, self._base, self._threads, device, self._logs / f"worker-{number}.log")
        process = self._context.Process(target=_main, args=arguments, name=f"filmcolor-worker-{number}")
        process.start()
        theirs.close()
        return LocalHand(number, process, ours)

    def wait(self, hands: Sequence[LocalHand], timeout: float) -> list[tuple[LocalHand, object]]:
        """Return what workers said within `timeout` seconds; `Gone` for one that ended."""
        by_pipe: dict[Any, LocalHand] = {hand.pipe: hand for hand in hands}
        found: list[tuple[LocalHand, object]] = []
        ready: list[Any] = connection.wait(list(by_pipe), timeout)
        for pipe in ready:
            hand = by_pipe[pipe]
            try:
                while True:
                    found.append((hand, pipe.recv()))
                    if not pipe.poll():
                        break
            except (EOFError, OSError):
                hand.process.join(10)
                found.append((hand, Gone(_reason(hand.process.exitcode))))
        return found

    def leave(self) -> None:
        """Nothing is left behind."""

    def close(self, hands: Sequence[LocalHand], patience: float = 10) -> None:
        """End all workers: asked first, then at once."""
        for hand in hands:
            hand.stop()
        for hand in hands:
            hand.process.join(patience)
            if hand.process.is_alive():
                hand.process.kill()
                hand.process.join()
            hand.pipe.close()


def _reason(code: int | None) -> str:
    if code is None:
        return "does not answer"
    if code == -signal.SIGKILL:
        return "was killed (SIGKILL; perhaps memory ran out)"
    if code < 0:
        return f"crashed ({signal.Signals(-code).name})"
    return f"ended with code {code}"


def _main(pipe: Any, base: RunSettings, threads: int, device: str | None, log: Path) -> None:
    """Run one worker. Ctrl-C is for the driver alone, which ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(descriptor, 2)
    os.dup2(descriptor, 1)
    os.environ["OMP_NUM_THREADS"] = str(threads)  # read when torch is loaded
    if device is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = device
    _die_with_parent()
    import cv2

    cv2.setNumThreads(threads)
    from filmcolor.batch.worker import serve

    serve(pipe.recv, pipe.send, base)


def _die_with_parent() -> None:
    """Ask Linux to end this process when the driver ends, even in the middle of a long operation."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
