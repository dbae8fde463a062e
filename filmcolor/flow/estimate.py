"""Motion between neighboring frames: dense optical flow and how far to trust it.

Flow is DIS (Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016) in OpenCV's
medium preset. Between neighbors it is estimated in both directions on the grid of ab, half the working size, down to
single pixels: what the preset does, which leaves out the finest scale, gives the same flow of the working size (0.01
pixels on 16 pairs of fast clips), and makes its check four times as dear. So fine it needs less of the rest: patches
further apart and fewer steps take two thirds of the time, and the 20 color clips are as steady and as true with it
(docs/steadiness.md, "Flow").
"""

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from filmcolor.flow.compose import Floats, Way, inside, warp

Luma = npt.NDArray[np.uint8]
Half = npt.NDArray[np.float16]

# Forward-backward check of Sundaram et al. (ECCV 2010, eq. 5), as Lai et al. (ECCV 2018) use it:
# |f + b|^2 <= 0.01 (|f|^2 + |b|^2) + 0.5. Ours is soft around that threshold, since confidence is
# multiplied along many frames and a hard one flickers.
_RELATIVE, _ABSOLUTE = 0.01, 0.5
_SOFT = 0.5
# Exposure flicker changes contrast by less than this; more is new content, not flicker.
_LARGEST_GAIN = 1.5
# DIS reads patches of 8x8 on a pyramid: below this many lines there is no flow to find.
_SMALLEST = 16
_MOST_AT_ONCE = 8  # pairs of frames: each holds memory of its own


@dataclass(frozen=True, slots=True)
class Motion:
    """Motion of `t` frames in order, on the grid of ab (h, w), in its pixels.

    forward: (t-1, 2, h, w) from frame i to i + 1, on i's grid; x then y. backward: the same from
    i + 1 to i, on (i + 1)'s grid. forward_confidence, backward_confidence: (t-1, h, w), 0..1.
    luma: (t, h, w) uint8. repeated: (t,), whether a frame is exactly the one before it.
    Flows are float16: a hundredth of a pixel at 16 pixels of motion, and half the memory.
    """

    forward: Half
    backward: Half
    forward_confidence: Half
    backward_confidence: Half
    luma: Luma
    repeated: tuple[bool, ...]

    @property
    def frames(self) -> int:
        """Number of frames."""
        return len(self.luma)

    @property
    def size(self) -> tuple[int, int]:
        """(h, w) of the grid."""
        return self.luma.shape[1], self.luma.shape[2]

    def ahead(self, i: int) -> Way:
        """Return the way from frame i to i + 1."""
        return Way(self.forward[i].astype(np.float32), self.forward_confidence[i].astype(np.float32))

    def back(self, i: int) -> Way:
        """Return the way from frame i to i - 1."""
        return Way(
            self.backward[i - 1].astype(np.float32), self.backward_confidence[i - 1].astype(np.float32)
        )


def estimate_flow(first: Luma, second: Luma, *, fine: bool = False) -> Floats:
    """Return the flow from `first` to `second`, (2, h, w) float32, x then y, in pixels, on first's grid.

    first, second: (h, w) uint8. fine: down to single pixels, with patches further apart and fewer steps than the
    preset has, at nearly three times the cost; else to every second one, enlarged. The same arrays always give the same
    flow; equal arrays give zero, and so do pictures of less than 16 lines or columns. Raises ValueError on unlike
    shapes.
    """
    if first.shape != second.shape or first.ndim != 2:
        raise ValueError(f"expected two lumas of one shape (h, w), got {first.shape} and {second.shape}")
    if min(first.shape) < _SMALLEST or np.array_equal(first, second):
        return np.zeros((2, *first.shape), np.float32)
    # A new object for each pair: its buffers are small, and nothing of another pair can be left in it.
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    if fine:
        dis.setFinestScale(0)
        dis.setPatchStride(4)
        dis.setGradientDescentIterations(16)
        dis.setVariationalRefinementIterations(3)
    flow = dis.calc(np.ascontiguousarray(first), np.ascontiguousarray(second), None)  # type: ignore[call-overload]
    return np.ascontiguousarray(np.moveaxis(np.asarray(flow, np.float32), -1, 0))


