"""Files that survive a crash: replace a file atomically, append a line durably."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


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


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a path beside `target` to write to; publish it on success, remove it on failure."""
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        yield beside
        publish(beside, target)
    finally:
        beside.unlink(missing_ok=True)


def append_line(path: Path, line: str) -> None:
    """Append one line and sync it. A crash leaves at most a torn last line, which readers drop."""
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
