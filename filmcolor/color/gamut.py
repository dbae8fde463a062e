"""Tables for composing: the Pb and Pr of a wanted ab at a given luma, and the chroma that luma allows."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from filmcolor.color.srgb import lab_from_rgb, rgb_from_lab
from filmcolor.color.ycbcr import rgb_from_ypbpr, ypbpr_from_rgb

Map = npt.NDArray[np.float32]

LEVELS = 256
"""Levels of luma in the tables, from black to white."""
SPACING = 2.0
"""Distance of the tables' nodes in a and b (4: three times the error, a quarter of the memory)."""
FIRST_A, FIRST_B = -90.0, -112.0
COLUMNS, ROWS = 97, 106  # a to 102, b to 98: sRGB reaches a -86..98, b -108..94, and one node around
HUES = 720

NEAR_BLACK = 1000.0
"""Chroma allowed per unit of luma where luma is nearly black: 4.6 at code 17 of 16..235, free from 13 % on.

The gamut alone allows a chroma of 60 at Y' = 0.03 (pure blue), where luma says nothing but noise.
"""


@dataclass(frozen=True, slots=True)
class Tables:
    """What `compose` looks up for one matrix.

    limit: (LEVELS, HUES + 1) largest chroma C*ab in gamut at a luma and a hue of 0..360 degrees.
    pb, pr: (LEVELS * ROWS, COLUMNS), -0.5..0.5, for each luma a grid over b (down) and a (across).
    """

    limit: Map
    pb: Map
    pr: Map


@lru_cache(maxsize=4)
def tables(kr: float, kb: float) -> Tables:
    """Return the tables of one matrix (KR and KB of ITU-T H.273): made once, 22 MB, kept."""
    limit = _limit(kr, kb)
    pb, pr = _differences(kr, kb, limit.max(axis=0))
    for table in (limit, pb, pr):
        table.flags.writeable = False
    return Tables(limit=limit, pb=pb, pr=pr)


def _limit(kr: float, kb: float) -> Map:
    """Largest chroma by luma and hue.

    At one Y' the gamut's border is a polygon: the plane of that luma cuts the R'G'B' cube. Walk
    around it in the Pb-Pr plane, and read hue and chroma in Lab.
    """
    luma = np.linspace(0.0, 1.0, LEVELS)[:, None]
    angle = np.linspace(0.0, 2 * np.pi, 2 * HUES, endpoint=False)
    way = rgb_from_ypbpr(np.stack((np.zeros_like(angle), np.cos(angle), np.sin(angle)), axis=-1), kr, kb)
    reach = np.full((LEVELS, len(angle)), np.inf)
    for channel in way.T:
        room = np.where(channel > 0, 1 - luma, luma)
        reach = np.minimum(reach, room / np.maximum(np.abs(channel), 1e-9))
    border = lab_from_rgb((luma[..., None] + reach[..., None] * way).clip(0.0, 1.0))
    hue = np.degrees(np.arctan2(border[..., 2], border[..., 1])) % 360
    chroma = np.hypot(border[..., 1], border[..., 2])
    columns = np.arange(HUES + 1) * (360 / HUES)
    limit = np.zeros((LEVELS, HUES + 1))
    for level in range(1, LEVELS - 1):  # black and white have no chroma
        order = np.argsort(hue[level])
        limit[level] = np.interp(columns, hue[level][order], chroma[level][order], period=360)
    return np.minimum(limit, NEAR_BLACK * luma).astype(np.float32)


def _differences(kr: float, kb: float, reach: Map) -> tuple[Map, Map]:
    """Pb and Pr by luma, b and a, where chroma stays within `reach` (by hue).

    Luma of (L, a, b) is computed for a ladder of L and read backwards, also for colors outside the
    gamut (the curves go on, mirrored at 0), since cells at the border need all their corners.
    """
    lightness = np.concatenate((np.linspace(-24, 16, 50, endpoint=False), np.linspace(16, 130, 80)))
    luma = np.linspace(0.0, 1.0, LEVELS)
    pb = np.zeros((LEVELS, ROWS, COLUMNS), np.float32)
    pr = np.zeros_like(pb)
    all_a = FIRST_A + SPACING * np.arange(COLUMNS, dtype=np.float64)
    for row, b in enumerate(FIRST_B + SPACING * np.arange(ROWS)):
        columns = np.flatnonzero(_reached(all_a, b, reach))
        lab = np.empty((len(columns), len(lightness), 3))
        lab[..., 0], lab[..., 1], lab[..., 2] = lightness, all_a[columns, None], b
        made = ypbpr_from_rgb(rgb_from_lab(lab), kr, kb)
        rising = np.maximum.accumulate(made[..., 0], axis=1)
        for at, column in enumerate(columns):
            pb[:, row, column] = np.interp(luma, rising[at], made[at, :, 1])
            pr[:, row, column] = np.interp(luma, rising[at], made[at, :, 2])
    gray = (slice(None), round(-FIRST_B / SPACING), round(-FIRST_A / SPACING))
    pb[gray] = pr[gray] = 0.0  # gray is gray to the last bit
    return pb.reshape(LEVELS * ROWS, COLUMNS), pr.reshape(LEVELS * ROWS, COLUMNS)


def _reached(a: npt.NDArray[np.float64], b: float, reach: Map) -> npt.NDArray[np.bool_]:
    """Whether the nodes (a, b) touch a cell with colors in it; the others are never read."""
    hue = np.degrees(np.arctan2(b, a)) % 360
    around = [reach[np.rint((hue + turn) * HUES / 360).astype(int) % HUES] for turn in (-3, 0, 3)]
    return np.asarray(np.hypot(a, b) <= np.max(around, axis=0) + 3 * SPACING)
