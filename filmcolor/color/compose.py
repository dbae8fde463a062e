"""Cb and Cr of a wanted color at the luma the film has.

Luma is never written. The color is the one with the wanted a and b whose luma is the film's Y';
where sRGB has no such color, luma and hue stay and chroma gives way (design.md, decision 1).
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from filmcolor.color.gamut import FIRST_A, FIRST_B, HUES, LEVELS, ROWS, SPACING, Tables, tables
from filmcolor.color.sight import Sight
from filmcolor.color.siting import ChromaGrid
from filmcolor.color.upsample import upsample
from filmcolor.color.ycbcr import chroma_range, luma_range
from filmcolor.film import Plane

Map = npt.NDArray[np.float32]

STRIP = 65536
"""Samples worked on at once: they stay in the cache, and memory does not grow with the film."""

WIDEST = 32000  # cv2.remap takes no picture of 32767 columns or more


@dataclass(frozen=True, slots=True, kw_only=True)
class ChromaComposer:
    """Makes the chroma planes of one film; made once, used for each frame.

    kr, kb: luma weights of red and blue (ITU-T H.273). full_range, bits: what code values mean,
    of luma and chroma. grid: where the chroma samples lie. saturation: factor on ab. dither: a
    fixed ordered pattern before rounding, which breaks bands on very smooth ramps; off by default,
    since it costs bits and 8-bit chroma shows none.
    """

    kr: float
    kb: float
    full_range: bool
    bits: int
    grid: ChromaGrid
    saturation: float = 1.0
    dither: bool = False

    def compose(self, luma: Plane, ab: Map, sight: Sight, interlaced: bool = False) -> tuple[Plane, Plane]:
        """Return Cb and Cr, (ch, cw) code values, uint8 (8 bit) or uint16.

        luma: (h, w) code values. ab: (2, rh/2, rw/2), half the working size, as the film lies.
        interlaced: the frame holds two fields. Raises ValueError on other shapes.
        """
        black, span = luma_range(self.bits, self.full_range)
        place = self.grid.luma(luma, interlaced)
        np.subtract(place, np.float32(black), out=place)
        np.multiply(place, np.float32(1 / span), out=place)
        return self.compose_at(place, upsample(ab, place, sight, self.grid))

    def compose_at(self, luma: Map, ab: Map) -> tuple[Plane, Plane]:
        """Return Cb and Cr, (ch, cw) code values, for luma (ch, cw) and ab (2, ch, cw) at the chroma samples.

        luma: Y', 0..1; black, white and what lies beyond them stay neutral.
        """
        if ab.shape != (2, *luma.shape):
            raise ValueError(f"expected ab of {(2, *luma.shape)}, got {ab.shape}")
        looked = tables(self.kr, self.kb)
        kind = np.uint8 if self.bits == 8 else np.uint16
        planes = [np.empty(luma.shape, kind), np.empty(luma.shape, kind)]
        rows = max(8, STRIP // luma.shape[1] // 8 * 8)  # whole tiles of the dither
        for start in range(0, len(luma), rows):
            strip = slice(start, start + rows)
            made = _differences(luma[strip], ab[:, strip], self.saturation, looked)
            for plane, values in zip(planes, made, strict=True):
                plane[strip] = self._code(values)
        return planes[0], planes[1]

    def _code(self, values: Map) -> Plane:
        """Return Pb or Pr as code values."""
        neutral, extent = chroma_range(self.bits, self.full_range)
        if self.bits == 8 and not self.dither:  # one pass: scale, round, keep to 0..255
            return np.asarray(cv2.convertScaleAbs(values, alpha=extent, beta=neutral), np.uint8)
        code = values * np.float32(extent) + np.float32(neutral)
        if self.dither:
            code += _pattern(*code.shape)
        np.rint(code, out=code)
        np.clip(code, 0, 2**self.bits - 1, out=code)
        return code.astype(np.uint8) if self.bits == 8 else code.astype(np.uint16)


def compose_rgb(
    luma: Map, ab: Map, saturation: float = 1.0, kr: float = 0.299, kb: float = 0.114
) -> npt.NDArray[np.float32]:
    """Return R'G'B' (h, w, 3), 0..1, of luma (h, w) in 0..1 and ab (2, h, w), for still pictures.

    The luma of the result, kr R' + (1 - kr - kb) G' + kb B', is the given one before any rounding.
    Raises ValueError on other shapes.
    """
    if ab.shape != (2, *luma.shape):
        raise ValueError(f"expected ab of {(2, *luma.shape)}, got {ab.shape}")
    looked = tables(kr, kb)
    rgb = np.empty((*luma.shape, 3), np.float32)
    rows = max(1, STRIP // luma.shape[1])
    for start in range(0, len(luma), rows):
        strip = slice(start, start + rows)
        gray = luma[strip].clip(0.0, 1.0)
        pb, pr = _differences(gray, ab[:, strip], saturation, looked)
        red, blue = gray + np.float32(2 * (1 - kr)) * pr, gray + np.float32(2 * (1 - kb)) * pb
        green = (gray - np.float32(kr) * red - np.float32(kb) * blue) / np.float32(1 - kr - kb)
        away = np.stack((red, green, blue), axis=-1) - gray[..., None]
        # the table's last error at the gamut's border: clipping would change luma, scaling does not
        room = np.where(away > 0, 1 - gray[..., None], gray[..., None])
        share = np.minimum(room / np.maximum(np.abs(away), 1e-9), 1.0).min(axis=-1, keepdims=True)
        rgb[strip] = (gray[..., None] + share * away).clip(0.0, 1.0)
    return rgb


def _differences(luma: Map, ab: Map, saturation: float, looked: Tables) -> tuple[Map, Map]:
    """Return Pb and Pr (n, m), -0.5..0.5, of the color with this luma and ab, brought into gamut."""
    level = luma * np.float32(LEVELS - 1)
    np.clip(level, 0, LEVELS - 1, out=level)
    chroma, hue = cv2.cartToPolar(ab[0], ab[1], angleInDegrees=True)
    hue *= np.float32(HUES / 360)
    scale = _look_up(looked.limit, hue, level)
    scale /= np.maximum(chroma, np.float32(1e-6), out=chroma)
    np.minimum(scale, np.float32(saturation), out=scale)
    scale *= np.float32(1 / SPACING)
    across = ab[0] * scale
    across -= np.float32(FIRST_A / SPACING)
    down = ab[1] * scale
    # the nearest level: between two of them Pb changes by a tenth of a code value
    np.rint(level, out=level)
    level *= np.float32(ROWS)
    level -= np.float32(FIRST_B / SPACING)
    down += level
    return _look_up(looked.pb, across, down), _look_up(looked.pr, across, down)


def _look_up(table: Map, across: Map, down: Map) -> Map:
    if across.shape[1] > WIDEST:
        halves = zip(*(np.array_split(side, 2, axis=1) for side in (across, down)), strict=True)
        return np.concatenate([_look_up(table, x, y) for x, y in halves], axis=1)
    made = cv2.remap(table, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(made, np.float32)


def _pattern(rows: int, columns: int) -> Map:
    """Return an ordered dither (Bayer 8 x 8), within half a code value, so that neutral stays neutral."""
    index = np.zeros((1, 1))
    for _ in range(3):
        index = np.block([[4 * index, 4 * index + 2], [4 * index + 3, 4 * index + 1]])
    tile = (index + 0.5) / 64 - 0.5
    return np.tile(tile, (-(-rows // 8), -(-columns // 8)))[:rows, :columns].astype(np.float32)