def match_exposure(luma: Luma, like: Luma) -> Luma:
    """Return `luma` with the mean and contrast of `like`, so that flicker is not taken for motion."""
    mean, spread, mean_like, spread_like = luma.mean(), luma.std(), like.mean(), like.std()
    gain = float(np.clip((spread_like + 1) / (spread + 1), 1 / _LARGEST_GAIN, _LARGEST_GAIN))
    table = (np.arange(256) - mean) * gain + mean_like
    return np.asarray(cv2.LUT(luma, np.clip(np.rint(table), 0, 255).astype(np.uint8)), np.uint8)


def confidence_of(flow: Floats, other: Floats, pixel: float = 1.0) -> Floats:
    """Return how far a flow may be trusted, (h, w), 0..1.

    flow: (2, h, w) from a to b, on a's grid; other: from b to a, on b's grid. pixel: width of the grid's pixels in
    those of the working size. Full where going there and back ends within half of the threshold of Sundaram et al.,
    none beyond one and a half of it or outside of the frame, linear between.
    """
    back = warp(other, flow)
    error = np.square(flow + back).sum(0)
    threshold = _RELATIVE * (np.square(flow).sum(0) + np.square(back).sum(0)) + _ABSOLUTE / pixel**2
    soft = np.clip(((1 + _SOFT) - error / threshold) / (2 * _SOFT), 0, 1)
    return np.asarray(soft * inside(flow), np.float32)


def estimate_motion(lumas: Sequence[Luma]) -> Motion:
    """Return the motion of the frames of a piece: each pair by itself, as many at once as cv2 may use threads.

    lumas: (rh, rw) uint8 at working size. Motion is stored on the grid of ab, half of that. Raises ValueError without a
    frame, or on frames of unlike sizes.
    """
    if not lumas:
        raise ValueError("no frame, no motion")
    shape = lumas[0].shape
    for luma in lumas:
        if luma.shape != shape:
            raise ValueError(f"expected luma of {shape}, got {luma.shape}")
    h, w = (shape[0] + 1) // 2, (shape[1] + 1) // 2
    repeated = [np.array_equal(first, second) for first, second in itertools.pairwise(lumas)]
    small = [np.asarray(cv2.resize(luma, (w, h), interpolation=cv2.INTER_AREA), np.uint8) for luma in lumas]

    def between(i: int) -> tuple[Half, Half, Half, Half]:
        return _still((h, w)) if repeated[i] else _between(small[i], small[i + 1])

    with ThreadPoolExecutor(max(1, min(_MOST_AT_ONCE, cv2.getNumThreads())), "flow") as pool:
        flows = list(pool.map(between, range(len(repeated))))
    shapes = ((0, 2, h, w), (0, 2, h, w), (0, h, w), (0, h, w))
    parts = zip(*flows) if flows else [[]] * 4
    stacks = [np.stack(p) if p else np.empty(s, np.float16) for p, s in zip(map(tuple, parts), shapes)]
    forward, backward, ahead, back = stacks
    return Motion(forward, backward, ahead, back, np.stack(small), (False, *repeated))


def _between(first: Luma, second: Luma) -> tuple[Half, Half, Half, Half]:
    second = match_exposure(second, first)
    forward, backward = estimate_flow(first, second, fine=True), estimate_flow(second, first, fine=True)
    ahead, back = confidence_of(forward, backward, 2.0), confidence_of(backward, forward, 2.0)
    return _half(forward), _half(backward), _half(ahead), _half(back)


def _still(grid: tuple[int, int]) -> tuple[Half, Half, Half, Half]:
    flow, sure = np.zeros((2, *grid), np.float16), np.ones(grid, np.float16)
    return flow, flow, sure, sure


def _half(plane: Floats) -> Half:
    return plane.astype(np.float16)
