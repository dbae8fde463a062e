"""sRGB and CIE Lab constants and curves in numpy, for tables that are made once."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Linear sRGB to XYZ (IEC 61966-2-1, D65). The white is the sum of each row, not the rounded
# (0.95047, 1, 1.08883): so grays have a = b = 0 exactly.
RGB_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE = RGB_TO_XYZ.sum(axis=1)
RGB_TO_WHITE = RGB_TO_XYZ / WHITE[:, None]
"""Linear sRGB to XYZ relative to white."""
WHITE_TO_RGB = np.linalg.inv(RGB_TO_WHITE)

EPSILON = 216 / 24389  # CIE 15: below it the cube root becomes a line
KAPPA = 24389 / 27


def to_linear(code: Floats) -> Floats:
    """Undo the sRGB curve, mirrored for values below 0 (IEC 61966-2-1). Any shape, 0..1."""
    size = np.abs(code)
    curved = np.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.copysign(curved, code), np.float64)


def to_code(linear: Floats) -> Floats:
    """Apply the sRGB curve, mirrored for values below 0 (IEC 61966-2-1). Any shape, 0..1."""
    size = np.abs(linear)
    curved = np.where(size <= 0.0031308, 12.92 * size, 1.055 * size ** (1 / 2.4) - 0.055)
    return np.asarray(np.copysign(curved, linear), np.float64)


def lab_from_rgb(rgb: Floats) -> Floats:
    """Return Lab (..., 3) of R'G'B' (..., 3) in 0..1 (CIE 15:2004, D65)."""
    xyz = to_linear(rgb) @ RGB_TO_WHITE.T
    f = np.where(xyz > EPSILON, np.cbrt(xyz), (KAPPA * xyz + 16) / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), axis=-1)


def rgb_from_lab(lab: Floats) -> Floats:
    """Return R'G'B' (..., 3) of Lab (..., 3); not clipped: outside 0..1 where sRGB lacks the color."""
    fy = (lab[..., 0] + 16) / 116
    f = np.stack((fy + lab[..., 1] / 500, fy, fy - lab[..., 2] / 200), axis=-1)
    xyz = np.where(f > 6 / 29, f**3, (116 * f - 16) / KAPPA)
    return to_code(xyz @ WHITE_TO_RGB.T)
