"""The driver: gives films to workers, notes what comes of them, and lets no film stop the others."""

import contextlib
import json
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from filmcolor.batch.board import Screen
from filmcolor.batch.crew import Crew, Lost, Seat
from filmcolor.batch.ledger import Ledger
from filmcolor.batch.messages import (
    Anchors,
    Color,
    Colored,
    Copy,
    Failed,
    Hash,
    Hashed,
    Look,
    Looked,
    Made,
    Make,
    Moment,
    Offer,
    Order,
    Ready,
    SegmentDone,
    Warned,
)
from filmcolor.batch.options import BatchOptions
from filmcolor.batch.plan import Entry, result_of, settings_text
from filmcolor.batch.room import no_room
from filmcolor.batch.share import Sharing
from filmcolor.batch.showing import Showing
from filmcolor.errors import OutputError
from filmcolor.files import as_path, as_text


@dataclass(slots=True)
class Driver:
    """What one run of a batch keeps in memory; all that matters is in the ledger.

    stuck: tries of each film since it last got on. full: why no more films are begun, or "".
    """

    ledger: Ledger
    crew: Crew
    options: BatchOptions
    screen: Screen
    entries: dict[int, Entry]
    fresh: bool = False
    stuck: dict[int, int] = field(default_factory=dict)
    full: str = ""
    spent: int = 0
    share: Sharing = field(init=False)
    showing: Showing = field(init=False)

    def __post_init__(self) -> None:
        self.share = Sharing(self.crew, self.ledger, self.entries)
        self.showing = Showing(self.screen, self.crew, self.entries, len(self.entries))

    # --- looking -------------------------------------------------------------------------------
    def look(self, entries: Sequence[Entry]) -> None:
        """Have workers look at sources; what cannot be read is failed in the ledger."""
        self._all(deque(Look(e.film.id, e.source, e.settings) for e in entries))

    def hash(self, entries: Sequence[Entry]) -> None:
        """Have workers hash the whole content of sources."""
        self._all(deque(Hash(e.film.id, e.source) for e in entries))

    def verify(self, entries: Sequence[Entry]) -> list[Entry]:
        """Have workers hash finished results; return the entries whose result is no longer what was made."""
        found: dict[int, str | None] = dict.fromkeys(e.film.id for e in entries)
        orders: deque[Order] = deque(Hash(e.film.id, e.out) for e in entries)

        def take(message: object) -> None:
            if isinstance(message, Hashed):
                found[message.film] = message.sha256

        self._work(orders, take, lambda order, reason: None)
        return [e for e in entries if found[e.film.id] != e.film.out_sha256]

    def _all(self, orders: "deque[Order]") -> None:
        tries: dict[int, int] = {}

        def take(message: object) -> None:
            match message:
                case Looked():
                    self._looked(message)
                case Hashed():
                    self.ledger.change(self.entries[message.film].film, sha256=message.sha256)
                case Failed():
                    entry = self.entries[message.film]
                    self.ledger.change(entry.film, attempts=entry.film.attempts + 1)
                    self._keep_wishes(entry)
                    self._fail(entry, message.text, message.code)

        def lost(order: Order, reason: str) -> None:
            tries[order.film] = tries.get(order.film, 0) + 1
            if tries[order.film] >= self.options.attempts:
                self._keep_wishes(self.entries[order.film])
                self._fail(self.entries[order.film], f"{self.entries[order.film].source}: {reason}", 3)
            else:
                orders.append(order)

        self._work(orders, take, lost)

    def _keep_wishes(self, entry: Entry) -> None:
        """Note what is wanted of a film that nobody could look at, for another try."""
        out = entry.film.out if entry.wanted.out is None else as_text(entry.wanted.out)
        self.ledger.change(entry.film, settings=settings_text(entry.settings), out=out)

    def _work(
        self,
        orders: "deque[Order]",
        take: Callable[[object], None],
        lost: Callable[[Order, str], None],
    ) -> None:
        """Give out orders until all are answered."""
        while orders or self.crew.at_work():
            for seat in self.crew.idle():
                if orders:
                    self.crew.give(seat, orders.popleft())
            for seat, message in self.crew.listen(0.2):
                if isinstance(message, Lost):
                    if message.order is not None:
                        lost(message.order, message.reason)
                elif isinstance(message, Ready):
                    self._ready(seat, message)
                else:
                    take(message)
            self.showing.draw()

    def meet(self) -> None:
        """Wait for the first worker, which says what results stand on."""
        while self.crew.basis is None:
            for seat, message in self.crew.listen(0.2):
                if isinstance(message, Ready):
                    self._ready(seat, message)

    def _ready(self, seat: Seat, message: Ready) -> None:
        self.showing.tell("worker", worker=seat.name, process=message.process, host=message.host)

    def _looked(self, message: Looked) -> None:
        entry = self.entries[message.film]
        film = entry.film
        out = result_of(entry.wanted, message.name, self.options.out)
        changed = film.fingerprint is not None and film.fingerprint != message.fingerprint
        more: dict[str, object] = {"sha256": None} if changed or film.fingerprint is None else {}
        if film.state == "failed" or (changed and film.state == "done"):
            more |= {"state": "waiting", "error": None, "code": None}
        self.ledger.change(
            film, kind=message.kind, out=as_text(out), fingerprint=message.fingerprint, size=message.size,
            mtime=message.mtime, width=message.width, height=message.height, total=message.total,
            duration=message.duration, bytes=message.most, least=message.least, **more,
        )  # fmt: skip

    # --- coloring ------------------------------------------------------------------------------
    def color(self, to_do: Sequence[Entry], first_of: dict[int, Entry]) -> None:
        """Color all entries. Raises OutputError where the disk (or its limit) stops the work."""
        waiting = deque(entry for entry in to_do if entry.film.id not in first_of)
        copies = [entry for entry in to_do if entry.film.id in first_of]
        self.showing.begin(len(to_do), list(waiting))
        while True:
            copies = self._copy_or_fail(copies, first_of, waiting)
            self._give_out(waiting)
            if not waiting and not self.full:
                self.share.grant()
            if not self.crew.at_work() and (self.full or not (waiting or copies)):
                break
            for seat, message in self.crew.listen(0.2):
                self._take(seat, message, waiting)
            self.showing.draw()
        self.showing.draw(last=True)
        if self.full:
            left = sum(entry.film.state == "waiting" for entry in to_do)
            raise OutputError(f"{self.full}; {left} films wait, run the same command again to go on")

    def _give_out(self, waiting: "deque[Entry]") -> None:
        for seat in self.crew.idle():
            if not waiting or self.full:
                return
            entry = waiting[0]
            if not self._fits(entry):
                return
            waiting.popleft()
            self._begin(seat, entry)

    def _begin(self, seat: Seat, entry: Entry) -> None:
        film = entry.film
        first = film.id not in self.stuck
        if not self._tries(entry):
            return
        settings = replace(entry.settings, overwrite=True, fresh=self.fresh and first)
        self.ledger.change(
            film, state="running", attempts=film.attempts + 1, worker=seat.name,
            host=seat.ready.host if seat.ready else None, began=time.time(), ended=None, error=None, code=None,
            same_as=None,
        )  # fmt: skip
        self.showing.tell("begun", film=film.source, worker=seat.name, attempt=film.attempts)
        kind = film.kind or "film"
        order = Color(
            film.id, kind, entry.source, entry.out, settings, film.fingerprint, self._report_of(entry)
        )
        self.crew.give(seat, order)

    def _tries(self, entry: Entry) -> bool:
        """Make the folder of a result and count the try; where that cannot be, the film has failed."""
        try:
            entry.out.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._fail(entry, f"{entry.out.parent}: cannot make this folder: {error.strerror or error}", 4)
            return False
        self.stuck[entry.film.id] = self.stuck.get(entry.film.id, 0) + 1
        return True

    def _report_of(self, entry: Entry) -> Path | None:
        return entry.out.with_name(f"{entry.out.name}.report.html") if self.options.reports else None

    def _take(self, seat: Seat, message: object, waiting: "deque[Entry]") -> None:
        match message:
            case Ready():
                self._ready(seat, message)
            case Warned():
                self.showing.tell("warning", film=self.entries[message.film].film.source, text=message.text)
            case SegmentDone():
                self._segment(seat, message)
            case Moment() if message.stage != "segment":
                self.showing.tally.done[message.film] = message.frames
            case Offer():
                self.share.offered(seat, message)
            case Anchors():
                self.share.anchored(message)
            case Made():
                self.share.made(message)
            case Colored():
                self.share.over(message.film)
                self._finish(self.entries[message.film], message, seat)
            case Failed() if isinstance(message.order, Make):
                self.share.failed(message.order)
            case Failed():
                self.share.over(message.film)
                self._failed(message, waiting)
            case Lost(order=Make() as order):
                self.showing.tell("lost", worker=seat.name, text=message.reason)
                self.share.failed(order)
            case Lost():
                if message.order is not None:
                    self.share.over(message.order.film)
                self._lost(seat, message, waiting)

    def _segment(self, seat: Seat, message: SegmentDone) -> None:
        entry = self.entries[message.film]
        now = time.time()
        self.showing.segments += 1
        self.stuck[message.film] = 0  # it gets on
        self.ledger.segment(
            entry.film, message.number, start=message.start, stop=message.stop, state="done", worker=seat.name,
            began=now - message.seconds, ended=now, sha256=message.sha256,
        )  # fmt: skip
        self.showing.tell("segment", film=entry.film.source, segment=message.number, worker=seat.name)

    def _finish(self, entry: Entry, message: Colored, seat: Seat) -> None:
        film = entry.film
        now = time.time()
        first = self.ledger.film(film.same_as) if film.same_as else None
        if first is not None:  # copied
            message = replace(
                message,
                frames=first.frames or 0,
                shots=first.shots or 0,
                lost=first.lost or 0,
                warnings=(*first.lines, *message.warnings),
            )
        frames = message.frames or None
        self.ledger.change(
            film, state="done", ended=now, seconds=now - (film.began or now), frames=frames,
            shots=message.shots or None, anchors=message.anchors, lost=message.lost,
            warnings=json.dumps(list(message.warnings)), out_size=message.size, out_mtime=message.mtime,
            out_sha256=message.sha256, report=message.report, error=None, code=None,
        )  # fmt: skip
        self.spent += message.size
        self.showing.finished(entry, message.frames)
        self.showing.tell(
            "done", film=film.source, out=film.out, frames=frames, shots=message.shots or None,
            lost=message.lost or None, seconds=round(film.seconds or 0, 3), worker=seat.name,
        )  # fmt: skip

    def _failed(self, message: Failed, waiting: "deque[Entry]") -> None:
        entry = self.entries[message.film]
        if message.full:
            self.full = message.text
            self.ledger.change(entry.film, state="waiting", error=message.text)
        elif message.again and self.stuck.get(message.film, 0) < self.options.attempts:
            self.ledger.change(entry.film, state="waiting", error=message.text)
            self.showing.tell("again", film=entry.film.source, text=message.text)
            waiting.append(entry)
        else:
            self._fail(entry, message.text, message.code)

    def _lost(self, seat: Seat, message: Lost, waiting: "deque[Entry]") -> None:
        order = message.order
        self.showing.tell("lost", worker=seat.name, text=message.reason)
        if order is None:
            return
        entry = self.entries[order.film]
        if self.stuck.get(order.film, 0) >= self.options.attempts:
            tries = self.options.attempts
            self._fail(entry, f"{entry.source}: given up after {tries} tries: {message.reason}", 1)
            return
        self.ledger.change(entry.film, state="waiting", error=message.reason)
        waiting.appendleft(entry)

    def _fail(self, entry: Entry, text: str, code: int) -> None:
        self.showing.lost(entry)
        self.ledger.change(entry.film, state="failed", ended=time.time(), error=text, code=code)
        self.showing.tell("failed", film=entry.film.source, text=text, code=code)

    def _copy_or_fail(
        self, copies: list[Entry], first_of: dict[int, Entry], waiting: "deque[Entry]"
    ) -> list[Entry]:
        """Copy results to films with the same content, as soon as there are workers for it."""
        left = []
        for entry in copies:
            first = first_of[entry.film.id]
            idle = self.crew.idle()
            if first.film.state == "failed":
                text = f"{entry.source}: same content as {first.source}, which failed: {first.film.error}"
                self._fail(entry, text, first.film.code or 1)
            elif first.film.state == "done" and idle and not self.full:
                self._begin_copy(idle[0], entry, first)
            else:
                left.append(entry)
        return left

    def _begin_copy(self, seat: Seat, entry: Entry, first: Entry) -> None:
        film = entry.film
        if not self._tries(entry):
            return
        now = time.time()
        self.ledger.change(film, state="running", attempts=film.attempts + 1, began=now, worker=seat.name,
                           same_as=first.film.source)  # fmt: skip
        told = None if first.film.report is None else as_path(first.film.report)
        self.crew.give(seat, Copy(film.id, entry.source, first.out, entry.out, told, self._report_of(entry)))

    # --- space ---------------------------------------------------------------------------------
    def _fits(self, entry: Entry) -> bool:
        """Tell whether there is space to begin a film; where nothing at work will make any, stop the batch."""
        colored = [seat.order.film for seat in self.crew.seats if isinstance(seat.order, Color)]
        reserved = sum(self.entries[film].film.bytes or 0 for film in colored)
        why = no_room(entry.film, entry.out.parent, reserved, self.spent, self.options.limit_disk)
        if why and not self.crew.at_work():
            self.full = why
        return not why

    def interrupt(self) -> None:
        """Note that films at work wait again; called when a run is stopped, at whatever moment."""
        for entry in self.entries.values():
            if entry.film.state == "running":
                with contextlib.suppress(OutputError):
                    tries = max(0, entry.film.attempts - 1)
                    self.ledger.change(entry.film, state="waiting", worker=None, attempts=tries)
