"""Color rides on motion: from the anchor frames of a piece to every frame.

Each frame takes its color from the anchor before and the anchor behind along composed flows, so that
color is sampled once, and blends them by confidence and by distance in time.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from filmcolor.flow.agree import agree, smooth
from filmcolor.flow.choose import choose_anchors
from filmcolor.flow.compose import Floats, Way, chain, warp
from filmcolor.flow.estimate import Motion
from filmcolor.flow.fill import fill_from_around
from filmcolor.flow.merge import restored, with_chroma
from filmcolor.flow.trust import trusted

__all__ = ["Fill", "agree", "choose_anchors", "smooth", "spread"]

# Given the frame's number, its ab (2, h, w) so far and how far that is known (h, w), 0..1: better ab.
Fill = Callable[[int, Floats, Floats], Floats]

# Where neither anchor is trusted, the nearer in time has this much say against a full confidence of 1.
_LEAST = 0.02
# Confidence of the better side from which on nothing is filled in, and how far a hole is filled at most: what
# the nearer anchor guesses there is steadier in time, what is found around fits the place (measured).
_KNOWN, _FILLED = 0.35, 0.7
# Share of a frame that may be unknown without the work of filling it.
_NO_HOLE = 0.002


def spread(
    ab: Floats, anchors: Sequence[int], motion: Motion, frames: int | None = None, fill: Fill | None = None
) -> Iterator[Floats]:
    """Yield ab (2, h, w) of the first `frames` frames of `motion` (default: all), in order.

    ab: (k, 2, h, w) Lab units of the anchors. anchors: their frames, rising. An anchor frame gets exactly
    its own color, and so do exact repetitions of it. Frames before the first or behind the last anchor
    have one side only. fill: completes what neither side saw; without it, color comes from pixels of like
    luma nearby. Raises ValueError without anchors, or where ab is not theirs.
    """
    if not anchors or len(ab) != len(anchors):
        raise ValueError(f"expected ab of {len(anchors)} anchors, at least one, got {len(ab)}")
    frames = motion.frames if frames is None else frames
    for number, (first, second) in enumerate(zip([None, *anchors], [*anchors, None])):
        before = None if first is None else ab[number - 1]
        behind = None if second is None else ab[number]
        start = 0 if first is None else first
        stop = min(frames, motion.frames if second is None else second)
        yield from _gap(before, behind, start, stop, second, motion, fill)


def _gap(
    before: Floats | None,
    behind: Floats | None,
    start: int,
    stop: int,
    second: int | None,
    motion: Motion,
    fill: Fill | None,
) -> Iterator[Floats]:
    """Yield `start <= t < stop`: `before` is of frame `start`, `behind` of frame `second`."""
    ahead: dict[int, Way] = {}
    if second is not None:
        for t in reversed(range(start, second)):
            step = motion.ahead(t)
            ahead[t] = chain(step, ahead[t + 1]) if t + 1 in ahead else step
    back: Way | None = None
    moved = np.cumsum([not r for r in motion.repeated[start + 1 : (stop if second is None else second) + 1]])
    out: Floats | None = None
    for t in range(start, stop):
        if t > start:
            back = motion.back(t) if back is None else chain(motion.back(t), back)
        if t > start and motion.repeated[t] and out is not None:
            yield out.copy()
            continue
        past = 0 if t == start else int(moved[t - start - 1])
        if before is not None and past == 0:
            out = np.asarray(before, np.float32)
        elif behind is not None and past == int(moved[-1]):
            out = np.asarray(behind, np.float32)
        else:
            sides: list[tuple[Floats, Floats, float]] = []
            if before is not None and back is not None:
                near = 1 - past / int(moved[-1]) if behind is not None else 1.0
                sides.append((*_carried(before, back, motion, t, start), near))
            if behind is not None and second is not None:
                near = past / int(moved[-1]) if before is not None else 1.0
                sides.append((*_carried(behind, ahead[t], motion, t, second), near))
            color, known = _blended(sides)
            out = _filled(t, color, known, motion, fill)
        yield out.copy()


def _carried(ab: Floats, way: Way, motion: Motion, t: int, anchor: int) -> tuple[Floats, Floats]:
    sure = trusted(way, motion.luma[t], motion.luma[anchor])
    return with_chroma(warp(ab, way.flow)), sure


def _blended(sides: Sequence[tuple[Floats, Floats, float]]) -> tuple[Floats, Floats]:
    """Blend (values, confidence, nearness) of one or two sides; return ab and how far it is known."""
    weights = [near * (np.square(sure) + _LEAST) for _, sure, near in sides]
    total = np.sum(weights, axis=0)
    mean = np.sum([values * (w / total) for (values, _, _), w in zip(sides, weights)], axis=0)
    return restored(mean), np.max([sure for _, sure, _ in sides], axis=0)


def _filled(t: int, ab: Floats, known: Floats, motion: Motion, fill: Fill | None) -> Floats:
    known = np.clip(known / _KNOWN, 0, 1)
    if float(1 - known.mean()) < _NO_HOLE:
        return ab
    if fill is not None:
        return fill(t, ab, known)
    around, found = fill_from_around(ab, known, motion.luma[t])
    share = _FILLED * (1 - known) * found
    return np.asarray(ab + share * (around - ab), np.float32)
