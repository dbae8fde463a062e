"""The ledger of a vault: every film and segment with its state, in SQLite. Only the driver writes it.

On a local disk it is in WAL mode, so that `status` reads while a run writes. A shard's ledger may lie on a network
file system, where WAL does not work: it keeps a rollback journal.
"""

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, Self

from filmcolor.errors import OutputError

FORMAT = 1
FOLDER = ".filmcolor-batch"

State = Literal["waiting", "running", "done", "failed"]
STATES: tuple[State, ...] = ("waiting", "running", "done", "failed")

_TABLES = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE films (
    id INTEGER PRIMARY KEY, source TEXT UNIQUE NOT NULL, out TEXT, place TEXT, kind TEXT, origin TEXT,
    state TEXT NOT NULL DEFAULT 'waiting', attempts INTEGER NOT NULL DEFAULT 0, worker TEXT, host TEXT,
    began REAL, ended REAL, size INTEGER, mtime INTEGER, fingerprint TEXT, sha256 TEXT, settings TEXT, basis TEXT,
    width INTEGER, height INTEGER, total INTEGER, duration REAL, bytes INTEGER, least INTEGER,
    frames INTEGER, shots INTEGER, anchors INTEGER, lost INTEGER, seconds REAL, warnings TEXT,
    error TEXT, code INTEGER, same_as TEXT, out_size INTEGER, out_mtime INTEGER, out_sha256 TEXT, report TEXT
);
CREATE INDEX films_by_state ON films (state);
CREATE TABLE segments (
    film INTEGER NOT NULL, number INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL,
    state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 1, worker TEXT, began REAL, ended REAL, sha256 TEXT,
    error TEXT, PRIMARY KEY (film, number)
) WITHOUT ROWID;
CREATE INDEX segments_by_state ON segments (state, film);
"""


@dataclass(slots=True, kw_only=True)
class Film:
    """One row of the ledger. Times are seconds since 1970, sizes bytes, paths text (see `files.as_text`).

    total: frames by the container's word; bytes, least: disk that the work is estimated to take, most and least; basis: digest of what
    the result stands on (settings, weights, engine, version); lost: frames lost to damage; code: exit code of
    the error; same_as: source of the film with the same content and settings, whose result was copied.
    """

    id: int = 0
    source: str = ""
    out: str | None = None
    place: str | None = None
    kind: str | None = None
    origin: str | None = None
    state: State = "waiting"
    attempts: int = 0
    worker: str | None = None
    host: str | None = None
    began: float | None = None
    ended: float | None = None
    size: int | None = None
    mtime: int | None = None
    fingerprint: str | None = None
    sha256: str | None = None
    settings: str | None = None
    basis: str | None = None
    width: int | None = None
    height: int | None = None
    total: int | None = None
    duration: float | None = None
    bytes: int | None = None
    least: int | None = None
    frames: int | None = None
    shots: int | None = None
    anchors: int | None = None
    lost: int | None = None
    seconds: float | None = None
    warnings: str | None = None
    error: str | None = None
    code: int | None = None
    same_as: str | None = None
    out_size: int | None = None
    out_mtime: int | None = None
    out_sha256: str | None = None
    report: str | None = None

    @property
    def lines(self) -> list[str]:
        """The warnings."""
        return [str(line) for line in json.loads(self.warnings)] if self.warnings else []


_COLUMNS = tuple(f.name for f in fields(Film))


def _storable(value: Any) -> Any:
    """Return words as SQLite can hold them: they may quote a name whose bytes are no UTF-8."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


