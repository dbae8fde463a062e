"""Is a shot in color already? Where its chroma varies independently of its luma.

Sepia, tinting and toning are chroma as a function of luma, the same everywhere in the picture: fitted and taken off.
A stained or unevenly faded print has more or less of its one tone: what lies along the tone counts a quarter. The
chroma noise of a tape is fine, or differs from frame to frame: averaged over cells, and compared between neighbors.
What is left, the same in two neighboring frames, is color. The thresholds stand by measurement: docs/color_parts.md.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from filmcolor.color.resample import resize

Map = npt.NDArray[np.float32]

SHORT_SIDE = 64
"""Samples across the short side at which frames are looked at, at least; less than twice as many."""
CELLS = 12
"""Cells across the short side that chroma is averaged over."""
LEAST = 0.9
"""Root mean square, in 8-bit code values, of chroma that luma does not explain, from which on a shot is in color."""
_PLACE = 1.5
"""The same of one cell that counts as colored."""
_ALONG = 0.25
"""What chroma along the mean chroma counts, whose more or less is one tone."""
_SHARE = 0.06
"""Share of such cells at least: a station's logo, or captions, do not make a film a color film."""
_KNOTS = 8


class Small(NamedTuple):
    """One frame, small. luma: (h, w) code values of any depth. cb, cr: (h, w), 8-bit code values, neutral 0."""

    luma: Map
    cb: Map
    cr: Map


class Rest(NamedTuple):
    """What luma does not explain of one frame's chroma, in 8-bit code values. mean: of all its Cb and Cr.
    cells: (2, n, m), each cell's mean of what is left.
    """

    mean: tuple[float, float]
    cells: Map


class ColorFound(NamedTuple):
    """strength: of chroma that luma does not explain, RMS in 8-bit code values. share: of cells that have it."""

    strength: float
    share: float

    @property
    def colored(self) -> bool:
        """Whether that is color."""
        return self.strength >= LEAST and self.share >= _SHARE


def find_color(pairs: Sequence[tuple[Small, Small]]) -> ColorFound:
    """Return what color there is in a shot.

    pairs: neighboring frames at several places of the shot, all frames of one shape, their short side about
    `SHORT_SIDE`; where a frame has no neighbor, the frame twice.
    """
    found = []
    for first, second in pairs:
        one = unexplained(first)
        found.append(color_of_both(one, one if second is first else unexplained(second)))
    return verdict(found)


def color_of_both(first: Rest, second: Rest) -> ColorFound:
    """Return what color two neighboring frames have in common; one frame twice: what it may have."""
    one, other = off_tone(first, second)
    power = (one * other).sum(axis=0)
    strength = float(np.sqrt(max(power.mean(), 0.0)))
    return ColorFound(strength, float((power >= _PLACE**2).mean()))


def verdict(places: Sequence[ColorFound]) -> ColorFound:
    """Return the median of what was found at several places of a shot."""
    if not places:
        return ColorFound(0.0, 0.0)
    strength, share = np.median(np.array(places), axis=0)
    return ColorFound(float(strength), float(share))


def off_tone(first: Rest, second: Rest) -> tuple[Map, Map]:
    """Return the chroma (2, n, m) of two frames that no tone explains: along their mean chroma, counted less, and across."""
    a, b = (x + y for x, y in zip(first.mean, second.mean, strict=True))
    length = float(np.hypot(a, b))
    a, b = (a / length, b / length) if length else (1.0, 0.0)
    turn = np.array([[a * _ALONG, b * _ALONG], [-b, a]], np.float32)
    return np.tensordot(turn, first.cells, 1), np.tensordot(turn, second.cells, 1)


def unexplained(frame: Small) -> Rest:
    """Return the chroma that luma does not explain.

    Explained is a piecewise linear function of luma for each of Cb and Cr, and a slope across the picture (a print
    that has faded from one side).
    """
    height, width = frame.luma.shape
    luma = np.asarray(frame.luma, np.float32)
    low, high = np.percentile(luma, (1, 99))
    level = (luma - np.float32(low)) * np.float32((_KNOTS - 1) / max(high - low, 1e-6))
    np.clip(level, 0, _KNOTS - 1, out=level)
    basis = np.empty((_KNOTS + 2, height, width), np.float32)
    for knot in range(_KNOTS):
        np.maximum(0, 1 - np.abs(level - knot), out=basis[knot])
    basis[_KNOTS] = np.linspace(-0.5, 0.5, height, dtype=np.float32)[:, None]
    basis[_KNOTS + 1] = np.linspace(-0.5, 0.5, width, dtype=np.float32)
    tone = _fit(
        basis[:, ::2, ::2].reshape(_KNOTS + 2, -1), np.stack((frame.cb[::2, ::2], frame.cr[::2, ::2]))
    )
    rest = np.stack((frame.cb, frame.cr)) - np.tensordot(tone, basis, 1)
    side = min(height, width) / CELLS
    shape = (height, width) if side <= 1 else (round(height / side), round(width / side))
    cells = np.stack([resize(np.asarray(plane, np.float32), *shape) for plane in rest])
    return Rest((float(frame.cb.mean()), float(frame.cr.mean())), cells)


def _fit(basis: Map, chroma: Map) -> Map:
    """Return the weights (2, k) of the basis (k, n) that explain chroma (2, ...) best, strong outliers left out.

    A small thing of strong color must not pull the tone of all that is as bright.
    """
    rows, wanted = basis.astype(np.float64), chroma.reshape(2, -1).astype(np.float64)
    unseen = 1e-5 * rows.shape[1] * np.eye(len(rows))  # knots that no sample is near
    weights = np.ones(rows.shape[1])
    for again in (True, True, False):
        weighted = rows * weights
        tone = np.linalg.solve(weighted @ rows.T + unseen, weighted @ wanted.T).T
        if again:
            away = np.hypot(*(wanted - tone @ rows))
            weights = 1 / (1 + (away / max(float(np.median(away)), 1.0)) ** 2)
    return np.asarray(tone, np.float32)
