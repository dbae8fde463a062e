"""R'G'B' <-> Y'CbCr for a matrix, range and depth (ITU-T H.273)."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def luma_range(bits: int, full_range: bool) -> tuple[float, float]:
    """Return (code of black, codes from black to white) of luma (H.273, equations 20 and 23).

    bits: 8 to 16, else ValueError.
    """
    if not 8 <= bits <= 16:
        raise ValueError(f"bits must be from 8 to 16, instead got {bits}")
    if full_range:
        return 0.0, float(2**bits - 1)
    return 16.0 * 2 ** (bits - 8), 219.0 * 2 ** (bits - 8)


def chroma_range(bits: int, full_range: bool) -> tuple[float, float]:
    """Return (code of neutral, codes from -0.5 to 0.5) of Cb and Cr (H.273, equations 21 and 24)."""
    luma_range(bits, full_range)  # one check of the depth
    neutral = 128.0 * 2 ** (bits - 8)
    return neutral, float(2**bits - 1) if full_range else 224.0 * 2 ** (bits - 8)


def ypbpr_from_rgb(rgb: npt.ArrayLike, kr: float, kb: float) -> Floats:
    """Return (Y', Pb, Pr) of R'G'B': (..., 3), Y' in 0..1, Pb and Pr in -0.5..0.5.

    Source: ITU-T H.273, E'Y, E'PB and E'PR for known KR and KB (equations 38 to 40).
    """
    values = np.asarray(rgb, np.float64)
    red, green, blue = values[..., 0], values[..., 1], values[..., 2]
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    return np.stack((luma, (blue - luma) / (2 * (1 - kb)), (red - luma) / (2 * (1 - kr))), axis=-1)


def rgb_from_ypbpr(ypbpr: npt.ArrayLike, kr: float, kb: float) -> Floats:
    """Return R'G'B' (..., 3) of (Y', Pb, Pr); not clipped. The inverse of `ypbpr_from_rgb`."""
    values = np.asarray(ypbpr, np.float64)
    luma, pb, pr = values[..., 0], values[..., 1], values[..., 2]
    red = luma + 2 * (1 - kr) * pr
    blue = luma + 2 * (1 - kb) * pb
    green = (luma - kr * red - kb * blue) / (1 - kr - kb)
    return np.stack((red, green, blue), axis=-1)


def code_from_ypbpr(ypbpr: npt.ArrayLike, bits: int, full_range: bool) -> npt.NDArray[np.uint16]:
    """Return code values (..., 3) of (Y', Pb, Pr), rounded and clipped to the depth."""
    values = np.asarray(ypbpr, np.float64)
    black, span = luma_range(bits, full_range)
    neutral, extent = chroma_range(bits, full_range)
    codes = np.rint(values * (span, extent, extent) + (black, neutral, neutral))
    return np.clip(codes, 0, 2**bits - 1).astype(np.uint16)


def ypbpr_from_code(code: npt.ArrayLike, bits: int, full_range: bool) -> Floats:
    """Return (Y', Pb, Pr) of code values (..., 3). Not clipped."""
    black, span = luma_range(bits, full_range)
    neutral, extent = chroma_range(bits, full_range)
    return (np.asarray(code, np.float64) - (black, neutral, neutral)) / (span, extent, extent)
