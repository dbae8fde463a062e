"""The folder of unfinished work beside an output, and the lock that keeps a second run out."""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from filmcolor.errors import BusyError, OutputError, cannot_write, is_full
from filmcolor.files import beside
from filmcolor.pipeline.journal import JOURNAL

_LOCK = "lock"
_LONGEST_NAME = 200


def workspace_of(out: Path, parent: Path | None = None) -> Path:
    """Return the workspace of an output: `.NAME.filmcolor` beside it or in `parent`.

    A name too long for a file system is replaced by its hash.
    """
    name = f".{out.name}.filmcolor"
    if parent is not None or len(os.fsencode(name)) > _LONGEST_NAME:
        name = f".{hashlib.sha256(os.fsencode(str(out.absolute()))).hexdigest()[:32]}.filmcolor"
    return (parent or out.parent) / name


def part_of(out: Path) -> Path:
    """Return where a film is joined before it gets its name: hidden, beside it."""
    return beside(out, f".filmcolor-part{out.suffix}")


@contextlib.contextmanager
def held(folder: Path, *, fresh: bool) -> Iterator[Path]:
    """Make or take over the workspace `folder` and hold its lock.

    fresh: throw away unfinished work found there. On leaving, a workspace that holds no finished
    segment is removed. Raises OutputError where another run holds it or the folder cannot be made.
    """
    try:
        folder.mkdir(parents=False, exist_ok=True)
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise OutputError(f"{folder.parent}: cannot work here: {error.strerror or error}") from error
    try:
        _lock(lock, folder)
    except OutputError:
        os.close(lock)
        raise
    try:
        if fresh:
            for entry in folder.iterdir():
                if entry.name != _LOCK:
                    _remove(entry)
        yield folder
    except OSError as error:
        if is_full(error):  # for the journal or the anchors; the rest has its own words
            raise cannot_write(folder, error) from error
        raise
    finally:
        kept = any(
            entry.name.startswith("segment-") and entry.suffix != ".part" for entry in _entries(folder)
        )
        if not kept and _is_lock_of(lock, folder):  # else it was cleared, and may be another run's by now
            shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _lock(descriptor: int, folder: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows: the lock is advisory there, and absent
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BusyError(f"{folder}: another run is working on this output; wait for it or stop it") from error
    except OSError:  # a file system without locks
        return
    if not _is_lock_of(descriptor, folder):
        raise BusyError(f"{folder}: another run has just finished this output; run again to see it")


def _is_lock_of(descriptor: int, folder: Path) -> bool:
    """Whether an open lock is still the one in the folder, which may have been cleared and made anew."""
    try:
        return os.stat(folder / _LOCK).st_ino == os.fstat(descriptor).st_ino  # noqa: PTH116
    except OSError:
        return False


def clear(folder: Path) -> None:
    """Remove the workspace of a finished film, the journal last: a crash on the way is seen for what it is."""
    for entry in sorted(_entries(folder), key=lambda entry: (entry.name == JOURNAL, entry.name == _LOCK)):
        _remove(entry)
    with contextlib.suppress(OSError):
        folder.rmdir()


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        entry.unlink(missing_ok=True)
