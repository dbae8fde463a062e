"""Which frames of a shot are in color already: one verdict a shot, and a new shot where color comes or goes within it."""

from collections.abc import Sequence

import numpy as np

from filmcolor.color.colored import LEAST, SHORT_SIDE, ColorFound, Small, find_color, off_tone, verdict
from filmcolor.color.resample import resize
from filmcolor.color.sight import Sight
from filmcolor.film import Chroma, Plane

Run = tuple[int, bool]
"""How many frames, and whether they are in color."""

_PLACES = 5
"""Places of a piece that are looked at."""
_CLEAR = 2.0
"""Factor on what makes color, up and down, beyond which one place alone can say that color comes or goes."""
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
    small: Sequence[Plane], chroma: Sequence[Chroma | None], bits: int, before: bool | None
) -> list[Run]:
    """Return in what runs the frames of a piece are in color: one run, or two where color comes or goes in it.

    small: luma of each frame (more are not looked at), code values. chroma: of each, from `shrink_chroma`, or
    None where it is neutral. before: what was said of the piece before, where it is of the same shot; it holds
    until color clearly comes or goes.
    """
    count = len(chroma)
    if not before and all(planes is None for planes in chroma):
        return [(count, False)]
    look = _Look(small, chroma, bits)
    places = sorted({round(float(x)) for x in np.linspace(0, max(count - 2, 0), _PLACES)})
    found = [look.at(i, min(i + 1, count - 1)) for i in places]
    said = [(i, clear) for i, each in zip(places, found) if (clear := look.clear(i, each)) is not None]
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
    """Looks at frames of one piece."""

    def __init__(self, small: Sequence[Plane], chroma: Sequence[Chroma | None], bits: int) -> None:
        self._small, self._chroma, self._bits = small, chroma, bits

    def at(self, i: int, other: int) -> ColorFound:
        """Return what two neighbors have in common."""
        if self._chroma[i] is None or self._chroma[other] is None:
            return ColorFound(0.0, 0.0)
        one = self._frame(i)
        return find_color([(one, one if i == other else self._frame(other))])

    def clear(self, i: int, found: ColorFound) -> bool | None:
        """Return whether a place is in color beyond doubt, or gray; None where it may be either."""
        if found.colored and found.strength >= _CLEAR * LEAST:
            return True
        top = float(1 << self._bits)
        dark, light = np.percentile(self._small[i], (5, 95)) / top
        told = light >= _LIT and light - dark >= _DEEP
        return False if told and found.strength <= LEAST / _CLEAR else None

    def turn(self, known: int, other: int, colored: bool) -> int:
        """Return the first frame behind `known`, up to `other`, that is `colored` as `other` is and `known` is not."""
        low, high = known, other
        while high - low > 1:
            middle = (low + high) // 2
            # a pair across the change has nothing in common: ask the side that is in color
            pair = (middle, middle + 1) if colored else (middle - 1, middle)
            if self._together(*pair) == colored:
                high = middle
            else:
                low = middle
        return high

    def _together(self, i: int, other: int) -> bool:
        """Return whether two neighbors are both in color: noise has a little in common with any color."""
        if self._chroma[i] is None or self._chroma[other] is None:
            return False
        one, two = off_tone(self._frame(i), self._frame(other))
        power, own = float((one * two).mean()), max(float((one**2).mean()), float((two**2).mean()))
        return 2 * power >= LEAST**2 and power >= own / 4

    def _frame(self, i: int) -> Small:
        planes = self._chroma[i]
        assert planes is not None
        unit = np.float32(1 / (1 << (self._bits - 8)))
        cb, cr = (plane.astype(np.float32) * unit - np.float32(128) for plane in planes)
        luma = resize(self._small[i].astype(np.float32), *cb.shape)
        return Small(luma, cb, cr)
