"""What a batch shows of itself while it works: counted by the driver, drawn by the command line."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Line:
    """One worker: its name, its film (or what it waits for), and how far it is. total: None while unknown."""

    worker: str
    film: str
    stage: str
    frames: int = 0
    total: int | None = None
    shots: int = 0
    rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Board:
    """A moment of a batch. films, done, failed: of this run. frames, total_frames: of its films, as far as known.

    rate: frames a second of all workers together, over the last minute. left: seconds to the end, None while unknown.
    """

    films: int
    done: int
    failed: int
    frames: int
    total_frames: int
    segments: int
    rate: float
    left: float | None
    lines: tuple[Line, ...]


_ENOUGH = 25
"""Frames before which a rate says nothing of the time that is left."""


class Screen(Protocol):
    """Where a batch is shown."""

    def show(self, board: Board) -> None:
        """Draw a moment."""

    def tell(self, event: str, **values: Any) -> None:
        """Tell an event: a film begun, done or failed, a segment, a warning, a worker lost."""


@dataclass(slots=True)
class Pace:
    """Frames colored over the last minute."""

    span: float = 60.0
    _marks: list[tuple[float, int]] = field(default_factory=list)

    def at(self, frames: int, now: float | None = None) -> float:
        """Return frames a second, told how many there are altogether by now."""
        now = time.monotonic() if now is None else now
        self._marks.append((now, frames))
        while len(self._marks) > 2 and self._marks[0][0] < now - self.span:
            self._marks.pop(0)
        (first, before), (last, after) = self._marks[0], self._marks[-1]
        return max(0.0, (after - before) / (last - first)) if last > first else 0.0


@dataclass(slots=True)
class Tally:
    """Frames of each film of this run. The figures of a film that is tried again start over."""

    done: dict[int, int] = field(default_factory=dict)
    totals: dict[int, int] = field(default_factory=dict)

    @property
    def frames(self) -> int:
        """Frames colored."""
        return sum(self.done.values())

    @property
    def total(self) -> int:
        """Frames of all films, as far as known."""
        return sum(max(total, self.done.get(film, 0)) for film, total in self.totals.items())

    def left(self, rate: float, unknown: int, films: int) -> float | None:
        """Return the seconds to the end. unknown: films whose frames nobody has counted, of `films`."""
        if rate <= 0 or films == 0 or unknown == films or self.frames < _ENOUGH:
            return None
        return (self.total - self.frames) / rate * films / (films - unknown)


def as_event(event: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event as a JSON object."""
    return {"event": event, **{name: value for name, value in values.items() if value is not None}}
