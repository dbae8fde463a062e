"""One pass over a film, just ahead of the coloring: small luma, shots, and the pieces they make.

Causal: what has been said of a frame never changes, however far the pass has come. A shot longer
than `PIECE_FRAMES` is cut into pieces that share an anchor at their seam, so that memory is bounded
whatever the length of a take.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from filmcolor.color.bars import active_box
from filmcolor.color.sight import Sight, choose_sight
from filmcolor.film import Chroma, FilmInfo, Frame, Plane, Shot
from filmcolor.pipeline.parts import color_runs, shrink_chroma
from filmcolor.video.decode import sample_luma
from filmcolor.video.pyscenedetect import PySceneDetector
from filmcolor.video.shots import ShotDetector

PIECE_FRAMES = 160


@dataclass(frozen=True, slots=True)
class Footage:
    """Frames `start <= i < stop` of one shot, as the network and the flow see them.

    small: (rh, rw) luma code values of each frame, and of frame `stop` where the shot goes on
    behind the piece (`shared_end`). shared_start: the shot began before `start`. pts: of the frames
    `start <= i < stop`. shot: number of the shot, from 0. colored: the frames are in color already.
    """

    shot: int
    start: int
    stop: int
    shared_start: bool
    shared_end: bool
    small: tuple[Plane, ...]
    pts: tuple[int, ...]
    colored: bool = False


def sight_of(info: FilmInfo, size: int) -> Sight:
    """Look at a film here and there, and return its sight, without bars. size: short side, in pixels."""
    samples = sample_luma(info)
    full = info.tags.full_range
    box = active_box(samples, info.height, info.width, info.bits, full) if samples else None
    return choose_sight(info.width, info.height, info.aspect, info.rotation, size, box)


def as_8_bit(luma: Plane, bits: int) -> npt.NDArray[np.uint8]:
    """Return luma code values of `bits` depth as uint8, for motion and cuts."""
    return luma.astype(np.uint8, copy=False) if bits == 8 else (luma >> (bits - 8)).astype(np.uint8)


def scan(
    frames: Iterable[Frame], sight: Sight, bits: int, *, pyscenedetect: bool = False
) -> Iterator[Footage]:
    """Yield the footage of a film piece by piece, in order and without gaps.

    frames: all frames, in order; where they have chroma, footage in color is told from gray, and a new shot
    begins where color comes or goes. bits: depth of their luma. pyscenedetect: find the shots by it.
    """
    detector = PySceneDetector() if pyscenedetect else ShotDetector()
    waiting: deque[Plane] = deque()
    colors: deque[Chroma | None] = deque()
    times: deque[int] = deque()
    start, shot, shared = 0, 0, False
    before: bool | None = None
    behind: tuple[Plane, Chroma | None] | None = None  # the frame before, where it is of the same shot

    def taken(stop: int, shared_end: bool, colored: bool) -> Footage:
        nonlocal start, shared, shot, before, behind
        if before is not None and before != colored:
            shot, shared = shot + 1, False
        n = stop - start
        small = tuple(waiting[i] for i in range(n + shared_end))
        pts = tuple(times[i] for i in range(n))
        footage = Footage(shot, start, stop, shared, shared_end, small, pts, colored)
        for _ in range(n):
            behind = waiting.popleft(), colors.popleft()
            times.popleft()
        start, shared, before = stop, shared_end, colored
        return footage

    def piece(stop: int, shared_end: bool) -> Iterator[Footage]:
        n = stop - start + shared_end
        small, chroma = list(islice(waiting, n)), list(islice(colors, n))
        if behind is not None:
            small, chroma = [behind[0], *small], [behind[1], *chroma]
        runs = color_runs(small, chroma, bits, before, lead=behind is not None, trail=shared_end)
        for count, colored in runs[:-1]:
            yield taken(start + count, False, colored)
        yield taken(stop, shared_end, runs[-1][1])

    def close(ended: Shot) -> Iterator[Footage]:
        nonlocal shot, before, behind
        yield from rest_of(ended.stop)
        shot += 1
        before = behind = None

    def rest_of(stop: int) -> Iterator[Footage]:
        while stop - start > PIECE_FRAMES:
            yield from piece(start + PIECE_FRAMES, shared_end=True)
        if stop > start:
            yield from piece(stop, shared_end=False)

    for seen, frame in enumerate(frames, 1):
        small = sight.small(frame.luma)
        waiting.append(small)
        colors.append(None if frame.chroma is None else shrink_chroma(frame.chroma, sight))
        times.append(frame.pts)
        for ended in detector.push(as_8_bit(small, bits)):
            yield from close(ended)
        if seen - detector.look_ahead - start > PIECE_FRAMES:
            yield from piece(start + PIECE_FRAMES, shared_end=True)
    for ended in detector.finish():
        yield from close(ended)
