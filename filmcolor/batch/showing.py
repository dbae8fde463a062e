"""What the driver has counted of a run, made into the board that the screen draws."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from filmcolor.batch.board import Board, Line, Pace, Screen, Tally
from filmcolor.batch.crew import Crew, Seat
from filmcolor.batch.plan import Entry

_EVERY = 0.25


@dataclass(slots=True)
class Showing:
    """Counts of one run. films: of this run. told: sources whose failure the screen was told."""

    screen: Screen
    crew: Crew
    entries: Mapping[int, Entry]
    films: int
    done: int = 0
    failed: int = 0
    segments: int = 0
    told: set[str] = field(default_factory=set)
    tally: Tally = field(default_factory=Tally)
    pace: Pace = field(default_factory=Pace)
    drawn: float = 0.0

    def tell(self, event: str, **values: Any) -> None:
        """Tell an event."""
        self.screen.tell(event, **values)

    def begin(self, films: int, entries: Sequence[Entry]) -> None:
        """Begin with so many films, and color these of them."""
        self.films = films + self.failed
        for entry in entries:
            self.tally.totals[entry.film.id] = entry.film.total or 0

    def finished(self, entry: Entry, frames: int) -> None:
        """Count a film that is done."""
        self.done += 1
        self.tally.done[entry.film.id] = self.tally.totals[entry.film.id] = frames

    def lost(self, entry: Entry) -> None:
        """Count a film that failed."""
        self.failed += 1
        self.told.add(entry.film.source)
        self.tally.totals.pop(entry.film.id, None)
        self.tally.done.pop(entry.film.id, None)

    def draw(self, *, last: bool = False) -> None:
        """Draw the board, a few times a second."""
        now = time.monotonic()
        if now - self.drawn < _EVERY and not last:
            return
        self.drawn = now
        tally = self.tally
        rate = self.pace.at(tally.frames, now)
        unknown = sum(not total for film, total in tally.totals.items() if film not in tally.done)
        left = tally.left(rate, unknown, len(tally.totals))
        lines = tuple(self._line(seat, now) for seat in self.crew.seats)
        self.screen.show(
            Board(
                self.films, self.done, self.failed, tally.frames, tally.total, self.segments, rate, left, lines
            )
        )  # fmt: skip

    def _line(self, seat: Seat, now: float) -> Line:
        if seat.ready is None:
            return Line(seat.name, "", "starts")
        if seat.order is None:
            return Line(seat.name, "", "waits")
        entry = self.entries[seat.order.film]
        moment = seat.moment
        if moment is None:
            return Line(seat.name, entry.source.name, "reads")
        rate = moment.frames / max(now - seat.began, 0.001)
        total = moment.total or entry.film.total
        return Line(seat.name, entry.source.name, moment.stage, moment.frames, total, moment.shots, rate)
