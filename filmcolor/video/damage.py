"""Damage of a film, counted and placed in time while it is decoded."""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from filmcolor.errors import InputError

MOST_PLACES = 200
"""Places that are remembered; what comes after is only counted."""
_REORDER = 64
"""Packets that may wait for their picture; H.264 and HEVC hold back 16 at most."""


@dataclass(frozen=True, slots=True)
class Place:
    """One damaged place: seconds on the film's clock (None: unknown), what is wrong there, frames lost."""

    second: Fraction | None
    what: str
    frames: int = 0


@dataclass(slots=True)
class _Waiting:
    """A packet whose picture has not come. doubt: it, or one before it that it may lean on, is damaged."""

    pts: int | None
    second: Fraction | None
    flagged: bool = False
    failed: bool = False
    doubt: bool = False


@dataclass(slots=True)
class Damage:
    """Counts what could not be read of the film at `path`; `strict` makes the first damage an error.

    packets: sent to the decoder so far. discarded: packets that an edit list hides. lost: frames that
    are not there, since their packet is missing or gave no picture. concealed: pictures that are there,
    but only partly read. early: frames before the first picture that can be decoded (a film that begins
    in the middle; no damage). unread: places where the file itself could not be read. cut: the file
    ends before the film does. one_to_one: in the film's codec each packet is a picture, so that a packet
    that gave none, without an error, is a frame lost. places: the first `MOST_PLACES` of them.
    moved: where times begin again (another recording follows), by how many seconds pictures are moved from there on.
    """

    path: Path
    strict: bool = False
    packets: int = 0
    discarded: int = 0
    lost: int = 0
    concealed: int = 0
    early: int = 0
    unread: int = 0
    cut: bool = False
    one_to_one: bool = False
    places: list[Place] = field(default_factory=list)
    moved: list[Fraction] = field(default_factory=list)
    _waiting: list[_Waiting] = field(default_factory=list)
    _begun: bool = False
    _last: int | None = None
    _again: bool = False
    _doubt: bool = False

    @property
    def partial(self) -> bool:
        """Whether frames of the film are missing."""
        return self.lost > 0 or self.cut

    def sent(
        self,
        pts: int | None,
        second: Fraction | None,
        *,
        dts: int | None = None,
        keyframe: bool = False,
        flagged: bool = False,
    ) -> None:
        """Count a packet that goes to the decoder. flagged: the file says that it is damaged."""
        self.packets += 1
        if dts is not None:
            if self._last is not None and dts < self._last:
                # another recording begins: its packets and the last pictures of the one before overlap
                self._waiting, self._again = [], True
            self._last = dts
        if keyframe and not flagged:
            self._doubt = False
        self._doubt = self._doubt or flagged
        self._waiting.append(_Waiting(pts, second, flagged=flagged, doubt=self._doubt))
        if flagged:
            self._fails_strict(second, "is damaged")
        while len(self._waiting) > _REORDER:
            self._give_up(self._waiting.pop(0))

    def failed(self) -> None:
        """Say of the packet sent last that the decoder refused it."""
        if self._waiting:
            packet = self._waiting[-1]
            packet.failed = packet.doubt = self._doubt = True
            self._fails_strict(packet.second, "cannot be decoded")

    def came(self, pts: int | None, second: Fraction | None, *, corrupt: bool) -> None:
        """Count a picture. corrupt: the decoder says that parts of it are filled in."""
        rest = []
        flagged = False
        if self._again and all(packet.pts != pts for packet in self._waiting):
            rest = self._waiting
        else:
            self._again = False
        for packet in self._waiting if not self._again else ():
            if packet.pts is None or pts is None or packet.pts > pts:
                rest.append(packet)
            elif packet.pts == pts:
                flagged = packet.failed or packet.flagged
            else:  # pictures come in order: that one is not coming
                self._give_up(packet)
        if pts is None and rest:
            rest.pop(0)
        self._waiting = rest
        self._begun = True
        if corrupt or flagged:
            self.concealed += 1
            self._note(second, "picture only partly there")
            self._fails_strict(second, "is damaged")

    def unreadable(self) -> None:
        """Count a place where the file itself cannot be read."""
        self.unread += 1
        self._doubt = True
        self._note(None, "file unreadable")
        self._fails_strict(None, "cannot be read")

    def cut_off(self) -> None:
        """Say that the file ends before the film does."""
        self.cut = True
        self._fails_strict(None, "is cut off at its end")

    def ended(self, missing: int = 0) -> None:
        """Say that no packet and no picture follows. missing: frames that the file lists but does not hold."""
        for packet in self._waiting:
            self._give_up(packet)
        self._waiting = []
        if missing:
            self.lost += missing
            self._note(None, "frames at the end are missing", missing)
            self._fails_strict(None, "is cut off at its end")

    def hole(self, second: Fraction, frames: int) -> None:
        """Count frames that are missing behind `second` without a packet that could be blamed."""
        self.lost += frames
        self._note(second, "frames missing", frames)
        self._fails_strict(second, "has a hole")

    def _give_up(self, packet: _Waiting) -> None:
        if packet.failed or (self._begun and (packet.doubt or (self.one_to_one and packet.pts is not None))):
            self.lost += 1
            self._note(packet.second, "frame lost", 1)
        elif not self._begun:
            self.early += 1

    def _note(self, second: Fraction | None, what: str, frames: int = 0) -> None:
        if len(self.places) < MOST_PLACES:
            self.places.append(Place(second, what, frames))

    def _fails_strict(self, second: Fraction | None, what: str) -> None:
        if self.strict:
            where = "" if second is None else f" at {float(second):.3f} s"
            raise InputError(f"{self.path}: the film{where} {what}; run without --strict to color the rest")

    def tell(self, warn: Callable[[str], None]) -> None:
        """Say what was counted, in one line each."""
        name = self.path.name
        if self.cut:
            warn(f"{name}: damaged: the film is cut off; what is there is colored")
        if self.lost:
            warn(
                f"{name}: damaged: {_count(self.lost, 'frame')} {_is(self.lost)} lost{self._first('lost', 'missing')}"
            )
        if self.concealed:
            count = f"{_count(self.concealed, 'picture')} {_is(self.concealed)}"
            warn(f"{name}: damaged: {count} only partly there{self._first('partly')}")
        if self.unread:
            warn(f"{name}: damaged: the file cannot be read in {_count(self.unread, 'place')}")
        if self.early:
            warn(
                f"{name}: begins in the middle: {_count(self.early, 'frame')} before the first whole picture"
                " cannot be decoded"
            )

    def _first(self, *words: str) -> str:
        found = [p.second for p in self.places if any(w in p.what for w in words) and p.second is not None]
        return f", the first at {float(found[0]):.3f} s" if found else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"
