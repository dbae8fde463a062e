"""What luma says of a way: color may ride from one place to another where both look the same."""

import cv2
import numpy as np

from filmcolor.flow.compose import Floats, Way, warp
from filmcolor.flow.estimate import Luma

# Lab ab differs little where luma, 3x3 averaged against grain, differs by less than this (code values).
_ALIKE = 18.0
_TRUSTED = 0.5


def trusted(way: Way, here: Luma, there: Luma) -> Floats:
    """Return the confidence of a way, (h, w), lowered where luma at its two ends does not agree.

    here, there: (h, w) uint8 at the start and the end of the way. A change of exposure between them (the
    median difference) is no disagreement.
    """
    difference = warp(there[None].astype(np.float32), way.flow)[0] - here
    seen = way.confidence > _TRUSTED
    if seen.any():
        difference -= np.median(difference[seen][::4])
    difference = cv2.blur(difference, (3, 3), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(way.confidence * np.exp(-np.square(difference / _ALIKE)), np.float32)