class Ledger:
    """An open ledger. Every change is on disk when the call returns."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.path = path
        self._db = connection
        self._db.row_factory = sqlite3.Row

    @classmethod
    def open(cls, path: Path, *, shared: bool = False) -> Self:
        """Open or make the ledger that a run writes. shared: on a network file system.

        Films that a dead run left running wait again. Raises OutputError for a damaged ledger, one of another
        version, and a folder that cannot be written.
        """
        fresh = not path.exists()
        with _explained(path):
            db = sqlite3.connect(path, isolation_level=None, timeout=30)
            db.execute(f"PRAGMA journal_mode = {'DELETE' if shared else 'WAL'}")
            db.execute("PRAGMA synchronous = FULL")
            if fresh or not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                db.executescript(f"BEGIN;{_TABLES}PRAGMA user_version = {FORMAT};COMMIT;")
            _check_format(db, path)
            db.execute("UPDATE films SET state = 'waiting', worker = NULL WHERE state = 'running'")
            db.execute("DELETE FROM segments WHERE state = 'running'")
        return cls(db, path)

    @classmethod
    def rehearse(cls, path: Path) -> Self:
        """Return a copy of a ledger (or an empty one) in memory, for a run that only says what it would do."""
        with _explained(path):
            db = sqlite3.connect(":memory:", isolation_level=None)
            if path.is_file():
                with Ledger.read(path) as held:
                    held._db.backup(db)
                db.execute("UPDATE films SET state = 'waiting' WHERE state = 'running'")
            else:
                db.executescript(f"BEGIN;{_TABLES}PRAGMA user_version = {FORMAT};COMMIT;")
        return cls(db, path)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Open a ledger to read it, whether or not a run writes it. Raises OutputError."""
        address = f"{path.absolute().as_uri()}?mode=ro"
        with _explained(path):
            db = sqlite3.connect(address, uri=True, timeout=30)
            try:
                _check_format(db, path)
            except sqlite3.OperationalError:  # a folder that may only be read has no place for WAL's files
                db.close()
                db = sqlite3.connect(f"{address}&immutable=1", uri=True)
                _check_format(db, path)
        return cls(db, path)

    def close(self) -> None:
        """Close it."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Make all changes within the block at once, or none."""
        with _explained(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def about(self) -> dict[str, str]:
        """Return what is noted of the whole batch."""
        return {row["name"]: row["value"] for row in self._db.execute("SELECT name, value FROM about")}

    def note(self, **values: str) -> None:
        """Note something of the whole batch."""
        with _explained(self.path):
            self._db.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", values.items())

    def films(self, state: State | None = None) -> list[Film]:
        """Return the films, in the order in which they were found."""
        where, values = ("WHERE state = ?", (state,)) if state else ("", ())
        rows = self._db.execute(f"SELECT * FROM films {where} ORDER BY id", values)
        return [Film(**{name: row[name] for name in _COLUMNS}) for row in rows]

    def film(self, source: str) -> Film | None:
        """Return the film of a source."""
        row = self._db.execute("SELECT * FROM films WHERE source = ?", (source,)).fetchone()
        return None if row is None else Film(**{name: row[name] for name in _COLUMNS})

    def add(self, film: Film) -> Film:
        """Add a film; its number is given here."""
        names = [name for name in _COLUMNS if name != "id"]
        with _explained(self.path):
            cursor = self._db.execute(
                f"INSERT INTO films ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
                [_storable(getattr(film, name)) for name in names],
            )
        film.id = int(cursor.lastrowid or 0)
        return film

    def change(self, film: Film, **values: Any) -> None:
        """Change a film, here and on disk."""
        for name, value in values.items():
            setattr(film, name, value)
        sets = ", ".join(f"{name} = ?" for name in values)
        with _explained(self.path):
            self._db.execute(
                f"UPDATE films SET {sets} WHERE id = ?", [*map(_storable, values.values()), film.id]
            )

    def segment(self, film: Film, number: int, **values: Any) -> None:
        """Note a segment of a film."""
        row: Mapping[str, Any] = {"film": film.id, "number": number, **values}
        with _explained(self.path):
            self._db.execute(
                f"INSERT OR REPLACE INTO segments ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
                [_storable(value) for value in row.values()],
            )

    def forget_segments(self, film: Film) -> None:
        """Drop what is known of a film's segments: it is done again from the start."""
        with _explained(self.path):
            self._db.execute("DELETE FROM segments WHERE film = ?", (film.id,))

    def counts(self) -> dict[State, int]:
        """Return how many films are in each state."""
        rows = dict(self._db.execute("SELECT state, count(*) FROM films GROUP BY state").fetchall())
        return {state: int(rows.get(state, 0)) for state in STATES}

    def segment_counts(self) -> dict[str, int]:
        """Return how many segments are in each state."""
        rows = self._db.execute("SELECT state, count(*) FROM segments GROUP BY state").fetchall()
        return {str(state): int(count) for state, count in rows}

    def totals(self) -> dict[str, float]:
        """Return sums over films: frames colored of finished ones, frames that all have, seconds, frames lost."""
        row = self._db.execute(
            "SELECT coalesce(sum(CASE WHEN state = 'done' THEN frames END), 0) AS frames, "
            "coalesce(sum(coalesce(frames, total)), 0) AS total, coalesce(sum(seconds), 0.0) AS seconds, "
            "coalesce(sum(lost), 0) AS lost FROM films"
        ).fetchone()
        return {name: row[name] for name in ("frames", "total", "seconds", "lost")}

    def segments_of(self, film: Film) -> list[dict[str, Any]]:
        """Return what is known of a film's segments, in order."""
        rows = self._db.execute("SELECT * FROM segments WHERE film = ? ORDER BY number", (film.id,))
        return [dict(row) for row in rows]

    def frames_made(self) -> dict[int, int]:
        """Return how many frames of each unfinished film lie in finished segments, by the film's number."""
        rows = self._db.execute(
            "SELECT film, sum(stop - start) FROM segments WHERE state = 'done' AND film IN "
            "(SELECT id FROM films WHERE state IN ('waiting', 'running')) GROUP BY film"
        )
        return {int(film): int(frames) for film, frames in rows.fetchall()}


def ledgers_in(out: Path) -> list[Path]:
    """Return the ledgers of a vault's results: one, or one for each shard. Raises OutputError where there is none."""
    found = sorted((out / FOLDER).glob("ledger*.sqlite")) if out.is_dir() else []
    if not found:
        raise OutputError(
            f"{out}: no batch has worked here; start one with: filmcolor batch run SOURCE -o {out}"
        )
    return found


def ledger_of(out: Path, shard: tuple[int, int] | None = None) -> Path:
    """Return the ledger that an earlier run (or shard) left. Raises OutputError where there is none."""
    path = ledger_path(out, shard)
    if path.is_file():
        return path
    others = [each.stem.removeprefix("ledger-").replace("-of-", "/") for each in ledgers_in(out)]
    raise OutputError(f"{out}: the work here was done in other parts; say which one: --shard {others[0]}")


def ledger_path(out: Path, shard: tuple[int, int] | None = None) -> Path:
    """Return where the ledger of a batch (or of one shard of it) lies."""
    name = "ledger.sqlite" if shard is None else f"ledger-{shard[0]:04d}-of-{shard[1]:04d}.sqlite"
    return out / FOLDER / name


@contextlib.contextmanager
def hold(ledger: Path) -> Iterator[None]:
    """Hold the lock of a ledger; one that a dead run left is taken over.

    Raises OutputError where a living run holds it, naming that run, and where the folder cannot be made.
    """
    lock = ledger.with_suffix(".lock")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise OutputError(f"{lock.parent}: cannot work here: {error.strerror or error}") from error
    try:
        if not _lock(descriptor):
            holder = os.pread(descriptor, 400, 0).decode("utf-8", "replace").strip() or "another run"
            raise OutputError(f"{ledger.parent.parent}: {holder} is working here; wait for it or stop it")
        os.ftruncate(descriptor, 0)
        began = time.strftime("%Y-%m-%d %H:%M:%S")
        os.pwrite(descriptor, f"process {os.getpid()} on {_host()} (since {began})".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _host() -> str:
    import socket

    return socket.gethostname()


def _check_format(db: sqlite3.Connection, path: Path) -> None:
    found = db.execute("PRAGMA user_version").fetchone()[0]
    if found != FORMAT:
        raise OutputError(
            f"{path}: a ledger of format {found}, this version of filmcolor writes {FORMAT}; "
            "go on with the version that made it, or take another -o"
        )


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise OutputError(f"{path}: cannot use this ledger: {error}") from error
    except sqlite3.DatabaseError as error:
        raise OutputError(
            f"{path}: not a ledger, or a damaged one ({error}); move it away and run again with --skip-existing"
        ) from error


def merged(paths: Sequence[Path]) -> Iterator[Ledger]:
    """Open each ledger to read, one after the other."""
    for path in paths:
        with Ledger.read(path) as ledger:
            yield ledger
