"""Ways: dense flow chained from frame to frame, with the confidence that is left of it.

A way leads from every pixel of one frame to its place in another. Ways are chained, not pictures:
color is sampled once, however many frames lie between. All arrays are channel-first float32.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

# A step of less than this many pixels is no motion: a still frame must be sampled at its own pixels.
_NO_MOTION = 1e-6


@dataclass(frozen=True, slots=True)
class Way:
    """From each pixel of one frame to its place in another.

    flow: (2, h, w) x then y, in pixels of the grid. confidence: (h, w), 0..1.
    """

    flow: Floats
    confidence: Floats


def standing(height: int, width: int) -> Way:
    """Return the way from a frame to itself: no motion, full confidence."""
    return Way(np.zeros((2, height, width), np.float32), np.ones((height, width), np.float32))


@lru_cache(maxsize=4)
def _pixels(height: int, width: int) -> tuple[Floats, Floats]:
    y, x = np.mgrid[:height, :width].astype(np.float32)
    x.flags.writeable = y.flags.writeable = False
    return x, y


def _sample(picture: npt.NDArray[Any], flow: Floats) -> npt.NDArray[Any]:
    """Sample (h, w) or (h, w, c) where the flow points to; pixels outside have the border's value."""
    x, y = _pixels(*flow.shape[1:])
    return cv2.remap(picture, x + flow[0], y + flow[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def warp(values: Floats, flow: Floats) -> Floats:
    """Bring values of the frame that a flow leads to onto the grid of the frame it starts from.

    values: (c, h, w), up to four channels. flow: (2, h, w). Returns (c, h, w), bilinear; outside of
    the frame the border's value goes on. A flow of zero returns the very same values.
    """
    if not np.any(np.abs(flow) > _NO_MOTION):
        return values.copy()
    out = _sample(np.ascontiguousarray(np.moveaxis(values, 0, -1)), flow)
    return np.ascontiguousarray(np.moveaxis(out.reshape(*values.shape[1:], -1), -1, 0))


def inside(flow: Floats) -> npt.NDArray[np.bool_]:
    """Return (h, w): which pixels the flow (2, h, w) leaves within the frame."""
    height, width = flow.shape[1:]
    x, y = _pixels(height, width)
    x, y = x + flow[0], y + flow[1]
    # Half a pixel of play: flow at the border is noisy, and the border's value goes on there.
    within: npt.NDArray[np.bool_] = (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
    return within


def chain(first: Way, second: Way) -> Way:
    """Return the way of `first` (t to s) followed by `second` (s to r), on t's grid.

    Confidence is the product of both; what leaves the frame has none.
    """
    if not np.any(np.abs(first.flow) > _NO_MOTION):
        return Way(first.flow + second.flow, first.confidence * second.confidence)
    packed = np.dstack((second.flow[0], second.flow[1], second.confidence))
    there = _sample(packed, first.flow)
    flow = first.flow + np.moveaxis(there[..., :2], -1, 0)
    return Way(np.ascontiguousarray(flow), first.confidence * there[..., 2] * inside(flow))
