"""What every metric is given: frames as float64 R'G'B' codes, checked before any arithmetic."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Rgb = npt.NDArray[np.uint8] | npt.NDArray[np.float64]


def codes(rgb: Rgb) -> Array:
    """Return R'G'B' as float64 codes.

    rgb: (..., h, w, 3), sRGB, 0..255, uint8 or float. The cast comes first: differences of uint8 wrap
    and have let gray frames score 30 dB in published tables. Raises ValueError on another shape,
    on values outside 0..255 and on NaN.
    """
    if rgb.ndim < 3 or rgb.shape[-1] != 3 or rgb.size == 0:
        raise ValueError(f"expected (..., h, w, 3), got {rgb.shape}")
    x: Array = np.asarray(rgb, dtype=np.float64)
    if rgb.dtype != np.uint8 and not (x.min() >= 0.0 and x.max() <= 255.0):
        raise ValueError("expected R'G'B' codes from 0 to 255")
    return x


def pair(made: Rgb, truth: Rgb) -> tuple[Array, Array]:
    """Return two pictures as float64 codes; ValueError where their shapes differ (nothing is resized)."""
    if made.shape != truth.shape:
        raise ValueError(f"expected equal shapes, got {made.shape} and {truth.shape}")
    return codes(made), codes(truth)
