"""Bleeding: how wrong color is beside the edges of luma, where it would run over.

Own definition: pixels within 3 of an edge that Canny's detector (1986; thresholds 50 and 150 on 8-bit luma)
finds. A picture's general error counts as well, so compare ways to enlarge the same color, or two systems.
"""

import cv2
import numpy as np
import numpy.typing as npt

from filmcolor.quality.frames import Array

REACH = 3  # pixels
_LOW, _HIGH = 50, 150


def near_edges(luma: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """Return which pixels of luma (h, w), 0..255, lie within `REACH` of an edge."""
    codes = np.clip(np.rint(luma), 0, 255).astype(np.uint8)
    found = cv2.Canny(codes, _LOW, _HIGH)
    side = 2 * REACH + 1
    return np.asarray(cv2.dilate(found, np.ones((side, side), np.uint8)) > 0)


def edge_error(lab: Array, true_lab: Array, luma: npt.NDArray[np.floating]) -> float | None:
    """Return the mean distance of (a, b) from the truth's near edges of luma, or None without an edge.

    lab, true_lab: (h, w, 3) CIE Lab. luma: (h, w), 0..255.
    """
    near = near_edges(luma)
    if not near.any():
        return None
    return float(np.linalg.norm(lab[near, 1:] - true_lab[near, 1:], axis=-1).mean())
