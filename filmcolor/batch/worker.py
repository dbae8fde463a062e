"""What a worker does with an order; the same on this machine and on another."""

import contextlib
import hashlib
import os
import queue
import shutil
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from filmcolor import __version__
from filmcolor.batch.messages import (
    Alive,
    Anchors,
    Color,
    Colored,
    Copy,
    Ended,
    Failed,
    Grant,
    Hash,
    Hashed,
    Look,
    Looked,
    Made,
    Make,
    Moment,
    News,
    Order,
    Ready,
    SegmentDone,
    Warned,
)
from filmcolor.batch.offers import Offers
from filmcolor.errors import BusyError, FilmcolorError, FullError, InputError, is_full
from filmcolor.files import as_text, replacing
from filmcolor.model.predict import Predictor
from filmcolor.pipeline.disk import disk_need
from filmcolor.pipeline.inputs import Task, color_task, files_of, result_name
from filmcolor.pipeline.journal import hash_file, hash_head_and_tail
from filmcolor.pipeline.kinds import kind_of
from filmcolor.pipeline.making import Maker, segment_file, set_up, stored_task
from filmcolor.pipeline.progress import Progress
from filmcolor.pipeline.run import RunResult, load_predictor
from filmcolor.report.film_page import copy_report, write_report
from filmcolor.settings import RunSettings
from filmcolor.video.encode import choose_encoding
from filmcolor.video.probe import probe

Send = Callable[[object], None]

_EVERY = 0.25
"""Seconds between two moments of progress."""
_BEAT = 10.0
_LEAST_MOVED = 1 << 20
"""Bytes within a beat, in seconds, that show a worker at work."""
_PATIENCE = 20.0
"""Seconds that a worker waits for a dying one to let go of a film."""


def serve(receive: Callable[[], object], send: Send, base: RunSettings) -> None:
    """Do orders until `receive` gives None. A driver that is gone ends the process."""
    orders: queue.SimpleQueue[Order | None] = queue.SimpleQueue()
    lock = threading.Lock()

    def say(message: object) -> None:
        with lock:  # both phases of a run tell
            send(message)

    worker = Worker(say, base)

    def read() -> None:
        while True:
            try:
                message = receive()
            except (EOFError, OSError):
                os._exit(70)  # the driver is gone; finished segments are kept
            if isinstance(message, (Grant, Ended)):
                worker.hear(message)
                continue
            if isinstance(message, Color):
                worker.expect(message)  # news of it may come before its work begins
            orders.put(message)  # type: ignore[arg-type]
            if message is None:
                return

    over = threading.Event()
    threading.Thread(target=read, name="orders", daemon=True).start()
    threading.Thread(target=_beat, args=(say, over), name="beat", daemon=True).start()
    try:
        say(worker.ready())
        while (order := orders.get()) is not None:
            say(worker.do(order))
    finally:
        over.set()


def _beat(say: Send, over: threading.Event) -> None:
    """Say `Alive` while the process reads and writes.

    Hashing and joining a large film take longer than any watchdog waits, and have no frames to count. A process that
    hangs, or turns in a circle, moves no bytes.
    """
    before = _moved()
    while not over.wait(_BEAT):
        now = _moved()
        if now - before >= _LEAST_MOVED:
            say(Alive())
        before = now


def _moved() -> int:
    """Return the bytes that this process has read and written so far, 0 where the system does not tell."""
    try:
        lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(("rchar", "wchar")))


