"""Workers in threads of this process, for tests of the driver: torch is loaded once, and orders can be disturbed."""

import queue
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from filmcolor.batch import batch, worker
from filmcolor.batch.messages import Gone
from filmcolor.settings import RunSettings

SMALL = RunSettings(size=64, mirrored=False, preset="archive")


class ThreadHand:
    """One worker in a thread."""

    def __init__(self, number: int, said: "queue.Queue[tuple[ThreadHand, object]]") -> None:
        self.number, self.name = number, f"worker {number}"
        self.orders: queue.Queue[object] = queue.Queue()
        self.said = said
        self.dead = False

    def send(self, message: object) -> None:
        self.orders.put(message)

    def say(self, message: object) -> None:
        if not self.dead:
            self.said.put((self, message))

    def kill(self) -> None:
        if not self.dead:
            self.dead = True
            self.said.put((self, Gone("was killed")))


class ThreadBackend:
    """`disturb` sees each order before it is done; what it raises ends the worker."""

    def __init__(self, base: RunSettings, disturb: Callable[[Any], None] | None = None) -> None:
        self.base = base
        self.disturb = disturb
        self.said: queue.Queue[tuple[ThreadHand, object]] = queue.Queue()
        self.started = 0

    def start(self, number: int) -> ThreadHand:
        self.started += 1
        hand = ThreadHand(number, self.said)
        threading.Thread(target=self._work, args=(hand,), daemon=True).start()
        return hand

    def _work(self, hand: ThreadHand) -> None:
        def receive() -> object:
            order = hand.orders.get()
            if self.disturb is not None and order is not None:
                try:
                    self.disturb(order)
                except RuntimeError:
                    hand.kill()
                    return None
            return order

        worker.serve(receive, hand.say, self.base)

    def wait(self, hands: Sequence[ThreadHand], timeout: float) -> list[tuple[ThreadHand, object]]:
        found = []
        try:
            found.append(self.said.get(timeout=timeout))
            while True:
                found.append(self.said.get_nowait())
        except queue.Empty:
            return found

    def leave(self) -> None:
        """Nothing is left behind."""

    def close(self, hands: Sequence[ThreadHand]) -> None:
        for hand in hands:
            hand.dead = True
            hand.orders.put(None)


class Told:
    """A screen that remembers."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.boards: list[Any] = []

    def show(self, board: Any) -> None:
        self.boards.append(board)

    def tell(self, event: str, **values: Any) -> None:
        self.events.append((event, values))


def threads(
    patch: pytest.MonkeyPatch, jobs: int = 2, disturb: Callable[[Any], None] | None = None
) -> list[ThreadBackend]:
    """Let batches have workers in threads; return the backends that they start."""
    made: list[ThreadBackend] = []

    def backend(base: RunSettings, *_: object) -> tuple[int, ThreadBackend]:
        made.append(ThreadBackend(base, disturb))
        return jobs, made[-1]

    patch.setattr(batch, "_backend", backend)
    return made


def names(folder: Path) -> list[str]:
    """Return the files below a folder, without hidden ones."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(str(path) for path in found if not any(part.startswith(".") for part in path.parts))
