"""Files that survive a crash: replace a file atomically, append a line durably; and paths as text."""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

from filmcolor.errors import cannot_write

_LONGEST_NAME = 240  # bytes; file systems hold 255
_QUOTED = "bytes:"


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` durable (a no-op where folders cannot be synced)."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return  # Windows cannot open a folder
    with contextlib.suppress(OSError):
        os.fsync(descriptor)
    os.close(descriptor)


def publish(written: Path, target: Path) -> None:
    """Sync the finished file `written` and rename it to `target` in the same folder.

    After a crash `target` is either as it was or complete. Raises OSError.
    """
    descriptor = os.open(written, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    written.replace(target)
    sync_folder(target.parent)


def beside(target: Path, ending: str) -> Path:
    """Return the hidden name `.NAME` + `ending` in the target's folder; a hash for a NAME too long for that."""
    name = f".{target.name}{ending}"
    if len(os.fsencode(name)) > _LONGEST_NAME:
        name = f".{hashlib.sha256(os.fsencode(target.name)).hexdigest()[:32]}{ending}"
    return target.with_name(name)


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a path beside `target` to write to; publish it on success, remove it on failure.

    The name is always the same, so that the next try overwrites what a killed process left; a lock keeps
    two living ones apart. Raises OSError.
    """
    part = beside(target, ".part")
    with _locked(part):
        try:
            yield part
            publish(part, target)
        except BaseException:  # behind a success the name may be another process' already
            part.unlink(missing_ok=True)
            raise


def write_text(text: str, target: Path) -> None:
    """Write a text file, all of it or nothing; what UTF-8 cannot hold is escaped. Raises OutputError."""
    try:
        with replacing(target) as part:
            part.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")
    except OSError as error:
        raise cannot_write(target, error) from error


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Make the file `path` and hold its lock. Raises OSError where a living process holds it."""
    try:
        import fcntl
    except ImportError:  # Windows, which could not rename a file that is open
        yield
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OSError(error.errno, "another process is writing it", str(path)) from error
        except OSError:
            pass  # a file system without locks
        yield
    finally:
        os.close(descriptor)


def append_line(path: Path, line: str) -> None:
    """Append one line and sync it. A crash leaves at most a torn last line, which readers drop."""
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def size_text(size: int) -> str:
    """Return a number of bytes for people, as `12.3 GB`."""
    number, unit = float(size), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if number < 1000:
            break
        number, unit = number / 1000, larger
    return f"{size} bytes" if unit == "bytes" else f"{number:.1f} {unit}"


def as_text(path: Path) -> str:
    """Return a path as SQLite and JSON can hold it: one whose bytes are no UTF-8 is quoted."""
    text = str(path)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return _QUOTED + quote_from_bytes(os.fsencode(text))
    return text


def as_path(text: str) -> Path:
    """Return the path that `as_text` made a text of."""
    return Path(os.fsdecode(unquote_to_bytes(text[len(_QUOTED) :])) if text.startswith(_QUOTED) else text)
