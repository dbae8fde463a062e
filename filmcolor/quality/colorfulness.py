"""Colorfulness of Hasler and Suesstrunk, and how far it is from the truth's."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from filmcolor.quality.frames import Array, Rgb, codes


def _opponents(rgb: Rgb) -> tuple[Array, Array]:
    x = codes(rgb)
    r, g, b = x[..., 0], x[..., 1], x[..., 2]
    return r - g, (r + g) / 2 - b


def _spread(rg: Array, yb: Array) -> float:
    return float(np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()))


def colorfulness(rgb: Rgb) -> float:
    """Return M3, 0..about 300 (0 none, 33 moderate, 59 quite, 109 extreme).

    rgb: (h, w, 3), 0..255. Signed opponents, population deviation. A flat cast raises it: no quality.
    Source: Hasler and Suesstrunk 2003, "Measuring colourfulness in natural images", equation 12.
    """
    return _spread(*_opponents(rgb))


def colorfulness_abs(rgb: Rgb) -> float:
    """Return the variant with |rg| and |yb| that DDColor, CT2 and ColorFormer print (another number)."""
    rg, yb = _opponents(rgb)
    return _spread(np.abs(rg), np.abs(yb))


class DeltaColorfulness(NamedTuple):
    """of_set: |mean made - mean truth|, where errors cancel. per_picture: mean |made - truth|. signed."""

    of_set: float
    per_picture: float
    signed: float


def delta_colorfulness(made: Sequence[float], truth: Sequence[float]) -> DeltaColorfulness:
    """Return three gaps between the colorfulness of pictures and of their truths, pairwise.

    Raises ValueError on lists of unequal length, or empty ones.
    """
    if len(made) != len(truth) or not made:
        raise ValueError(f"expected two lists of equal length, got {len(made)} and {len(truth)}")
    gap = np.asarray(made, dtype=np.float64) - np.asarray(truth, dtype=np.float64)
    return DeltaColorfulness(float(abs(gap.mean())), float(np.abs(gap).mean()), float(gap.mean()))