class Worker:
    """Keeps the network between orders."""

    def __init__(self, send: Send, base: RunSettings) -> None:
        self._send = send
        self._base = base
        self._predictors: dict[tuple[bool, int], Predictor] = {}
        self._offers: Offers | None = None
        self._maker: tuple[Path, Maker] | None = None

    def ready(self) -> Ready | Failed:
        """Load the weights, and say what the results of this worker stand on."""
        try:
            predictor = self._predictor(self._base)
        except FilmcolorError as error:
            return Failed(0, str(error), error.exit_code, again=False)
        basis = {
            "version of filmcolor": __version__,
            "weights": predictor.digest,
            "engine": predictor.engine,
        }
        return Ready(os.getpid(), socket.gethostname(), tuple(basis.items()))

    def expect(self, order: Color) -> None:
        """Be ready for news of a film that is about to begin."""
        self._offers = Offers(order.film, self._send)

    def hear(self, news: News) -> None:
        """Take news of this worker's film while it is at work on it."""
        offers = self._offers
        if offers is not None and offers.film == news.film:
            offers.hear(news)

    def do(self, order: Order) -> object:
        """Do one order and return its answer."""
        try:
            match order:
                case Look():
                    return look(order)
                case Hash():
                    return Hashed(order.film, hash_file(order.path))
                case Color():
                    return self._color(order)
                case Copy():
                    return self._copy(order)
                case Make():
                    return self._make(order)
        except BusyError as error:
            return Failed(order.film, str(error), error.exit_code, again=True)
        except FullError as error:
            return Failed(order.film, str(error), error.exit_code, again=True, full=True)
        except FilmcolorError as error:
            return Failed(order.film, str(error), error.exit_code, again=False)
        except OSError as error:
            named = f"{error.filename}: " if error.filename else ""
            return Failed(order.film, f"{named}{error.strerror or error}", 4, again=True, full=is_full(error))
        except Exception as error:
            return Failed(order.film, f"internal error ({type(error).__name__}: {error})", 1, again=True)

    def _color(self, order: Color) -> object:
        if state_of(order.kind, order.source)[2] != order.fingerprint:
            raise InputError(f"{order.source}: changed since this batch looked at it; run the batch again")
        self._drop_maker()
        teller = _Teller(order.film, self._send)
        task = Task(order.kind, order.source, order.out)  # type: ignore[arg-type]
        settings = order.settings
        files = files_of(task, settings)
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                result = color_task(task, settings, teller, self._predictor(settings), self._offers)
                break
            except BusyError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.3)
        if state_of(order.kind, order.source)[2] != order.fingerprint:
            for file in files:
                file.unlink(missing_ok=True)
            if order.kind == "sequence":
                with contextlib.suppress(OSError):
                    order.out.rmdir()  # where nothing else is in it
            raise InputError(
                f"{order.source}: changed while it was colored; the result was thrown away, run the batch again"
            )
        if order.report is None:
            return colored(order.film, result)
        report = order.report
        return self._reported(
            order.film, result, report, lambda: write_report(order.source, result, settings, report)
        )

    def _copy(self, order: Copy) -> Colored:
        """Copy a result, and its report where it has one. Raises OSError."""
        with replacing(order.out) as part:
            shutil.copyfile(order.made, part)
        result = RunResult(order.out, 0, 0)
        if order.report is None or order.made_report is None:
            return colored(order.film, result)
        made, report = order.made_report, order.report
        return self._reported(
            order.film, result, report, lambda: copy_report(made, order.source, order.out, report)
        )

    def _reported(self, film: int, result: RunResult, report: Path, write: Callable[[], None]) -> Colored:
        """Return a result with its report; where that cannot be written, the film is there all the same."""
        try:
            write()
        except FilmcolorError as error:
            self._send(Warned(film, str(error)))
            return colored(film, replace(result, warnings=(*result.warnings, str(error))))
        return colored(film, result, report)

    def _make(self, order: Make) -> Made:
        """Make a segment of another worker's film. The decoder stays open for the next one."""
        if self._maker is None or self._maker[0] != order.out:
            self._drop_maker()
            setup = set_up(order.source, order.out, order.settings, self._predictor(order.settings))
            self._maker = order.out, Maker(setup)
        task = stored_task(order.task)
        done = 0
        told = time.monotonic()

        def report() -> None:
            nonlocal done, told
            done += 1
            if time.monotonic() - told >= _EVERY:
                told = time.monotonic()
                self._send(Moment(order.film, "segment", done, task.stop - task.start, 0))

        anchors = self._maker[1].make(
            task,
            order.folder,
            report,
            lambda: self._send(Anchors(order.film, order.number)),
            segment_file(order.folder, order.number).with_suffix(f".{os.getpid()}.part"),
        )
        return Made(order.film, order.number, anchors)

    def _drop_maker(self) -> None:
        if self._maker is not None:
            self._maker[1].close()
            self._maker = None

    def _predictor(self, settings: RunSettings) -> Predictor:
        key = (settings.mirrored, settings.seed)
        if key not in self._predictors:
            whole = replace(self._base, mirrored=settings.mirrored, seed=settings.seed)
            self._predictors[key] = load_predictor(whole)
        return self._predictors[key]


