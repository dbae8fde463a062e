"""Phase A: the generator colors the anchor frames of footage, and the anchors agree.

What comes out is stored (float16): every later step is a pure function of it and the film.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt
import torch

from filmcolor.color.sight import Sight
from filmcolor.flow.agree import agree, smooth
from filmcolor.flow.choose import choose_anchors
from filmcolor.flow.compose import Floats
from filmcolor.flow.estimate import Motion, MotionEstimator
from filmcolor.flow.propagate import spread
from filmcolor.flow.steady import steady
from filmcolor.model.predict import Predictor
from filmcolor.pipeline.scan import Footage, as_8_bit

Half = npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Anchored:
    """Footage with the color of its anchor frames.

    anchors: frames, counted from the footage's first, rising from 0; the last may be the shared
    frame behind it. shared_start: whether the piece before has the first frame as well. ab: (k, 2, ah, aw) float16, Lab units, at half the working size. motion: of
    the footage's frames, and to the shared frame.
    """

    start: int
    stop: int
    anchors: tuple[int, ...]
    ab: Half
    motion: Motion
    shared_start: bool = False

    @property
    def frames(self) -> int:
        """Number of frames, a shared last one left out."""
        return self.stop - self.start

    def color(self) -> Iterator[Floats]:
        """Yield ab (2, ah, aw) float32, Lab units, of each frame of the piece, a shared last one left out."""
        ab = spread(self.ab.astype(np.float32), self.anchors, self.motion)
        if len(self.anchors) == self.motion.frames:  # the network colored each frame
            yield from islice(ab, self.frames)
            return
        shared_end = self.motion.frames > self.frames
        even = steady(ab, self.motion, shared_start=self.shared_start, shared_end=shared_end)
        yield from even[: self.frames]


def motion_of(footage: Footage, bits: int) -> Motion:
    """Return the motion between all neighbors of the footage, its shared last frame included."""
    estimator = MotionEstimator()
    for small in footage.small:
        estimator.push(as_8_bit(small, bits))
    return estimator.finish()


def color_footage(
    motion: Motion,
    predict: Callable[[Sequence[int]], npt.NDArray[np.float32]],
    settled: Half | None,
    *,
    every_frame: bool,
    smoothing: bool,
) -> tuple[tuple[int, ...], Half]:
    """Return the anchors of the footage and their ab, (k, 2, ah, aw) float16.

    predict: frame numbers within the footage -> ab (n, 2, ah, aw) of the generator. settled: ab of
    the first frame where the piece before shares it; it is kept as it is.
    """
    anchors = tuple(range(motion.frames)) if every_frame else tuple(choose_anchors(motion))
    asked = anchors[1:] if settled is not None else anchors
    ab = predict(asked) if asked else np.empty((0, 2, *settled.shape[1:]), np.float32)  # type: ignore[union-attr]
    if settled is not None:
        ab = np.concatenate((settled[None].astype(np.float32), ab))
    if smoothing and len(anchors) > 1:
        fixed = settled is not None
        if every_frame:
            ab = smooth(ab, motion, fixed_first=fixed)
        else:
            ab = agree(ab, anchors, motion, fixed_first=fixed)
    return anchors, ab.astype(np.float16)


def predictions(
    footage: Footage,
    sight: Sight,
    lightness: npt.NDArray[np.float32],
    predictor: Predictor,
) -> Callable[[Sequence[int]], npt.NDArray[np.float32]]:
    """Return a function from frame numbers within the footage to the generator's ab on the film's own grid.

    lightness: (2**bits,) L* of each code value of luma.
    """

    def predict(numbers: Sequence[int]) -> npt.NDArray[np.float32]:
        views = np.stack([sight.network_view(lightness[footage.small[i]]) for i in numbers])
        keys = [footage.start + i for i in numbers]
        ab = predictor.predict(torch.from_numpy(views)[:, None], frames=keys).numpy()
        return np.stack([sight.film_view(each) for each in ab])

    return predict
