"""Where a film's chroma samples lie, and the luma that belongs to each of them."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from filmcolor.film import Plane, Siting

Map = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChromaGrid:
    """The chroma planes of a film of `height` x `width` luma samples.

    subsampling: log2 (x, y). siting: as in ITU-T H.273, ChromaLocType 0 (left), 1 (center),
    2 (topleft).
    """

    height: int
    width: int
    subsampling: tuple[int, int] = (1, 1)
    siting: Siting = "left"

    def __post_init__(self) -> None:
        if min(self.subsampling) < 0 or max(self.subsampling) > 2:
            raise ValueError(f"subsampling must be log2, from 0 to 2, instead got {self.subsampling}")

    @property
    def shape(self) -> tuple[int, int]:
        """(ch, cw): odd sizes are rounded up."""
        x, y = self.subsampling
        return -(-self.height >> y), -(-self.width >> x)

    @property
    def step(self) -> tuple[int, int]:
        """Luma samples from one chroma sample to the next, (down, across)."""
        return 1 << self.subsampling[1], 1 << self.subsampling[0]

    @property
    def offset(self) -> tuple[float, float]:
        """Place of the first chroma sample in luma samples, (down, across), (0, 0): the first luma sample.

        Interlaced rows lie there too: ITU-T H.273's fields are shifted by a quarter so that woven
        chroma rows are evenly spaced.
        """
        down, across = self.step
        return (
            0.0 if self.siting == "topleft" else (down - 1) / 2,
            (across - 1) / 2 if self.siting == "center" else 0.0,
        )

    def luma(self, luma: Plane, interlaced: bool = False) -> Map:
        """Return the mean luma (code values, float32, (ch, cw)) around each chroma sample.

        luma: (h, w) code values. interlaced: rows belong to alternating fields. The mean reaches
        half a step to each side of the sample's place; at the borders the picture's edge is
        repeated. Of interlaced frames each chroma row is made from its own field, or color combs.
        Raises ValueError where luma is not this grid's.
        """
        if luma.shape != (self.height, self.width):
            raise ValueError(f"expected luma of {(self.height, self.width)}, got {luma.shape}")
        down, across = self.step
        if interlaced and down == 2 and self.height > 2:
            return _means(self._woven(luma), (1, across), (0.0, self.offset[1]))
        return _means(luma.astype(np.float32), (down, across), self.offset)

    def _woven(self, luma: Plane) -> Map:
        """Return chroma rows (ch, w), each the mean of two lines of its own field.

        Woven chroma row c lies at frame line 2c + 0.5, which is a quarter of a field's line spacing
        below a line of the top field, three quarters in the bottom field (H.273, figure on
        interlaced 4:2:0).
        """
        rows = np.empty((self.shape[0], self.width), np.float32)
        for field, share in ((0, 0.25), (1, 0.75)):
            lines = luma[field::2]
            count = len(rows[field::2])
            above = np.minimum(np.arange(count) * 2, len(lines) - 1)
            below = np.minimum(above + 1, len(lines) - 1)
            if self.siting == "topleft":
                share = 0.0 if field == 0 else 0.5
            rows[field::2] = (1 - share) * lines[above].astype(np.float32) + share * lines[below]
        return rows


def _means(plane: Map, step: tuple[int, int], offset: tuple[float, float]) -> Map:
    """Return the mean of `plane` (h, w) around (offset + step * i): (ceil(h / step), ceil(w / step)).

    Half a step to each side. Around the middle of a step that is one box. Around a sample the outer
    two count half, which is the mean of two boxes that lie one sample apart.
    """
    if step == (1, 1):
        return plane
    rows, columns = (-(-side // every) for side, every in zip(plane.shape, step, strict=True))
    padded = cv2.copyMakeBorder(plane, step[0], step[0], step[1], step[1], cv2.BORDER_REPLICATE)
    total: Map | None = None
    tops, lefts = (_boxes(every, place) for every, place in zip(step, offset, strict=True))
    for top in tops:
        for left in lefts:
            part = padded[top : top + rows * step[0], left : left + columns * step[1]]
            mean = np.asarray(cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)
            total = mean if total is None else np.add(total, mean, out=total)
    assert total is not None
    total *= np.float32(1 / (len(tops) * len(lefts)))
    return total


def _boxes(step: int, offset: float) -> list[int]:
    """First samples of the boxes around the first chroma sample, in a plane padded by one step."""
    if step == 1 or offset > 0:
        return [step]
    return [step // 2, step // 2 + 1]
