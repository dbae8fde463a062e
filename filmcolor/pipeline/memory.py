"""Scene memory: a shot that shows what an earlier one showed takes that one's colors.

Recognizing is a function of luma alone, so that it is the same however the work is shared and resumed; the colors
come from what earlier segments stored.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch

from filmcolor.color.sight import Sight
from filmcolor.flow.agree import Earlier
from filmcolor.flow.align import align
from filmcolor.flow.compose import Floats
from filmcolor.flow.estimate import Luma
from filmcolor.model.predict import Predictor
from filmcolor.pipeline.scan import Footage, as_8_bit
from filmcolor.pipeline.stored import Half

VIEWS = 128
"""Views that are remembered: two of each shot or piece of one, so about the last 64 shots."""
_ALIKE = 0.35
"""How alike two scenes are at least before they are aligned."""
_TRIED = 3
"""Views that a shot's first frame is aligned with at most: the most alike ones."""


@dataclass(frozen=True, slots=True)
class View:
    """A frame that is remembered: the first of a shot or the last of a piece of one; always an anchor.

    luma: (rh, rw) uint8 at working size. segment and piece: number of its segment, and of the piece within.
    """

    segment: int
    piece: int
    last: bool
    luma: Luma

    @property
    def place(self) -> int:
        """Its place in what a segment stores of its views."""
        return 2 * self.piece + self.last


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a piece's shot takes its colors from. ab: (2, ah, aw) float16, None where the same segment makes it."""

    view: View
    ab: Half | None = None


class Ended(Protocol):
    """A piece whose anchors are colored."""

    @property
    def ab(self) -> Half:
        """(k, 2, ah, aw)."""


Describe = Callable[[npt.NDArray[np.uint8] | npt.NDArray[np.uint16]], Floats | None]
"""Luma at working size -> the scene it shows, (n,) of length 1; None where that cannot be told."""


class SceneMemory:
    """The scenes of a film's last shots. Give it every piece once, in order."""

    def __init__(self, describe: Describe, bits: int) -> None:
        self.recalled = 0  # shots that have taken the colors of an earlier one
        self._describe = describe
        self._bits = bits
        self._views: deque[tuple[View, Floats]] = deque(maxlen=VIEWS)

    def recall(self, segment: int, footage: Sequence[Footage]) -> tuple[Recalled | None, ...]:
        """Remember a segment's pieces; return for each what its first frame was recognized as, if a shot begins."""
        found: list[Recalled | None] = []
        for number, piece in enumerate(footage):
            view = None
            if piece.colored:  # its color is its own, and is not known here
                found.append(None)
                continue
            if not piece.shared_start:
                first = View(segment, number, False, as_8_bit(piece.small[0], self._bits))
                scene = self._describe(piece.small[0])
                if scene is not None:
                    view = self._recognized(first.luma, scene)
                    self._views.append((first, scene))
                if len(piece.small) == 1:
                    found.append(None if view is None else Recalled(view))
                    self.recalled += view is not None
                    continue
            scene = self._describe(piece.small[-1])
            if scene is not None:
                last = View(segment, number, True, as_8_bit(piece.small[-1], self._bits))
                self._views.append((last, scene))
            self.recalled += view is not None
            found.append(None if view is None else Recalled(view))
        return tuple(found)

    def segments(self) -> frozenset[int]:
        """Return the segments whose views are remembered."""
        return frozenset(view.segment for view, _ in self._views)

    def _recognized(self, luma: Luma, scene: Floats) -> View | None:
        # rounded, so that the order of a sum has no say in the choice
        alike = [(round(float(scene @ other), 4), i) for i, (_, other) in enumerate(self._views)]
        best: tuple[float, View] | None = None
        for likeness, i in sorted(alike, reverse=True)[:_TRIED]:
            view = self._views[i][0]
            if likeness < _ALIKE:
                break
            if view.luma.shape != luma.shape:
                continue
            ways = align(luma, view.luma)
            if ways.believed and (best is None or ways.share > best[0]):
                best = ways.share, view
        return None if best is None else best[1]


def earlier_of(view: View, ab: Half, piece: Footage, bits: int) -> Earlier:
    """Return a view and its color, (2, ah, aw), as the anchors of a piece that begins its shot take them."""
    return Earlier(ab.astype(np.float32), align(as_8_bit(piece.small[0], bits), view.luma))


def describer(predictor: Predictor, sight: Sight, lightness: Floats) -> Describe:
    """Return what tells the scene of a frame by the generator's encoder. lightness: (2**bits,) L* of luma codes."""

    def describe(small: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]) -> Floats | None:
        seen = np.ascontiguousarray(sight.network_view(lightness[small]))
        scene = predictor.scene(torch.from_numpy(seen)[None, None])
        return None if scene is None else np.asarray(scene.numpy(), np.float32)

    return describe


def views_file(folder: Path, number: int) -> Path:
    """Return where the colors of a segment's views lie in the workspace."""
    return folder / f"views-{number:06d}.npy"


def views_of(pieces: Sequence[Ended]) -> Half:
    """Return the colors of a segment's views, (2 * pieces, 2, ah, aw): first and last anchor of each piece."""
    return np.stack([piece.ab[end] for piece in pieces for end in (0, -1)])
