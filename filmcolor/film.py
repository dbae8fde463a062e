"""The nouns of filmcolor: what a film, a frame and a shot are. No I/O here."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
Chroma = tuple[Plane, Plane]
"""Cb and Cr."""
Siting = Literal["left", "center", "topleft"]
UNSPECIFIED = 2

# KR and KB of ITU-T H.273, table 4, by MatrixCoefficients.
_LUMA_WEIGHTS = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
    10: (0.2627, 0.0593),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColorTags:
    """Color description of coded frames, in the numbers of ITU-T H.273 (2: unspecified).

    `matrix`, `primaries` and `transfer` are as the source has them and are written back so.
    `full_range` is what the code values mean, `range_tagged` whether the source said so.
    """

    matrix: int = UNSPECIFIED
    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED
    full_range: bool = False
    range_tagged: bool = False
    siting: Siting = "left"

    def luma_weights(self, height: int) -> tuple[float, float]:
        """Return (KR, KB) of the matrix; an untagged film has BT.709 from 720 lines on, else BT.601."""
        assumed = _LUMA_WEIGHTS[1] if height >= 720 else _LUMA_WEIGHTS[6]
        return _LUMA_WEIGHTS.get(self.matrix, assumed)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmInfo:
    """What `video.probe` knows of a film before its first frame is colored.

    width, height: coded size in pixels. bits: depth of luma, 8 to 16. subsampling: log2 of the
    chroma subsampling (x, y) of the *source*'s pixel format ((1, 1) for gray). rotation: degrees
    counter-clockwise (0, 90, 180, 270) by which a player turns the picture. aspect: sample aspect
    ratio. frames: as the container estimates it, or None. duration in seconds. first_pts: of the
    first frame, in units of time_base. display_matrix: the container's nine 16.16 numbers, empty
    where it has none. mastering: the mastering display's red, green, blue and white point
    (x, y each), then least and greatest luminance in cd/m2, empty where unknown. light_level:
    (MaxCLL, MaxFALL) in cd/m2.
    """

    path: Path
    container: str
    stream: int
    codec: str
    width: int
    height: int
    pixel_format: str
    bits: int
    subsampling: tuple[int, int]
    tags: ColorTags
    time_base: Fraction
    rate: Fraction | None
    aspect: Fraction
    rotation: int = 0
    interlaced: bool = False
    top_field_first: bool = True
    has_alpha: bool = False
    is_rgb: bool = False
    frames: int | None = None
    duration: Fraction | None = None
    first_pts: int = 0
    display_matrix: tuple[int, ...] = ()
    mastering: tuple[Fraction, ...] = ()
    light_level: tuple[int, int] | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One decoded frame: its luma as coded, its time, and its chroma where that was asked for.

    luma: (h, w) uint8 (8 bit) or uint16 (9 to 16 bit), code values, read-only.
    pts and duration: integers in units of time_base (duration 0: unknown).
    alpha: (h, w) like luma, or None. interlaced: the frame holds two fields. chroma: as coded, (ch, cw) code
    values on the film's own grid; None where it was not asked for, or all of it is neutral.
    """

    luma: Plane
    pts: int
    time_base: Fraction
    duration: int = 0
    alpha: Plane | None = None
    interlaced: bool = False
    chroma: Chroma | None = None


@dataclass(frozen=True, slots=True)
class Shot:
    """Frames `start <= i < stop` between two cuts."""

    start: int
    stop: int
