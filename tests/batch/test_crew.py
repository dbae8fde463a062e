"""The crew, with workers that only say what the test lets them say."""

import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from filmcolor.batch import crew as crew_module
from filmcolor.batch.crew import Crew
from filmcolor.batch.messages import Color, Make, Ready
from filmcolor.settings import RunSettings


class Hand:
    """A worker that remembers whether it was ended."""

    def __init__(self, number: int) -> None:
        self.number, self.name, self.ended = number, f"worker {number}", False

    def send(self, message: object) -> None:
        """Take an order."""

    def kill(self) -> None:
        self.ended = True


class Backend:
    """Passes on what the test says."""

    def __init__(self) -> None:
        self.said: list[tuple[Hand, object]] = []

    def start(self, number: int) -> Hand:
        return Hand(number)

    def wait(self, hands: Sequence[Hand], timeout: float) -> list[tuple[Hand, object]]:
        said, self.said = self.said, []
        return said

    def close(self, hands: Sequence[Hand]) -> None:
        """Nothing is left behind."""

    def leave(self) -> None:
        """Nothing is left behind."""


def test_a_worker_that_waits_for_its_helper_is_not_ended() -> None:
    film, settings = Path("a.mkv"), RunSettings()
    backend = Backend()
    with Crew(backend, 3, watchdog=60) as crew:
        owner, helper, silent = crew.seats
        backend.said = [(seat.hand, Ready(1, "here", ())) for seat in crew.seats]
        crew.listen(0)
        crew.give(owner, Color(1, "film", film, film, settings, None))
        crew.give(helper, Make(1, 0, film, film, settings, film, film))
        crew.give(silent, Color(2, "film", film, film, settings, None))
        owner.sign = silent.sign = time.monotonic() - 100
        crew.listen(0)
        assert [seat.hand.ended for seat in crew.seats] == [False, False, True]
        helper.sign = time.monotonic() - 100
        crew.listen(0)
        assert [seat.hand.ended for seat in crew.seats] == [False, True, True]


def test_time_in_which_the_driver_was_stopped_is_not_laid_to_its_workers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = SimpleNamespace(now=time.monotonic())
    monkeypatch.setattr(crew_module, "time", SimpleNamespace(monotonic=lambda: clock.now))
    film, settings = Path("a.mkv"), RunSettings()
    backend = Backend()
    with Crew(backend, 1, watchdog=60) as crew:
        (seat,) = crew.seats
        backend.said = [(seat.hand, Ready(1, "here", ()))]
        crew.listen(0)
        crew.give(seat, Color(1, "film", film, film, settings, None))
        clock.now += 1000
        crew.listen(0)
        assert not seat.hand.ended
        for _ in range(19):
            clock.now += 3
            crew.listen(0)
        assert seat.hand.ended, "it is silent while the driver listens"
