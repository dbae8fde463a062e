"""The chroma that a film has already, as its result stores it: sample for sample where both store it alike."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from filmcolor.color.siting import ChromaGrid
from filmcolor.color.ycbcr import chroma_range
from filmcolor.film import Chroma, Plane

Map = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChromaCarrier:
    """Brings chroma from the grid and depth of a film to those of its result; both have one range and matrix."""

    source: ChromaGrid
    target: ChromaGrid
    bits: int
    to_bits: int
    full_range: bool

    def carry(self, chroma: Chroma | None, *, interlaced: bool = False) -> Chroma:
        """Return Cb and Cr on the target grid, code values; None is neutral. interlaced: two fields, kept apart.

        Between grids, linear where samples become more, a triangle over a whole step where they become fewer.
        """
        kind = np.uint8 if self.to_bits == 8 else np.uint16
        if chroma is None:
            neutral = np.full(self.target.shape, 1 << (self.to_bits - 1), kind)
            return neutral, neutral
        if self._alike and self.bits == self.to_bits:
            return chroma
        cb, cr = (self._code(self._moved(plane, interlaced)) for plane in chroma)
        return cb, cr

    @property
    def _alike(self) -> bool:
        return (self.source.step, self.source.offset) == (self.target.step, self.target.offset)

    def _moved(self, plane: Plane, interlaced: bool) -> Map:
        values = plane.astype(np.float32)
        if self._alike:
            return values
        (down, across), (rows, columns) = self.source.step, self.target.shape
        (top, left), (new_down, new_across) = self.source.offset, self.target.step
        new_top, new_left = self.target.offset
        if (top, down) != (new_top, new_down):
            made = np.empty((rows, values.shape[1]), np.float32)
            fields = 2 if interlaced and min(rows, len(values)) > 1 else 1
            for field in range(fields):
                made[field::fields] = _resampled(
                    values[field::fields],
                    (top + down * field, down * fields),
                    (new_top + new_down * field, new_down * fields),
                    len(made[field::fields]),
                )
            values = made
        if (left, across) != (new_left, new_across):
            values = _resampled(values.T, (left, across), (new_left, new_across), columns).T
        return values

    def _code(self, values: Map) -> Plane:
        neutral, extent = chroma_range(self.bits, self.full_range)
        new_neutral, new_extent = chroma_range(self.to_bits, self.full_range)
        code = (values - np.float32(neutral)) * np.float32(new_extent / extent) + np.float32(new_neutral)
        kind = np.uint8 if self.to_bits == 8 else np.uint16
        made: Plane = np.clip(np.rint(code), 0, 2**self.to_bits - 1).astype(kind)
        return made


def _resampled(rows: Map, source: tuple[float, float], target: tuple[float, float], count: int) -> Map:
    """Return `count` rows read from `rows`. source, target: place of the first row, and from one to the next."""
    (first, step), (begin, every) = source, target
    reach = max(step, every)
    places = begin + every * np.arange(count)
    nearest = np.ceil((places - reach - first) / step).astype(np.intp)
    made, total = np.zeros((count, rows.shape[1]), np.float32), np.zeros(count, np.float32)
    for tap in range(int(2 * reach / step) + 1):
        index = nearest + tap
        share = np.maximum(0, 1 - np.abs(first + step * index - places) / reach).astype(np.float32)
        made += share[:, None] * rows[index.clip(0, len(rows) - 1)]
        total += share
    return np.asarray(made / total[:, None], np.float32)
