"""The workers of a batch: started, given orders, listened to, and replaced when they die or fall silent."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from filmcolor.batch.messages import Answer, Color, Failed, Gone, Make, Moment, Order, Ready
from filmcolor.errors import FilmcolorError, InputError, ModelError, OutputError

_MOST_FALSE_STARTS = 3
_BY_CODE: dict[int, type[FilmcolorError]] = {3: InputError, 4: OutputError, 5: ModelError}
_START_PATIENCE = 300.0
_TURN = 5.0
"""Seconds; a driver that looks less often was stopped itself (Ctrl-Z), and perhaps its workers with it."""


class Hand(Protocol):
    """One worker, wherever it is."""

    number: int
    name: str

    def send(self, message: object) -> None:
        """Send an order or news."""

    def kill(self) -> None:
        """End the worker at once."""


class Backend(Protocol):
    """Where workers run."""

    def start(self, number: int) -> Any:
        """Start worker `number`."""

    def wait(self, hands: Sequence[Any], timeout: float) -> list[tuple[Any, object]]:
        """Return what workers said; `Gone` for one that ended."""

    def close(self, hands: Sequence[Any]) -> None:
        """End these workers."""

    def leave(self) -> None:
        """Called once, when all is over."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A worker ended, or was ended, without an answer to its order."""

    order: Order | None
    reason: str


@dataclass(slots=True)
class Seat:
    """A place in the crew, filled by one worker after another."""

    number: int
    hand: Any
    ready: Ready | None = None
    order: Order | None = None
    sign: float = field(default_factory=time.monotonic)
    began: float = 0.0
    moment: Moment | None = None
    false_starts: int = 0
    silent: bool = False

    @property
    def name(self) -> str:
        """What people call this worker."""
        return str(self.hand.name)


class Crew:
    """A context manager; the workers end with it."""

    def __init__(self, backend: Backend, count: int, watchdog: float) -> None:
        self._backend, self._watchdog = backend, watchdog
        self._count = count
        self._looked = time.monotonic()
        self.seats: list[Seat] = []
        self.basis: tuple[tuple[str, str], ...] | None = None

    def __enter__(self) -> "Crew":
        self.seats = [Seat(number, self._backend.start(number)) for number in range(1, self._count + 1)]
        return self

    def __exit__(self, *_: object) -> None:
        self._backend.close([seat.hand for seat in self.seats])

    def grow(self, count: int) -> None:
        """Start workers until there are `count`."""
        for number in range(len(self.seats) + 1, count + 1):
            self.seats.append(Seat(number, self._backend.start(number)))

    def idle(self) -> list[Seat]:
        """Return the workers that wait for an order."""
        return [seat for seat in self.seats if seat.ready is not None and seat.order is None]

    def at_work(self) -> list[Seat]:
        """Return the workers that have an order."""
        return [seat for seat in self.seats if seat.order is not None]

    def give(self, seat: Seat, order: Order) -> None:
        """Give an order to an idle worker."""
        seat.order, seat.moment = order, None
        seat.began = seat.sign = time.monotonic()
        seat.hand.send(order)

    def listen(self, timeout: float) -> list[tuple[Seat, object]]:
        """Return what workers said, each with its seat; `Lost` for a worker that had to be replaced.

        Raises ModelError where a worker cannot load the weights or differs from the others, FilmcolorError where
        none will start.
        """
        self._watch()
        by_hand = {id(seat.hand): seat for seat in self.seats}
        said: list[tuple[Seat, object]] = []
        for hand, message in self._backend.wait([seat.hand for seat in self.seats], timeout):
            seat = by_hand.get(id(hand))
            if seat is None or seat.hand is not hand:
                continue
            seat.sign = time.monotonic()
            if isinstance(message, Gone):
                said.append((seat, self._replace(seat, message.reason)))
            elif isinstance(message, Ready):
                self._admit(seat, message)
                said.append((seat, message))
            elif seat.ready is None and isinstance(message, Failed):
                raise _BY_CODE.get(message.code, ModelError)(message.text)
            else:
                if isinstance(message, Moment):
                    seat.moment = message
                if isinstance(message, Failed):
                    message = replace(message, order=seat.order)
                if isinstance(message, Answer):
                    seat.order = seat.moment = None
                said.append((seat, message))
        return said

    def _watch(self) -> None:
        now = time.monotonic()
        missed = max(0.0, now - self._looked - _TURN)
        self._looked = now
        for seat in self.seats:
            seat.sign += missed  # what was said meanwhile is heard after this
        helped = {seat.order.film for seat in self.seats if isinstance(seat.order, Make)}
        for seat in self.seats:
            if isinstance(seat.order, Color) and seat.order.film in helped:
                seat.sign = now  # it may wait for its helper, who is watched
            patience = self._watchdog if seat.ready is not None else max(_START_PATIENCE, self._watchdog)
            if (seat.order is not None or seat.ready is None) and now - seat.sign > patience:
                seat.silent = True
                seat.sign = now
                seat.hand.kill()

    def _replace(self, seat: Seat, reason: str) -> Lost:
        if seat.silent:
            reason = f"gave no sign for {self._watchdog:.0f} s and was ended"
        lost = Lost(seat.order, f"{seat.name} {reason}")
        seat.false_starts = seat.false_starts + 1 if seat.ready is None else 0
        self._backend.close([seat.hand])
        if seat.false_starts >= _MOST_FALSE_STARTS:
            if not any(other.ready for other in self.seats if other is not seat):
                raise FilmcolorError(
                    f"{seat.name} does not start: it {reason}; see its log beside the ledger"
                )
            self.seats.remove(seat)
            return Lost(None, f"{seat.name} is given up: it {reason}")
        seat.hand, seat.ready, seat.order, seat.moment, seat.silent = (
            self._backend.start(seat.number), None, None, None, False,
        )  # fmt: skip
        seat.sign = time.monotonic()
        return lost

    def _admit(self, seat: Seat, ready: Ready) -> None:
        if self.basis is None:
            self.basis = ready.basis
        here = dict(ready.basis)
        for name, value in self.basis:
            if here.get(name) != value:
                raise ModelError(
                    f"{seat.name} on {ready.host} has another {name} ({here.get(name)}) than the others ({value}): "
                    "their results would differ; make them alike"
                )
        seat.ready = ready
        seat.false_starts = 0
