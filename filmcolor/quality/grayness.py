"""Frames that were silently left gray, as colorizers do when memory runs out."""

from collections.abc import Sequence

import numpy as np

GRAY_BELOW = 2.0
COLORED_ABOVE = 6.0


def gray_frames(mean_chroma: Sequence[float]) -> int:
    """Return how many frames have a mean C* under 2, where the clip's median is over 6 (else 0)."""
    values = np.asarray(mean_chroma, dtype=np.float64)
    if values.size == 0 or float(np.median(values)) <= COLORED_ABOVE:
        return 0
    return int((values < GRAY_BELOW).sum())
