"""Which frames of a shot are in color already: one verdict a shot, and a new shot where color comes or goes within it."""

from collections.abc import Iterator, Sequence

import numpy as np

from filmcolor.color.colored import (
    LEAST,
    SHORT_SIDE,
    ColorFound,
    Rest,
    Small,
    color_of_both,
    off_tone,
    unexplained,
    verdict,
)
from filmcolor.color.resample import resize
from filmcolor.color.sight import Sight
from filmcolor.film import Chroma, Plane

Run = tuple[int, bool]
"""How many frames, and whether they are in color."""

_PLACES = 5
"""Places of a piece that are looked at."""
_CLEAR = 2.0
"""Factor on what makes color, up and down, beyond which one frame alone can say that color comes or goes."""
_LIT, _DEEP = 0.25, 0.1
"""Of full scale: what the lightest places reach, and their distance from the darkest, where gray can be told."""


def shrink_chroma(chroma: Chroma, sight: Sight) -> Chroma:
    """Return the active picture's Cb and Cr, code values, at the size at which color is looked for.

    The mean of whole samples where the size allows it, which is ten times faster.
    """
    top, bottom, left, right = sight.box
    height, width = chroma[0].shape
    down = slice(top * height // sight.height, -(-bottom * height // sight.height))
    across = slice(left * width // sight.width, -(-right * width // sight.width))

    def shrunk(plane: Plane) -> Plane:
        part = plane[down, across]
        step = max(1, min(part.shape) // SHORT_SIDE)
        rows, columns = (max(1, round(side / step)) for side in part.shape)
        return resize(part, rows, columns)  # type: ignore[type-var]

    return shrunk(chroma[0]), shrunk(chroma[1])


def color_runs(
    small: Sequence[Plane],
    chroma: Sequence[Chroma | None],
    bits: int,
    before: bool | None,
    *,
    lead: bool = False,
    trail: bool = False,
) -> list[Run]:
    """Return in what runs the frames of a piece are in color: one run, or two where color comes or goes in it.

    small: luma of each frame, code values. chroma: of each, from `shrink_chroma`, or None where it is neutral.
    before: what was said of the piece before, where it is of the same shot; it holds until color clearly comes
    or goes. lead, trail: the first, the last of the frames is the piece's neighbor in the same shot, none of it.
    """
    count = len(chroma) - lead - trail
    if not before and all(planes is None for planes in chroma):
        return [(count, False)]
    look = _Look(small, chroma, bits, -lead)
    places = sorted({round(float(x)) for x in np.linspace(0, max(count - 2, 0), _PLACES)})
    found = [look.at(i) for i in places]
    said = [(i, clear) for i in sorted({*places, count - 1}) if (clear := look.clear(i)) is not None]
    first, last = (said[0][1], said[-1][1]) if said else (before, before)
    turns = [k for k in range(1, len(said)) if said[k][1] != said[k - 1][1]]
    if before is None:
        whole = verdict(found).colored
    else:
        whole = before if len(turns) != 0 or first == before else bool(first)
    if len(turns) != 1 or first is None or last is None:
        return [(count, whole)]
    stop = look.turn(said[turns[0] - 1][0], said[turns[0]][0], last)
    return [(stop, first), (count - stop, last)]


class _Look:
    """Looks at frames of one piece, from number 0 on, and of its neighbors. first: number of the first one, 0 or -1."""

    def __init__(
        self, small: Sequence[Plane], chroma: Sequence[Chroma | None], bits: int, first: int
    ) -> None:
        self._small, self._chroma, self._bits, self._first = small, chroma, bits, first
        self._rests: dict[int, Rest] = {}

    def at(self, i: int) -> ColorFound:
        """Return what a frame has in common with the next; the one before, or itself, where there is none."""
        return self._common(i, next(self._beside(i), i))

    def clear(self, i: int) -> bool | None:
        """Return whether a frame is in color beyond doubt, or gray; None where it may be either.

        It is in color where one of its neighbors is, too: the other may lie behind a change.
        """
        found = []
        for j in self._beside(i):
            if not self._across(i, j):
                found.append(self._common(i, j))
                if _sure(found[-1]):
                    return True
        if any(each.strength > LEAST / _CLEAR for each in found):
            return None
        if _sure(self._common(i, i)):
            return None if found else True  # as much in a neighbor is noise, or color that has moved
        top = float(1 << self._bits)
        dark, light = np.percentile(self._small[i - self._first], (5, 95)) / top
        return False if light >= _LIT and light - dark >= _DEEP else None

    def turn(self, known: int, other: int, colored: bool) -> int:
        """Return the first frame behind `known`, up to `other`, that is `colored` as `other` is and `known` is not."""
        low, high = known, other
        while high - low > 1:
            middle = (low + high) // 2
            # a pair across the change has nothing in common: ask both
            if any(self._together(middle, j) for j in self._beside(middle)) == colored:
                high = middle
            else:
                low = middle
        return high

    def _beside(self, i: int) -> Iterator[int]:
        return (j for j in (i + 1, i - 1) if self._first <= j < self._first + len(self._chroma))

    def _across(self, i: int, other: int) -> bool:
        """Return whether color comes or goes between two neighbors: one has much more of it, and none in common."""
        less, more = sorted(self._common(j, j).strength for j in (i, other))
        return more >= _CLEAR * max(less, LEAST / _CLEAR) and not self._together(i, other)

    def _common(self, i: int, other: int) -> ColorFound:
        one, two = self._rest(i), self._rest(other)
        return ColorFound(0.0, 0.0) if one is None or two is None else color_of_both(one, two)

    def _together(self, i: int, other: int) -> bool:
        """Return whether two neighbors are both in color: noise has a little in common with any color."""
        first, second = self._rest(i), self._rest(other)
        if first is None or second is None:
            return False
        one, two = off_tone(first, second)
        power, own = float((one * two).mean()), max(float((one**2).mean()), float((two**2).mean()))
        return 2 * power >= LEAST**2 and power >= own / 4

    def _rest(self, i: int) -> Rest | None:
        planes = self._chroma[i - self._first]
        if planes is None:
            return None
        if i not in self._rests:
            unit = np.float32(1 / (1 << (self._bits - 8)))
            cb, cr = (plane.astype(np.float32) * unit - np.float32(128) for plane in planes)
            luma = resize(self._small[i - self._first].astype(np.float32), *cb.shape)
            self._rests[i] = unexplained(Small(luma, cb, cr))
        return self._rests[i]


def _sure(found: ColorFound) -> bool:
    return found.colored and found.strength >= _CLEAR * LEAST
