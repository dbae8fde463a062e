"""Peak signal to noise ratio, of R'G'B' and of a and b, in dB."""

import numpy as np

from filmcolor.quality.frames import Array, Rgb, pair

CAP = 100.0
"""Score of two equal frames: infinity would swallow every mean."""
PEAK = 255.0
"""Peak of both; for ab a convention (100 to 255 are in use), chosen to agree with 8-bit Lab code."""


def _decibels(mean_square: float) -> float:
    return min(CAP, float(20 * np.log10(PEAK / np.sqrt(mean_square)))) if mean_square > 0 else CAP


def psnr(made: Rgb, truth: Rgb) -> float:
    """Return PSNR over all pixels and channels, at most CAP.

    made, truth: (h, w, 3), 0..255. Raises ValueError on unequal shapes. A gray frame scores 14 to 22 dB
    on photographs, since luma is given: read it beside the gray row.
    """
    p, g = pair(made, truth)
    return _decibels(float(np.mean((p - g) ** 2)))


def psnr_ab(made: Array, truth: Array) -> float:
    """Return PSNR of a and b with peak 255. made, truth: CIELAB (h, w, 3) float64, of equal shape."""
    if made.shape != truth.shape:
        raise ValueError(f"expected equal shapes, got {made.shape} and {truth.shape}")
    return _decibels(float(np.mean((made[..., 1:] - truth[..., 1:]) ** 2)))
