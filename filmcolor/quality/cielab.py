"""sRGB to CIELAB and back in float64: the ruler of the metrics, apart from the product's own color code.

D65, 2 degree observer. Curve: IEC 61966-2-1; matrix: BT.709 primaries with the six digits that other
metric code uses (the standard's four digits move pure red by 0.02). The white is the matrix's own, so
that grays have a = b = 0 to rounding.
"""

import numpy as np
import numpy.typing as npt

from filmcolor.quality.frames import Array, Rgb, codes

_TO_XYZ = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)
_WHITE = _TO_XYZ.sum(axis=1)
_TO_RELATIVE = _TO_XYZ / _WHITE[:, None]  # linear RGB -> X/Xn, Y/Yn, Z/Zn
_FROM_RELATIVE = np.linalg.inv(_TO_RELATIVE)
_DELTA = 6.0 / 29.0


def _linear(codes255: Array) -> Array:
    x = codes255 / 255.0
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


_LINEAR_OF_CODE = _linear(np.arange(256, dtype=np.float64))


def fast_lab(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return CIELAB (..., 3) as float32, right to 1e-3: for figures of steadiness, over every frame."""
    t = (_LINEAR_OF_CODE.astype(np.float32)[rgb]) @ _TO_RELATIVE.T.astype(np.float32)
    f = np.where(t > _DELTA**3, np.cbrt(t), t * np.float32(1 / (3 * _DELTA**2)) + np.float32(4.0 / 29.0))
    out: npt.NDArray[np.float32] = np.empty(f.shape, np.float32)
    out[..., 0] = 116 * f[..., 1] - 16
    out[..., 1] = 500 * (f[..., 0] - f[..., 1])
    out[..., 2] = 200 * (f[..., 1] - f[..., 2])
    return out


def rgb_to_lab(rgb: Rgb) -> Array:
    """Return CIELAB (..., 3) of sRGB codes (..., 3): L 0..100, a and b about -128..127.

    rgb: (..., h, w, 3), 0..255, uint8 or float. Raises ValueError as `codes`.
    Source: CIE 15:2004, 8.2.1.
    """
    linear = _LINEAR_OF_CODE[rgb] if rgb.dtype == np.uint8 else _linear(codes(rgb))
    t = linear @ _TO_RELATIVE.T
    f = np.where(t > _DELTA**3, np.cbrt(t), t / (3 * _DELTA**2) + 4.0 / 29.0)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack((116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)), axis=-1)


def _linear_of_lab(lab: Array) -> Array:
    y = (lab[..., 0] + 16.0) / 116.0
    f = np.stack((y + lab[..., 1] / 500.0, y, y - lab[..., 2] / 200.0), axis=-1)
    t = np.where(f > _DELTA, f**3, 3 * _DELTA**2 * (f - 4.0 / 29.0))
    return np.asarray(t @ _FROM_RELATIVE.T, dtype=np.float64)


def fit_to_gamut(lab: Array, steps: int = 12) -> Array:
    """Return `lab` with chroma scaled down, L and hue kept, until sRGB can hold it.

    Clipping R'G'B' instead moves lightness: (60, 80, 60) would come back as L 55.7. Bisection: chroma is
    right to one part in 2**steps. lab: (..., 3).
    """
    out = lab.copy()
    linear = _linear_of_lab(lab)
    outside = ((linear < -1e-4) | (linear > 1.0 + 1e-4)).any(axis=-1)
    if not outside.any():
        return out
    worst = lab[outside]
    low, high = np.zeros(len(worst)), np.ones(len(worst))
    for _ in range(steps):
        middle = (low + high) / 2
        trial = worst.copy()
        trial[:, 1:] *= middle[:, None]
        linear = _linear_of_lab(trial)
        fits = ((linear >= 0.0) & (linear <= 1.0)).all(axis=-1)
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    worst = worst.copy()
    worst[:, 1:] *= low[:, None]
    out[outside] = worst
    return out


def lab_to_rgb(lab: Array) -> Array:
    """Return sRGB codes 0..255 (float64, not rounded) of CIELAB (..., 3); what does not fit is clipped."""
    linear = np.clip(_linear_of_lab(lab), 0.0, 1.0)
    return 255.0 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def chroma(lab: Array) -> Array:
    """Return C*, the length of (a, b), of CIELAB (..., 3)."""
    return np.hypot(lab[..., 1], lab[..., 2])
