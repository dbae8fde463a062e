"""Lightness of a film's luma: what the network sees of each code value."""

import numpy as np
import numpy.typing as npt

from filmcolor.color.srgb import lab_from_rgb
from filmcolor.color.ycbcr import luma_range


def lightness_table(bits: int, full_range: bool) -> npt.NDArray[np.float32]:
    """Return L* (0..100, float32) of each code value of luma, (2**bits,).

    bits: depth, 8 to 16. The gray picture that Y' stands for is read as an sRGB screen shows it:
    R' = G' = B' = Y' through the sRGB curve to L*, whatever the film's own transfer (inverting
    BT.709's camera curve instead moves mid-gray by 4.6 L*). Codes outside the range are clipped.
    Raises ValueError on another depth.
    """
    black, span = luma_range(bits, full_range)
    luma = np.clip((np.arange(2**bits) - black) / span, 0.0, 1.0)
    gray = np.repeat(luma[:, None], 3, axis=1)
    return lab_from_rgb(gray)[:, 0].clip(0.0, 100.0).astype(np.float32)
