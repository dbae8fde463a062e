"""What is finished of one film, so that a run can go on: JSON lines in the workspace.

The first line holds what the work stands on (source, settings, weights, version); each further
line one finished segment with the hash of its file, then what the joined film looks like, then that
nothing is left to do. A torn last line is dropped on reading. Only segments whose file still has the
journaled hash count as finished.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filmcolor.errors import OutputError
from filmcolor.files import append_line

JOURNAL = "journal.jsonl"


@dataclass(frozen=True, slots=True)
class Finished:
    """A segment that is on disk: its frames `start <= i < stop`, file name and SHA-256."""

    number: int
    start: int
    stop: int
    file: str
    sha256: str


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_head_and_tail(path: Path, span: int = 4 << 20) -> str:
    """Return a fingerprint of a source: size, and SHA-256 of its first and last `span` bytes.

    A full hash of a film of 100 GB takes minutes; a changed or replaced film differs here or in its
    modification time, which the journal keeps too.
    """
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        digest.update(file.read(span))
        file.seek(max(0, size - span))
        digest.update(file.read(span))
    return digest.hexdigest()


class Journal:
    """One film's finished segments."""

    def __init__(self, folder: Path, basis: Mapping[str, str]) -> None:
        """Open or start the journal in `folder`, an existing workspace.

        basis: what the work stands on. Raises OutputError naming what differs from the basis of
        the unfinished work found there.
        """
        self._path = folder / JOURNAL
        self.folder = folder
        self.finished: dict[int, Finished] = {}
        self.result: str | None = None
        self.done: dict[str, Any] | None = None
        lines = _read(self._path)
        _mend(self._path)
        if lines:
            _compare(folder, lines[0]["basis"], basis)
            for line in lines[1:]:
                self._admit(line)
        else:
            self._path.unlink(missing_ok=True)
            append_line(self._path, json.dumps({"basis": dict(basis)}))

    def _admit(self, line: dict[str, Any]) -> None:
        if "result" in line:
            self.result = str(line["result"])
            return
        if "done" in line:
            self.done = line["done"] if isinstance(line["done"], dict) else None
            return
        try:
            entry = Finished(**line)
            path = self.folder / Path(str(entry.file)).name
            if path.is_file() and hash_file(path) == entry.sha256:
                self.finished[int(entry.number)] = entry
        except (TypeError, ValueError, ArithmeticError, OSError):
            return  # not a segment's line: the segment is made again

    def has(self, number: int, start: int, stop: int) -> Path | None:
        """Return the file of a finished segment with these frames, or None."""
        entry = self.finished.get(number)
        if entry is None or (entry.start, entry.stop) != (start, stop):
            return None
        return self.folder / entry.file

    def add(self, number: int, start: int, stop: int, path: Path) -> Finished:
        """Journal a segment whose file is already in its place, synced; return its line."""
        entry = Finished(number, start, stop, path.name, hash_file(path))
        append_line(self._path, json.dumps(asdict(entry)))
        self.finished[number] = entry
        return entry

    def add_result(self, joined: Path) -> None:
        """Journal what the joined film looks like, before it gets its name."""
        self.result = hash_head_and_tail(joined)
        append_line(self._path, json.dumps({"result": self.result}))

    def add_done(self, counts: Mapping[str, Any]) -> None:
        """Journal that the film is in its place with all that was asked for beside it: only cleaning is left.

        counts: what the run reports, as JSON can hold it.
        """
        self.done = dict(counts)
        append_line(self._path, json.dumps({"done": self.done}))


def made_here(folder: Path, out: Path) -> bool:
    """Tell whether the film `out` is what the unfinished work in `folder` joined before it was stopped."""
    try:
        lines = _read(folder / JOURNAL)
        return bool(lines) and hash_head_and_tail(out) in [line.get("result") for line in lines[1:]]
    except OSError:
        return False


def _read(path: Path) -> list[dict[str, Any]]:
    """Return the journal's lines that can be read, or none where the first has no basis.

    A damaged line is passed over: what the others say is only believed where a file has the hash they name.
    """
    raw = path.read_bytes() if path.exists() else b""
    lines = [_parsed(text) for text in raw[: raw.rfind(b"\n") + 1].split(b"\n")]
    begun = lines[0] is not None and isinstance(lines[0].get("basis"), dict)
    return [line for line in lines if line is not None] if begun else []


def _parsed(text: bytes) -> dict[str, Any] | None:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return line if isinstance(line, dict) else None


def _mend(path: Path) -> None:
    """Cut off the torn last line of a crash."""
    if path.exists():
        with path.open("r+b") as file:
            raw = file.read()
            file.truncate(raw.rfind(b"\n") + 1)
            os.fsync(file.fileno())


def _compare(folder: Path, held: Mapping[str, Any], basis: Mapping[str, str]) -> None:
    """Raise OutputError where unfinished work stands on something else, naming the first difference."""
    for name in dict.fromkeys((*basis, *held)):
        before, now = held.get(name), basis.get(name)
        if before == now:
            continue
        values = f" ({before}, now {now})" if max(len(str(before)), len(str(now))) <= 40 else ""
        raise OutputError(
            f"{folder}: unfinished work was made with another {name}{values}; "
            "use --fresh to start over, or the old one to go on"
        )
