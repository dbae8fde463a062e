"""Phase A: the generator colors the anchor frames of footage, and the anchors agree.

What comes out is stored (float16): every later step is a pure function of it and the film.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from filmcolor.color.dark_reds import restrained
from filmcolor.color.resample import resize
from filmcolor.color.sight import Sight
from filmcolor.flow.agree import Earlier, agree, smooth
from filmcolor.flow.choose import choose_anchors
from filmcolor.flow.compose import Floats
from filmcolor.flow.estimate import Motion, estimate_motion
from filmcolor.flow.merge import weights_of
from filmcolor.flow.propagate import spread
from filmcolor.flow.steady import steady
from filmcolor.model.predict import Predictor
from filmcolor.pipeline.scan import Footage, as_8_bit
from filmcolor.pipeline.stored import Half

Look = Literal["both", "plain", "mirrored"]
"""How the generator looks at a frame: as it is, mirrored, or both, averaged."""
Predict = Callable[[Sequence[int], Sequence[Look]], tuple[Floats, Floats | None]]

_AGREEING = 3  # anchors from which on their agreement averages enough


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


@dataclass(frozen=True, slots=True)
class Passed:
    """Footage that is in color already. ab: (1, 2, ah, aw) float16 zeros, in the place of anchors' color."""

    start: int
    stop: int
    ab: Half
    shared_start: bool = False
    anchors: tuple[int, ...] = ()

    @property
    def frames(self) -> int:
        """Number of frames."""
        return self.stop - self.start


Piece = Anchored | Passed


def motion_of(footage: Footage, bits: int) -> Motion:
    """Return the motion between all neighbors of the footage, its shared last frame included."""
    return estimate_motion([as_8_bit(small, bits) for small in footage.small])


def color_footage(
    motion: Motion,
    predict: Predict,
    settled: Half | None,
    *,
    every_frame: bool,
    smoothing: bool,
    earlier: Earlier | None = None,
    returns: bool = False,
) -> tuple[tuple[int, ...], Half]:
    """Return the anchors of the footage and their ab, (k, 2, ah, aw) float16.

    predict: frame numbers within the footage, and how each is looked at -> ab (n, 2, ah, aw) of the generator and its
    entropy (n, ah, aw), or None: where anchors disagree, the surer one counts for more. settled: ab of the first frame
    where the piece before shares it; it is kept as it is. earlier: a frame of an earlier shot whose color the anchors
    take where they show the same. returns: what was out of sight takes the color that it had.
    """
    anchors = tuple(range(motion.frames)) if every_frame else tuple(choose_anchors(motion))
    looks = looks_at(len(anchors), alone=every_frame or not smoothing)
    known = 0 if settled is None else 1
    asked = anchors[known:]
    entropy: Floats | None = None
    if asked:
        ab, entropy = predict(asked, looks[known:])
    else:
        ab = np.empty((0, 2, *settled.shape[1:]), np.float32)  # type: ignore[union-attr]
    if settled is not None:
        ab = np.concatenate((settled[None].astype(np.float32), ab))
    if smoothing and (len(anchors) > 1 or earlier is not None):
        fixed = settled is not None
        weights = None if entropy is None else weights_of(entropy)
        if fixed and weights is not None:  # the settled one's is not known: that of the next, on its scale
            weights = np.concatenate((weights[:1], weights))
        if every_frame:
            ab = smooth(ab, motion, weights=weights, fixed_first=fixed, earlier=earlier)
        else:
            ab = agree(
                ab, anchors, motion, weights=weights, fixed_first=fixed, earlier=earlier, returns=returns
            )
    return anchors, ab.astype(np.float16)


def looks_at(anchors: int, *, alone: bool) -> tuple[Look, ...]:
    """Return how the generator looks at each of a piece's anchors.

    Averaging with the mirrored picture helps, and costs as much again. Where anchors follow each other, every
    second one is looked at mirrored instead, and their agreement does the averaging. alone: they do not agree.
    """
    if alone or anchors < _AGREEING:
        both: tuple[Look, ...] = ("both",)
        return both * anchors
    turns: tuple[Look, Look] = ("plain", "mirrored")
    return tuple(turns[i % 2] for i in range(anchors))


def predictions(
    footage: Footage,
    sight: Sight,
    lightness: npt.NDArray[np.float32],
    predictor: Predictor,
) -> Predict:
    """Return a function from frame numbers within the footage to the generator's ab on the film's own grid.

    lightness: (2**bits,) L* of each code value of luma. The weights' factors for films are in the ab. Beside it stands the
    entropy of the generator's color distributions, in nats; None where it has none.
    """

    def predict(numbers: Sequence[int], looks: Sequence[Look]) -> tuple[Floats, Floats | None]:
        if not predictor.mirrored:
            looks = ["plain"] * len(numbers)
        ab: list[Floats] = [np.empty(0, np.float32)] * len(numbers)
        unsure: dict[int, Floats] = {}
        for both in (True, False):
            chosen = [k for k, look in enumerate(looks) if (look == "both") == both]
            if not chosen:
                continue
            views = [sight.network_view(lightness[footage.small[numbers[k]]]) for k in chosen]
            turned = [v[:, ::-1] if looks[k] == "mirrored" else v for k, v in zip(chosen, views)]
            keys = [footage.start + numbers[k] for k in chosen]
            seen = torch.from_numpy(np.stack(turned))[:, None]
            made, entropy = predictor.predict_with_entropy(seen, frames=keys, mirrored=both)
            for i, k in enumerate(chosen):
                back = slice(None, None, -1 if looks[k] == "mirrored" else 1)
                raw = sight.film_view(made[i].numpy()[:, :, back])
                light = resize(lightness[footage.small[numbers[k]]], *raw.shape[1:])
                ab[k] = restrained(raw, light, predictor.film_dark_reds)
                if entropy is not None:
                    unsure[k] = sight.film_view(entropy[i : i + 1].numpy()[:, :, back])[0]
        given = np.stack([unsure[k] for k in range(len(numbers))]) if unsure else None
        return np.stack(ab) * np.float32(predictor.film_gain), given

    return predict
