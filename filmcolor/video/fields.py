"""The two fields of each frame, compared with those of the frame before: what repeats, what was seen at once.

A film frame that was woven into video shows in its fields: in 3:2 a field comes again in the next frame, and
rows of one frame are of two moments. Full height is looked at, at a part of the columns.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from filmcolor.film import Plane

Rows = npt.NDArray[np.uint8]

_COLUMNS = 160
"""Columns that are looked at at most, evenly spread: motion has full height in each."""
_NOISE = 3
"""8-bit code values by which a sample may differ without being another."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A frame compared with the one before it; mean absolute differences in 8-bit code values.

    top, bottom: of its fields from the same fields before, noise left out. own: how far its two fields are from
    lying between each other's rows (the picture's own detail, and motion between them). with_before: the same
    of its top field and the bottom field before; before_with: of the top field before and its bottom field.
    """

    top: float
    bottom: float
    own: float
    with_before: float
    before_with: float


class FieldReader:
    """Takes luma frame by frame, and compares each frame's fields with those of the one before."""

    def __init__(self) -> None:
        self._before: tuple[Rows, Rows, Rows] | None = None

    def push(self, luma: Plane, bits: int) -> Pair | None:
        """Take the next frame, (h, w) code values of `bits` depth; None for the first, or of less than 4 rows."""
        if luma.shape[0] < 4:
            return None
        part = luma[:, :: -(-luma.shape[1] // _COLUMNS)]
        rows = np.ascontiguousarray(part >> (bits - 8) if bits > 8 else part, np.uint8)
        top, bottom = rows[0::2], rows[1::2]
        between = min(len(top) - 1, len(bottom))
        # what lies between the top field's rows, where the bottom field's are
        middle = np.asarray(cv2.addWeighted(top[:between], 0.5, top[1 : between + 1], 0.5, 0), np.uint8)
        before, self._before = self._before, (top, bottom, middle)
        if before is None or before[0].shape != top.shape:
            return None
        return Pair(
            top=_change(top, before[0]),
            bottom=_change(bottom, before[1]),
            own=_distance(middle, bottom[:between]),
            with_before=_distance(middle, before[1][:between]),
            before_with=_distance(before[2], bottom[:between]),
        )


def _distance(one: Rows, other: Rows) -> float:
    return float(cv2.mean(cv2.absdiff(one, other))[0])


def _change(one: Rows, other: Rows) -> float:
    apart = cv2.absdiff(one, other)
    beyond = cv2.subtract(
        apart, np.full_like(apart, _NOISE)
    )  # a number is ambiguous where there are 4 samples
    return float(cv2.mean(beyond)[0])