class _Teller:
    """Passes a run's progress on, a few times a second."""

    def __init__(self, film: int, send: Send) -> None:
        self._film, self._send, self._told = film, send, 0.0
        self._since = time.monotonic()

    def __call__(self, now: Progress) -> None:
        if now.warning is not None:
            self._send(Warned(self._film, now.warning))
            return
        clock = time.monotonic()
        if now.segment is not None:
            made = now.segment
            seconds, self._since = clock - self._since, clock
            self._send(
                SegmentDone(self._film, made.number, made.start, made.stop, made.sha256, round(seconds, 3))
            )
            return
        if now.stage == "color" and clock - self._told < _EVERY:
            return
        self._told = clock
        self._send(Moment(self._film, now.stage, now.frames, now.total, now.shots))


def look(order: Look) -> Looked:
    """Say what a source is. Raises InputError, OutputError."""
    kind = kind_of(order.source)
    size, mtime, fingerprint = state_of(kind, order.source)
    name = result_name(kind, order.source, order.settings, beside=False)
    if kind != "film":
        return Looked(order.film, kind, name, fingerprint, size, mtime, most=2 * size, least=size)
    info = probe(order.source)
    duration = None if info.duration is None else float(info.duration)
    total = info.frames
    if total is None and duration and info.rate:
        total = round(duration * float(info.rate))
    encoding = choose_encoding(info, order.settings, Path(name))
    need = disk_need(info, encoding, order.settings, size)
    least, most = (size, 4 * size) if need is None else (
        need.segments[0] + need.result[0], need.segments[1] + need.result[1],
    )  # fmt: skip
    return Looked(
        order.film,
        kind,
        name,
        fingerprint,
        size,
        mtime,
        info.width,
        info.height,
        total,
        duration,
        most,
        least,
    )


def state_of(kind: str, source: Path) -> tuple[int, int, str]:
    """Return size in bytes, time of the last change and fingerprint of a source. Raises InputError."""
    try:
        if kind != "sequence":
            status = source.stat()
            return status.st_size, status.st_mtime_ns, hash_head_and_tail(source)
        folder = source if source.is_dir() else source.parent
        files = [(entry.name, entry.stat()) for entry in sorted(os.scandir(folder), key=lambda e: e.name)]
    except OSError as error:
        raise InputError(f"{source}: cannot be read: {error.strerror or error}") from error
    text = repr([(name, s.st_size, s.st_mtime_ns) for name, s in files])
    size = sum(s.st_size for _, s in files)
    newest = max((s.st_mtime_ns for _, s in files), default=0)
    return size, newest, hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def colored(film: int, result: RunResult, report: Path | None = None) -> Colored:
    """Return what the ledger keeps of a result."""
    status = result.path.stat()
    damage = getattr(result, "damage", None)
    lost = 0 if damage is None else damage.lost or int(damage.partial)  # a cut film may not say how many
    return Colored(
        film,
        result.frames,
        result.shots,
        result.anchors,
        lost,
        result.warnings,
        status.st_size if result.path.is_file() else 0,
        status.st_mtime_ns,
        hash_file(result.path) if result.path.is_file() else "",
        None if report is None else as_text(report),
    )
