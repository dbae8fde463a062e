"""Did the colorizer keep the picture's brightness?"""

from typing import NamedTuple

import numpy as np

from filmcolor.quality.frames import Array
from filmcolor.quality.psnr import CAP

_REC601 = np.array([0.299, 0.587, 0.114])


class LumaFidelity(NamedTuple):
    """psnr in dB (at most CAP), mean and largest error in 8-bit codes (fractions at higher depth)."""

    psnr: float
    mean: float
    largest: float


def rec601_luma(rgb: Array) -> Array:
    """Return Y' (h, w), 0..255, of R'G'B' (h, w, 3) codes: what PNG and JPEG software calls gray."""
    return np.asarray(rgb @ _REC601, dtype=np.float64)


def luma_fidelity(made: Array, given: Array) -> LumaFidelity:
    """Compare luma (h, w) of the result with that of the gray source, both 0..255.

    Raises ValueError on unequal shapes. Not L*: at one Y', a saturated color has another L* than gray.
    """
    if made.shape != given.shape:
        raise ValueError(f"expected equal shapes, got {made.shape} and {given.shape}")
    error = np.abs(np.asarray(made, dtype=np.float64) - np.asarray(given, dtype=np.float64))
    square = float((error**2).mean())
    level = min(CAP, float(20 * np.log10(255 / np.sqrt(square)))) if square > 0 else CAP
    return LumaFidelity(level, float(error.mean()), float(error.max()))


def lightness_psnr(made: Array, given: Array) -> float:
    """Return the PSNR of L* (peak 100) of two CIELAB pictures (h, w, 3), in dB, at most CAP."""
    square = float(((made[..., 0] - given[..., 0]) ** 2).mean())
    return min(CAP, float(20 * np.log10(100 / np.sqrt(square)))) if square > 0 else CAP
