"""Where the pixels of a clip go: flow of the true luma, and what it leaves unseen.

Computed once per clip and shared by all that is scored on it: a blurrier result would otherwise get an
easier flow.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Flow = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
METHOD = f"OpenCV {cv2.__version__} DIS, medium"
LEAST_VISIBLE = 0.10
"""Share of pixels that must still be followed for a pair of frames to count as one."""


@dataclass(frozen=True, slots=True)
class Step:
    """From frame `start` to frame `start + lag`: flow (h, w, 2), x then y, pixels; visible (h, w)."""

    start: int
    lag: int
    flow: Flow
    visible: Mask


def follow(image: npt.NDArray[np.float32], flow: Flow) -> npt.NDArray[np.float32]:
    """Return `image` (h, w, c) at x + flow(x), bilinear, edge pixels repeated outside.

    OpenCV rounds places to 1/32 pixel; that is far below the flow's own error.
    """
    h, w = flow.shape[:2]
    y, x = np.mgrid[:h, :w].astype(np.float32)
    out = cv2.remap(
        image, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(out, dtype=np.float32)


def occluded(forward: Flow, backward_there: Flow) -> Mask:
    """Return where forward and backward flow disagree. backward_there: backward flow at x + forward(x).

    Source: Lai et al. 2018, "Learning blind video temporal consistency", after Sundaram et al. 2010.
    """
    gap = ((forward + backward_there) ** 2).sum(axis=-1)
    size = (forward**2).sum(axis=-1) + (backward_there**2).sum(axis=-1)
    return np.asarray(gap > 0.01 * size + 0.5)


def motion_boundary(flow: Flow) -> Mask:
    """Return where the flow changes abruptly, by forward differences. Source: as `occluded`."""
    dx = np.diff(flow, axis=1, append=flow[:, -1:])
    dy = np.diff(flow, axis=0, append=flow[-1:])
    slope = (dx**2).sum(axis=-1) + (dy**2).sum(axis=-1)
    return np.asarray(slope > 0.01 * (flow**2).sum(axis=-1) + 0.002)


def inside(flow: Flow) -> Mask:
    """Return where x + flow(x) lies in the frame (Lai's warp clamps instead; this term is ours)."""
    h, w = flow.shape[:2]
    y, x = np.mgrid[:h, :w].astype(np.float32)
    x, y = x + flow[..., 0], y + flow[..., 1]
    return np.asarray((x >= 0) & (x <= w - 1) & (y >= 0) & (y <= h - 1))


def step_of_flows(start: int, forward: Flow, backward: Flow) -> Step:
    """Return the step from `start` to the next frame, given the flows there and back."""
    hidden = occluded(forward, follow(backward, forward)) | motion_boundary(forward)
    return Step(start, 1, forward, inside(forward) & ~hidden)


def _compose(first: Step, then: Step) -> Step:
    both = np.dstack((then.flow, then.visible.astype(np.float32)))
    there = follow(both, first.flow)  # one look-up for flow and mask
    flow = first.flow + there[..., :2]
    seen = (there[..., 2] > 0.99) & inside(flow)
    return Step(first.start, first.lag + then.lag, flow, first.visible & seen)


@dataclass(frozen=True, slots=True)
class Motion:
    """Steps of a clip by their start; `cuts` are the first frames of new shots."""

    frames: int
    cuts: frozenset[int]
    steps: dict[int, Step]
    chains: tuple[Step, ...] = ()

    def same_shot(self, start: int, stop: int) -> bool:
        """Return whether no cut lies in start < i <= stop."""
        return not any(start < cut <= stop for cut in self.cuts)

    def shots(self) -> Iterator[range]:
        """Yield the frame ranges between cuts."""
        edges = [0, *sorted(self.cuts), self.frames]
        yield from (range(a, b) for a, b in itertools.pairwise(edges) if b > a)


def chain(steps: dict[int, Step], lags: Sequence[int], every: int) -> tuple[Step, ...]:
    """Return composed steps over `lags` frames from each `every`-th start, while enough stays visible."""
    found: list[Step] = []
    for start in sorted(steps)[::every]:
        run = next(i for i in range(len(steps) + 1) if start + i not in steps)  # frames left in the shot
        wanted = [lag for lag in lags if lag <= run]
        at = steps[start]
        while wanted and at.visible.mean() > LEAST_VISIBLE:
            if at.lag in wanted:
                found.append(at)
            if at.lag >= max(wanted):
                break
            at = _compose(at, steps[start + at.lag])
    return tuple(found)


def motion_of(
    luma: Sequence[npt.NDArray[np.uint8]],
    cuts: frozenset[int],
    lags: Sequence[int] = (8, 32, 128),
    every: int = 12,
) -> Motion:
    """Return the motion of a clip. luma: frames (h, w) uint8 of the truth; cuts: see `Motion`."""
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)  # type: ignore[attr-defined]
    steps: dict[int, Step] = {}
    for t, (a, b) in enumerate(itertools.pairwise(luma)):
        if t + 1 not in cuts:
            forward, backward = dis.calc(a, b, None), dis.calc(b, a, None)
            steps[t] = step_of_flows(t, forward, backward)
    return Motion(len(luma), cuts, steps, chain(steps, lags, every))
