"""The rows that stand in every table: gray, half saturation and one mean color, beside the truth.

Without them a fade looks like steadiness and luma alone like skill.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt

from filmcolor.quality.cielab import fit_to_gamut, lab_to_rgb, rgb_to_lab
from filmcolor.quality.frames import Array
from filmcolor.quality.luma import rec601_luma

Picture = npt.NDArray[np.uint8]
Row = Literal["truth", "gray", "half", "mean"]
ROWS: tuple[Row, ...] = ("truth", "gray", "half", "mean")


def rounded(rgb: Array) -> Picture:
    """Return codes rounded to uint8: truncation instead would change four values in ten."""
    return np.clip(np.rint(rgb), 0, 255).astype(np.uint8)


def gray(rgb: Picture) -> Picture:
    """Return the gray picture (h, w, 3) that a colorizer is given: Rec. 601 luma in each channel."""
    luma = rounded(rec601_luma(rgb.astype(np.float64)))
    return np.repeat(luma[..., None], 3, axis=-1)


def half(lab: Array) -> Picture:
    """Return the truth at half its a and b. lab: CIELAB (h, w, 3)."""
    return rounded(lab_to_rgb(fit_to_gamut(lab * np.array([1.0, 0.5, 0.5]))))


def mean_color(lightness: Array, ab: tuple[float, float]) -> Picture:
    """Return the lightness L* (h, w) of the gray source in one (a, b), less where sRGB cannot hold it."""
    lab = np.empty((*lightness.shape, 3), dtype=np.float64)
    lab[..., 0], lab[..., 1], lab[..., 2] = lightness, ab[0], ab[1]
    return rounded(lab_to_rgb(fit_to_gamut(lab)))


class Baselines:
    """The rows that need no colorizer. mean_ab: the one color of the row `mean`, in Lab units."""

    def __init__(self, mean_ab: tuple[float, float]) -> None:
        codes = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
        lightness = rgb_to_lab(codes)[..., 0]
        self._mean_of_code = mean_color(lightness, mean_ab)[0]  # of each gray code: the row is a look-up

    def picture(self, row: Row, rgb: Picture, given: npt.NDArray[np.floating]) -> Picture:
        """Return one row. rgb: the truth (h, w, 3). given: luma (h, w), 0..255, of the gray source."""
        if row == "truth":
            return rgb
        if row == "half":
            return half(rgb_to_lab(rgb))
        code = rounded(np.asarray(given, dtype=np.float64))
        return self._mean_of_code[code] if row == "mean" else np.repeat(code[..., None], 3, axis=-1)
