"""Color for places that no anchor has seen: that of places of the same lightness nearby."""

import cv2
import numpy as np

from filmcolor.flow.compose import Floats
from filmcolor.flow.estimate import Luma
from filmcolor.flow.merge import restored, with_chroma

_BINS = 9
_CELL = 8
_SCALE = (_BINS - 1) / 255


def fill_from_around(ab: Floats, known: Floats, luma: Luma) -> tuple[Floats, Floats]:
    """Return ab (2, h, w) as places of like luma nearby have it, and how much was found there (h, w), 0..1.

    ab: (2, h, w). known: (h, w), 0..1, how far each pixel's color is known. luma: (h, w) uint8.
    A bilateral grid (Chen, Paris and Durand, SIGGRAPH 2007) of 8x8 pixels by 32 code values.
    """
    h, w = known.shape
    out, share = np.zeros((4, h, w), np.float32), np.zeros((h, w), np.float32)
    holes = np.nonzero(known < 1)
    if not len(holes[0]):
        return ab.copy(), share
    packed = np.moveaxis(np.concatenate((with_chroma(ab) * known, known[None])), 0, -1)
    # Half of the lines are enough: the grid is four times coarser still.
    half = (max(1, w // 2), max(1, h // 2))
    packed = cv2.resize(packed, half, interpolation=cv2.INTER_AREA)
    level = cv2.resize(luma, half, interpolation=cv2.INTER_AREA).astype(np.float32) * _SCALE
    cells = (max(1, -(-w // _CELL)), max(1, -(-h // _CELL)))
    grid = np.empty((_BINS, half[1], half[0], 4), np.float32)
    for k in range(_BINS):
        hat = np.clip(1 - np.abs(level - k), 0, 1)
        coarse = cv2.resize(packed * hat[..., None], cells, interpolation=cv2.INTER_AREA)
        coarse = cv2.GaussianBlur(coarse, (0, 0), 1.0, borderType=cv2.BORDER_REPLICATE)
        grid[k] = cv2.resize(coarse, half, interpolation=cv2.INTER_LINEAR)
    y, x = np.minimum(holes[0] // 2, half[1] - 1), np.minimum(holes[1] // 2, half[0] - 1)
    place = luma[holes].astype(np.float32) * _SCALE
    low = np.minimum(place.astype(np.intp), _BINS - 2)
    part = (place - low)[:, None]
    found = (1 - part) * grid[low, y, x] + part * grid[low + 1, y, x]
    weight = found[:, 3]
    out[:, holes[0], holes[1]] = (found / np.maximum(weight, 1e-4)[:, None]).T
    share[holes] = np.clip(weight * 20, 0, 1)
    return restored(out[:3]), share
