"""What is finished of one film, so that a run can go on: JSON lines in the workspace.

The first line holds what the work stands on (source, settings, weights, version); each further
line one finished segment with the hash of its file. A torn last line is dropped on reading. Only
segments whose file still has the journaled hash count as finished.
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
        self._folder = folder
        self.finished: dict[int, Finished] = {}
        lines = self._read()
        if lines:
            held = lines[0].get("basis", {})
            for name, value in basis.items():
                if held.get(name) != value:
                    raise OutputError(
                        f"{folder}: unfinished work was made with another {name}; "
                        "use --fresh to start over, or the old one to go on"
                    )
            for line in lines[1:]:
                self._admit(line)
        else:
            self._path.unlink(missing_ok=True)
            append_line(self._path, json.dumps({"basis": dict(basis)}))

    def _read(self) -> list[dict[str, Any]]:
        if not self._path.exists():
            return []
        raw = self._path.read_bytes()
        whole = raw[: raw.rfind(b"\n") + 1]
        if len(whole) < len(raw):  # torn last line of a crash
            with self._path.open("r+b") as file:
                file.truncate(len(whole))
                os.fsync(file.fileno())
        lines = []
        for text in whole.decode("utf-8", "replace").splitlines():
            try:
                line = json.loads(text)
            except json.JSONDecodeError:
                break  # what follows a damaged line cannot be trusted
            if not isinstance(line, dict):
                break
            lines.append(line)
        return lines if lines and isinstance(lines[0].get("basis"), dict) else []

    def _admit(self, line: dict[str, Any]) -> None:
        try:
            entry = Finished(**line)
            path = self._folder / Path(str(entry.file)).name
            if path.is_file() and hash_file(path) == entry.sha256:
                self.finished[int(entry.number)] = entry
        except (TypeError, ValueError, OSError):
            return  # not a segment's line: the segment is made again

    def has(self, number: int, start: int, stop: int) -> Path | None:
        """Return the file of a finished segment with these frames, or None."""
        entry = self.finished.get(number)
        if entry is None or (entry.start, entry.stop) != (start, stop):
            return None
        return self._folder / entry.file

    def add(self, number: int, start: int, stop: int, path: Path) -> None:
        """Journal a segment whose file is already in its place, synced."""
        entry = Finished(number, start, stop, path.name, hash_file(path))
        append_line(self._path, json.dumps(asdict(entry)))
        self.finished[number] = entry
