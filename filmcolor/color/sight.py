"""What the network sees of a film: the geometry between its frames and the working picture."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from filmcolor.color.resample import resize
from filmcolor.film import Plane

Map = npt.NDArray[np.float32]
Box = tuple[int, int, int, int]
"""(top, bottom, left, right), half open, in luma samples of the film."""

MULTIPLE = 32
LONGEST = 6
"""Longest side of the working picture in short sides: a film strip of 1 x 1000 must not cost 1000 times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Geometry of one film, made by `choose_sight`.

    height, width: the film's. box: the active picture in it, without bars and borders. rows,
    columns: (rh, rw) of the resized picture, both even, pixels square, as the film lies. turns:
    quarter turns counter-clockwise that set it upright.
    """

    height: int
    width: int
    box: Box
    rows: int
    columns: int
    turns: int

    @property
    def upright(self) -> tuple[int, int]:
        """Size of the resized picture after turning, (down, across)."""
        return (self.columns, self.rows) if self.turns % 2 else (self.rows, self.columns)

    @property
    def network(self) -> tuple[int, int]:
        """(mh, mw): what the network sees, multiples of 32."""
        down, across = self.upright
        return -(-down // MULTIPLE) * MULTIPLE, -(-across // MULTIPLE) * MULTIPLE

    @property
    def _padding(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """(before, after) down and across; `before` is even, so that half the size has it too."""
        pads = [have - need for have, need in zip(self.network, self.upright, strict=True)]
        before = [pad // 4 * 2 for pad in pads]
        return (before[0], pads[0] - before[0]), (before[1], pads[1] - before[1])

    def small(self, luma: Plane) -> Plane:
        """Return the active picture of `luma` (h, w) as code values (rh, rw), as the film lies.

        Area averaging where it shrinks, linear where it grows. Raises ValueError on another shape.
        """
        if luma.shape != (self.height, self.width):
            raise ValueError(f"expected luma of {(self.height, self.width)}, got {luma.shape}")
        top, bottom, left, right = self.box
        active = luma[top:bottom, left:right]
        return resize(active, self.rows, self.columns)  # type: ignore[type-var]  # uint8 or uint16, as it came

    def network_view(self, lightness: Map) -> Map:
        """Return `lightness` (rh, rw) as the network sees it, (mh, mw): upright, padded by reflection."""
        if lightness.shape != (self.rows, self.columns):
            raise ValueError(f"expected {(self.rows, self.columns)}, got {lightness.shape}")
        # numpy reflects as often as needed, which a picture of 2 rows needs (torch and OpenCV refuse)
        return np.pad(np.rot90(lightness, self.turns), self._padding, mode="reflect")

    def film_view(self, ab: Map) -> Map:
        """Return the network's ab (2, mh/2, mw/2), or other maps like it, as the film lies, (2, rh/2, rw/2).

        Padding is cut off. Turning moves a and b, which are no directions in the picture, but does not mix them.
        """
        down, across = self.network
        if ab.ndim != 3 or ab.shape[1:] != (down // 2, across // 2):
            raise ValueError(f"expected maps of {(down // 2, across // 2)}, got {ab.shape}")
        (top, _), (left, _) = self._padding
        height, width = self.upright
        cut = ab[:, top // 2 : (top + height) // 2, left // 2 : (left + width) // 2]
        return np.ascontiguousarray(np.rot90(cut, -self.turns, axes=(1, 2)), np.float32)


def choose_sight(
    width: int, height: int, aspect: Fraction, rotation: int, size: int, active: Box | None = None
) -> Sight:
    """Return the sight of a film of `width` x `height` luma samples.

    aspect: sample aspect ratio. rotation: degrees counter-clockwise by which players turn the
    picture, a multiple of 90. size: short side of the active picture as displayed, in square
    pixels; sides are rounded to even numbers, and a long side above 6 short ones is kept at 6 by
    making the whole smaller. active: the picture without bars; None: all of it.
    Raises ValueError on a rotation, box, size or aspect that cannot be.
    """
    if rotation % 90:
        raise ValueError(f"rotation must be a multiple of 90, instead got {rotation}")
    if min(width, height, size) < 1 or aspect <= 0:
        raise ValueError("width, height, size and aspect must be above 0")
    top, bottom, left, right = active or (0, height, 0, width)
    if not (0 <= top < bottom <= height and 0 <= left < right <= width):
        raise ValueError(f"active box {active} does not lie in {width}x{height}")
    shown_width, shown_height = (right - left) * aspect, Fraction(bottom - top)
    scale = min(
        size / min(shown_width, shown_height),
        LONGEST * size / max(shown_width, shown_height),
    )
    return Sight(
        height=height,
        width=width,
        box=(top, bottom, left, right),
        rows=_even(shown_height * scale),
        columns=_even(shown_width * scale),
        turns=rotation // 90 % 4,
    )


def _even(length: Fraction) -> int:
    return max(2, round(length / 2) * 2)
