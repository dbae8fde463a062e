"""R'G'B' and full-range code values of pictures, with luma of BT.601.

Pictures have no matrix tag: JPEG defines BT.601 (JFIF 1.02), and the same weights serve all formats.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from filmcolor.film import Plane
from filmcolor.video.picture import Rgb, RgbCodes

RED, GREEN, BLUE = 0.299, 0.587, 0.114  # ITU-R BT.601
_ROWS = 128  # float copies exist for so many rows at a time


def luma_of(codes: RgbCodes) -> Plane:
    """Return Y' (h, w) of R'G'B' codes (h, w, 3), same type and depth, rounded."""
    if codes.ndim != 3 or codes.shape[2] < 3:
        raise ValueError(f"expected (h, w, 3), got {codes.shape}")
    luma = np.empty(codes.shape[:2], codes.dtype)
    for rows in _strips(codes.shape[0]):
        red, green, blue = (codes[rows, :, k].astype(np.float64) for k in range(3))
        luma[rows] = np.rint(RED * red + GREEN * green + BLUE * blue)
    return luma


def rgb_codes(rgb: Rgb, luma: Plane, bits: int, out_bits: int) -> RgbCodes:
    """Quantize R'G'B' (h, w, 3), 0..1, so that its luma is as near to `luma` as codes allow.

    luma: (h, w) code values of `bits`. Returns (h, w, 3) uint8 (out_bits 8) or uint16. Red and
    blue are rounded; green then takes what is left of Y', which keeps the error of luma under
    0.587 / 2 codes wherever green is not at an end of its range.
    """
    _check(rgb, luma)
    top = (1 << out_bits) - 1
    scale = top / ((1 << bits) - 1)
    codes: RgbCodes = np.empty(rgb.shape, np.uint8) if out_bits == 8 else np.empty(rgb.shape, np.uint16)
    for rows in _strips(rgb.shape[0]):
        red = np.clip(np.rint(rgb[rows, :, 0].astype(np.float64) * top), 0, top)
        blue = np.clip(np.rint(rgb[rows, :, 2].astype(np.float64) * top), 0, top)
        wanted = luma[rows].astype(np.float64) * scale
        green = np.clip(np.rint((wanted - RED * red - BLUE * blue) / GREEN), 0, top)
        codes[rows] = np.stack((red, green, blue), axis=2)
    return codes


def with_alpha(codes: RgbCodes, alpha: Plane | None, bits: int, out_bits: int) -> RgbCodes:
    """Return codes (h, w, 3) with alpha (h, w) of depth `bits`, if there is one, as a fourth channel."""
    if alpha is None:
        return codes
    channels = (codes, at_depth(alpha, bits, out_bits)[..., None])
    if out_bits == 8:
        return np.concatenate(channels, axis=2, dtype=np.uint8)
    return np.concatenate(channels, axis=2, dtype=np.uint16)


def chroma_codes(rgb: Rgb, luma: Plane, bits: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Return 8-bit Cb and Cr, each (h, w), of R'G'B' (h, w, 3), 0..1, at this luma (JFIF 1.02)."""
    _check(rgb, luma)
    cb = np.empty(luma.shape, np.uint8)
    cr = np.empty(luma.shape, np.uint8)
    scale = 1.0 / ((1 << bits) - 1)
    for rows in _strips(luma.shape[0]):
        y = luma[rows].astype(np.float64) * scale
        for plane, channel, weight in ((cb, 2, BLUE), (cr, 0, RED)):
            difference = (rgb[rows, :, channel] - y) / (2 * (1 - weight))
            plane[rows] = np.clip(np.rint(difference * 255 + 128), 0, 255)
    return cb, cr


def at_depth(codes: Plane, bits: int, out_bits: int) -> Plane:
    """Return code values (any shape) of one depth at another, full range to full range, rounded."""
    if bits == out_bits:
        return codes
    top, out_top = (1 << bits) - 1, (1 << out_bits) - 1
    table = np.rint(np.arange(top + 1, dtype=np.float64) * (out_top / top))
    place = np.minimum(codes, top)
    return table.astype(np.uint8)[place] if out_bits == 8 else table.astype(np.uint16)[place]


def _strips(height: int) -> Iterator[slice]:
    for start in range(0, height, _ROWS):
        yield slice(start, min(start + _ROWS, height))


def _check(rgb: Rgb, luma: Plane) -> None:
    if rgb.shape != (*luma.shape, 3):
        raise ValueError(f"expected {(*luma.shape, 3)} for this luma, got {rgb.shape}")
