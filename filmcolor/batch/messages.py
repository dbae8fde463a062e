"""What driver and workers say to each other. All of it is picklable and small."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filmcolor.settings import RunSettings


# --- driver to worker: one order at a time -------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Look:
    """Say what a source is, and what its result is called."""

    film: int
    source: Path
    settings: RunSettings


@dataclass(frozen=True, slots=True)
class Hash:
    """Say the SHA-256 of a whole file."""

    film: int
    path: Path


@dataclass(frozen=True, slots=True)
class Color:
    """Color a film, picture or sequence. fingerprint: of the source when it was looked at. report: write one there."""

    film: int
    kind: str
    source: Path
    out: Path
    settings: RunSettings
    fingerprint: str | None
    report: Path | None = None


@dataclass(frozen=True, slots=True)
class Copy:
    """Copy a result to another name: `source` has the same content. report: write one there, of that of `made`."""

    film: int
    source: Path
    made: Path
    out: Path
    made_report: Path | None = None
    report: Path | None = None


@dataclass(frozen=True, slots=True)
class Make:
    """Make one segment of a film that another worker is coloring. task: file that holds the SegmentTask."""

    film: int
    number: int
    source: Path
    out: Path
    settings: RunSettings
    folder: Path
    task: Path


@dataclass(frozen=True, slots=True)
class Grant:
    """One more of the film's segments may be offered to others."""

    film: int


@dataclass(frozen=True, slots=True)
class Ended:
    """News of a segment that was offered. anchors: frames that the generator colored."""

    film: int
    number: int
    what: Literal["anchored", "made", "failed"]
    anchors: int = 0


Order = Look | Hash | Color | Copy | Make
News = Grant | Ended


# --- worker to driver ----------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Ready:
    """A worker has loaded the weights. basis: weights, engine and version, which all workers must share."""

    process: int
    host: str
    basis: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """What a source is. total, width, height, duration: by the container's word, None or 0 where it has none.

    most, least: bytes of disk that the work is estimated to take while it lasts.
    """

    film: int
    kind: str
    name: str
    fingerprint: str
    size: int
    mtime: int
    width: int = 0
    height: int = 0
    total: int | None = None
    duration: float | None = None
    most: int = 0
    least: int = 0


@dataclass(frozen=True, slots=True)
class Hashed:
    """The SHA-256 of a whole file."""

    film: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of the work, at most a few a second."""

    film: int
    stage: str
    frames: int
    total: int | None
    shots: int


@dataclass(frozen=True, slots=True)
class Alive:
    """A worker reads or writes, though there is nothing else to say: it hashes, joins, or checks."""


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning on a film."""

    film: int
    text: str


@dataclass(frozen=True, slots=True)
class SegmentDone:
    """A segment is finished and journaled. seconds: since the one before."""

    film: int
    number: int
    start: int
    stop: int
    sha256: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Colored:
    """A result is in its place. lost: frames of the source that damage cost. made: SHA-256 of the file ("": a folder)."""

    film: int
    frames: int
    shots: int
    anchors: int
    lost: int
    warnings: tuple[str, ...]
    size: int
    mtime: int
    sha256: str
    report: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """An order failed. again: whether another try may help. full: a disk without space is the reason.

    order: what was ordered (filled in by the crew).
    """

    film: int
    text: str
    code: int
    again: bool
    full: bool = False
    order: Order | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A segment that another worker may make."""

    film: int
    number: int
    start: int
    stop: int
    folder: Path
    task: Path


@dataclass(frozen=True, slots=True)
class Anchors:
    """The colors of an offered segment's anchors are stored."""

    film: int
    number: int


@dataclass(frozen=True, slots=True)
class Made:
    """An offered segment is made. anchors: frames that the generator colored."""

    film: int
    number: int
    anchors: int


@dataclass(frozen=True, slots=True)
class Gone:
    """A worker has ended (its backend says so). reason: how."""

    reason: str


Answer = Looked | Hashed | Colored | Failed | Made
"""What ends an order."""
