"""Letterbox and pillar bars, and the plain margins of a scan: where the picture really is."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from filmcolor.color.ycbcr import luma_range
from filmcolor.film import Plane

BLACK = 0.08  # Y' of a bar at most; a scan's frame line is not quite black
WHITE = 0.92  # Y' of a photograph's margin at least
PLAIN = 0.02  # spread of Y' along and across a bar, and over the frames
SMALLEST = 0.01  # of the side: thinner lines are left to the picture
LARGEST = 0.35  # of the side, each bar; a black half is a night shot, no bar
LIT = 0.15  # Y' that some of the picture must reach, or the frames say nothing (a fade)


def active_box(
    pictures: Sequence[Plane], height: int, width: int, bits: int, full_range: bool
) -> tuple[int, int, int, int] | None:
    """Return (top, bottom, left, right) of the picture without bars, half open, or None without bars.

    pictures: luma of one or several frames at one size, small or full, code values. height,
    width: the film's luma, in which the answer is given. A bar is a run of rows or columns at an
    edge that is black and plain in all frames; a white margin must be on all four sides. Doubt
    (dark frames, a bar of more than 35 %) means no bar: color in a bar is a smaller harm than gray
    in the picture. Raises ValueError without a picture.
    """
    if not pictures:
        raise ValueError("expected at least one picture")
    black, span = luma_range(bits, full_range)
    stack = (np.stack(pictures).astype(np.float32) - np.float32(black)) / np.float32(span)
    rows, columns = _bars(stack, dark=True), _bars(stack.transpose(0, 2, 1), dark=True)
    if not any((*rows, *columns)):
        rows, columns = _bars(stack, dark=False), _bars(stack.transpose(0, 2, 1), dark=False)
        if not all((*rows, *columns)):
            return None
    down, across = stack.shape[1], stack.shape[2]
    inner = stack[:, rows[0] : down - rows[1], columns[0] : across - columns[1]]
    if np.percentile(inner, 95) < LIT:
        return None
    # a sample that is partly picture belongs to the picture
    return (
        rows[0] * height // down,
        height - rows[1] * height // down,
        columns[0] * width // across,
        width - columns[1] * width // across,
    )


def _bars(stack: npt.NDArray[np.float32], *, dark: bool) -> tuple[int, int]:
    """Return how many rows of (t, h, w) at the start and at the end are bar."""
    height = stack.shape[1]
    low, high = stack.min(axis=(0, 2)), stack.max(axis=(0, 2))
    plain = stack.std(axis=(0, 2)) <= PLAIN
    bar = plain & ((high <= BLACK) if dark else (low >= WHITE))
    counts = []
    for side in (bar, bar[::-1]):
        count = height if side.all() else int(np.argmin(side))
        kept = SMALLEST * height <= count <= LARGEST * height
        counts.append(count if kept else 0)
    return counts[0], counts[1]
