"""Structural similarity with Wang's Gaussian window; dominated by luma, so a minor figure for color."""

import cv2
import numpy as np

from filmcolor.quality.frames import Array, Rgb, pair

_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_RADIUS = 5
_WINDOW = np.exp(-(np.arange(-_RADIUS, _RADIUS + 1, dtype=np.float64) ** 2) / (2 * 1.5**2))
_WINDOW /= _WINDOW.sum()


def _blur(x: Array) -> Array:
    out = cv2.sepFilter2D(x, cv2.CV_64F, _WINDOW, _WINDOW, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(out[_RADIUS:-_RADIUS, _RADIUS:-_RADIUS], dtype=np.float64)  # valid region only


def ssim(made: Rgb, truth: Rgb) -> float:
    """Return the mean SSIM of R', G' and B', -1..1.

    made, truth: (h, w, 3), 0..255, at least 11 by 11. 11x11 Gaussian of sigma 1.5, population moments,
    valid region. Raises ValueError on unequal or smaller shapes.
    Source: Wang, Bovik, Sheikh, Simoncelli 2004, equation 13.
    """
    p, g = pair(made, truth)
    if min(p.shape[:2]) < 2 * _RADIUS + 1:
        raise ValueError(f"expected at least 11 by 11 pixels, got {p.shape[:2]}")
    mp, mg = _blur(p), _blur(g)
    vp, vg, vpg = _blur(p * p) - mp * mp, _blur(g * g) - mg * mg, _blur(p * g) - mp * mg
    value = ((2 * mp * mg + _C1) * (2 * vpg + _C2)) / ((mp**2 + mg**2 + _C1) * (vp + vg + _C2))
    return float(value.mean())
