"""Film under video: 3:2 pulldown woven into the frames, frames that come twice, fields of two moments.

What is said stands on the fields of neighboring frames (`video/fields.py`). Where nothing moves, nothing can
be said. Windows of a second are judged each on its own, since a cut on video breaks the rhythm.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from filmcolor.film import FilmInfo, Frame
from filmcolor.video.fields import FieldReader, Pair

Rhythm = Literal["3:2", "2:3:3:2"]
Content = Literal["progressive", "interlaced", "mixed", "unknown"]

FILM_SHARE = Fraction(4, 5)
"""Frames of film for a frame of video, where it was woven in."""
WINDOW = 30
"""Pairs of frames that are judged together: six rounds of 3:2."""
_SHORTEST = 10
_SURE = 20  # pairs that tell, before content is named
_MOVES = 0.1  # change of a field, in code values, from which on it is motion
_REPEATS = 0.4  # change of the field that comes again at most, in parts of the other's
_HITS, _FALSE = 0.75, 0.4  # of the places where a field must come again, and of those where it must not
_LEAST_HITS = 4
_TWICE = 0.15  # change of a frame that comes again, in parts of what moves around it
_REACH = 3
_REGULAR = 0.8  # of the distances between frames that come again, within two neighboring numbers
_LEAST_TWICE = 5
_OFTEN = Fraction(
    9, 5
)  # frames from one that comes again to the next, at least; less is a slow film full of cuts
# Two fields of one moment fit each other better than those of two frames, by this share of what motion costs;
# two of different moments fit as badly as those half a frame apart the other way.
_ONE_MOMENT, _TWO_MOMENTS = 0.8, 0.5
_WOVEN = 0.05  # the cost of motion in parts of the picture's detail, from which on it can be read
_MOST_SHARE, _SOME_SHARE = 0.5, 0.1
_PATTERNS: tuple[tuple[Rhythm, int], ...] = (("3:2", 2), ("2:3:3:2", 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulldown:
    """Film frames woven into video, five frames of video for four of film.

    share: of the moving windows in which the rhythm was found. first, last: PTS between which they lie.
    """

    rhythm: Rhythm
    share: float
    first: int
    last: int

    @property
    def whole(self) -> bool:
        """Whether most of the film has it."""
        return self.share >= _MOST_SHARE


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """Frames that come again whole, in a regular beat. every: frames from one to the next, on average."""

    count: int
    every: Fraction
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFindings:
    """What the fields of a film say. flagged: frames that say that they hold two fields.

    content: what the picture itself shows where something moves; top_first: of interlaced content. moving:
    pairs of frames in which something moves.
    """

    frames: int
    flagged: int
    content: Content
    top_first: bool
    moving: int
    pulldown: Pulldown | None
    repeats: Repeats | None

    def warnings(self, info: FilmInfo) -> Iterator[str]:
        """Yield what is to be known before the film is colored, in one line each; mostly nothing."""
        name = info.path.name
        if self.pulldown is not None:
            rates = ""
            if info.rate:
                rates = f" at {_number(info.rate * FILM_SHARE)} frames a second in {_number(info.rate)}"
            where = ""
            if not self.pulldown.whole:
                first, last = (
                    float(pts * info.time_base) for pts in (self.pulldown.first, self.pulldown.last)
                )
                where = f", between {first:.1f} s and {last:.1f} s"
            yield (
                f"{name}: film{rates}: {self.pulldown.rhythm} (hard telecine{where}); "
                "consider inverse telecine first"
            )
        elif self.content == "interlaced" and not self.flagged:
            order = "top" if self.top_first else "bottom"
            yield (
                f"{name}: each frame seems to hold two fields ({order} field first), but is not flagged interlaced: "
                "color is made as for whole frames; flag it first"
            )


class FieldWatch:
    """Takes the frames of a film in order; memory is flat."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._reader = FieldReader()
        self._frames = self._flagged = self._moving = 0
        self._window: list[Pair] = []
        self._begin = 0
        self._end = 0
        self._windows = 0
        self._found: Counter[Rhythm] = Counter()
        self._span: dict[Rhythm, tuple[int, int]] = {}
        self._votes: Counter[str] = Counter()
        self._beat = _Beat()

    def see(self, frame: Frame) -> None:
        """Take the next frame."""
        self._frames += 1
        self._flagged += frame.interlaced
        pair = self._reader.push(frame.luma, self._bits)
        if pair is not None:
            if not self._window:
                self._begin = self._end
            self._window.append(pair)
            self._moving += max(pair.top, pair.bottom) >= _MOVES
            self._beat.see(max(pair.top, pair.bottom), frame.pts)
        self._end = frame.pts
        if len(self._window) >= WINDOW:
            self._judge()

    def through(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Pass frames on, each looked at."""
        for frame in frames:
            self.see(frame)
            yield frame

    def found(self) -> FieldFindings:
        """Return what was found in all frames so far."""
        if len(self._window) >= _SHORTEST or not self._windows:
            self._judge()
        rhythm, count = max(self._found.items(), key=lambda item: item[1], default=(None, 0))
        share = count / self._windows if self._windows else 0.0
        pulldown = None
        if rhythm is not None and share >= _SOME_SHARE:
            first, last = self._span[rhythm]
            pulldown = Pulldown(rhythm=rhythm, share=share, first=first, last=last)
        votes = self._votes
        return FieldFindings(
            frames=self._frames,
            flagged=self._flagged,
            content=_content(votes),
            top_first=votes["top first"] >= votes["bottom first"],
            moving=self._moving,
            pulldown=pulldown,
            repeats=self._beat.found(),
        )

    def _judge(self) -> None:
        window, self._window = self._window, []
        marks = [_mark(pair) for pair in window]
        if sum(mark != "still" for mark in marks) < min(_SHORTEST, len(marks)):
            self._vote(window)
            return
        self._windows += 1
        for rhythm, apart in _PATTERNS:
            if _fits(marks, apart):
                self._found[rhythm] += 1
                first, _ = self._span.get(rhythm, (self._begin, 0))
                self._span[rhythm] = first, self._end
                return
        self._vote(window)

    def _vote(self, window: list[Pair]) -> None:
        for pair in window:
            moment = _moment(pair)
            if moment is not None:
                self._votes[moment] += 1


def _number(rate: Fraction) -> str:
    return f"{float(rate):.3f}".rstrip("0").rstrip(".")


def _mark(pair: Pair) -> str:
    """Return which field of a frame is that of the frame before: top, bottom, none, or still (nothing moves)."""
    if max(pair.top, pair.bottom) < _MOVES:
        return "still"
    if pair.top < _REPEATS * pair.bottom:
        return "top"
    return "bottom" if pair.bottom < _REPEATS * pair.top else "none"


def _fits(marks: list[str], apart: int) -> bool:
    """Whether one field comes again every five frames, and the other so many frames behind it, and no more."""
    for shift in range(5):
        for first, second in (("top", "bottom"), ("bottom", "top")):
            wanted = {shift: first, (shift + apart) % 5: second}
            moving = [(index, mark) for index, mark in enumerate(marks) if mark != "still"]
            due = [(mark, wanted[index % 5]) for index, mark in moving if index % 5 in wanted]
            others = [mark for index, mark in moving if index % 5 not in wanted]
            hits = [mark for mark, want in due if mark == want]
            if len(hits) < _LEAST_HITS or len(set(hits)) < 2:
                continue
            odd = sum(mark != "none" for mark in others)
            if len(hits) >= _HITS * len(due) and odd <= _FALSE * max(1, len(others)):
                return True
    return False


def _moment(pair: Pair) -> str | None:
    """Return whether a frame's two fields are of one moment, or which of them came first."""
    ahead, back = pair.before_with - pair.own, pair.with_before - pair.own
    cost = max(ahead, back)
    if cost < _WOVEN * pair.own or cost < _MOVES:
        return None
    if min(ahead, back) > _ONE_MOMENT * cost:
        return "one moment"
    if min(ahead, back) > _TWO_MOMENTS * cost:
        return None
    return "top first" if ahead > back else "bottom first"


def _content(votes: Counter[str]) -> Content:
    two = votes["top first"] + votes["bottom first"]
    total = two + votes["one moment"]
    if total < _SURE:
        return "unknown"
    share = two / total
    if share < 0.1:
        return "progressive"
    return "interlaced" if share > 0.6 else "mixed"


class _Beat:
    """Finds frames that come again whole, and whether they come in a regular beat."""

    def __init__(self) -> None:
        self._near: deque[tuple[float, int]] = deque(maxlen=2 * _REACH + 1)
        self._since: int | None = None
        self._count = 0
        self._gaps: Counter[int] = Counter()
        self._first = self._last = 0

    def see(self, change: float, pts: int) -> None:
        """Take how much a frame differs from the one before."""
        self._near.append((change, pts))
        if len(self._near) < 2 * _REACH + 1:
            return
        middle, at = self._near[_REACH]
        around = sorted(value for index, (value, _) in enumerate(self._near) if index != _REACH)
        lively = around[-2]  # a cut is the one largest
        if lively < _MOVES:
            self._since = None  # nothing moves: frames that come again cannot be told
            return
        if self._since is not None:
            self._since += 1
        if middle >= _TWICE * lively:
            return
        if self._since is not None:
            self._gaps[self._since] += 1
        if not self._count:
            self._first = at
        self._count, self._last, self._since = self._count + 1, at, 0

    def found(self) -> Repeats | None:
        """Return the beat, or None without one."""
        total = sum(self._gaps.values())
        if total < _LEAST_TWICE:
            return None
        best = max(self._gaps, key=lambda gap: self._gaps[gap] + self._gaps[gap + 1])
        near = {gap: self._gaps[gap] for gap in (best, best + 1)}
        count = sum(near.values())
        if count < _REGULAR * total:
            return None
        every = Fraction(sum(gap * n for gap, n in near.items()), count)
        if every < _OFTEN:
            return None
        return Repeats(count=self._count, every=every, first=self._first, last=self._last)
