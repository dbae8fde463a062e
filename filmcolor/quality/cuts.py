"""Where the truth's shots change, so that no steadiness figure crosses a cut.

Apart from the product's own detector: a judge does not ask the judged.
"""

import itertools
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt


def cuts_of(luma: Sequence[npt.NDArray[np.uint8]]) -> frozenset[int]:
    """Return the first frames of new shots. luma: frames (h, w) uint8.

    A cut is one pair of thumbnails that correlate under 0.6 while the pairs before and after it do
    better by 0.2: a flash spoils two pairs, fast motion many. The mean is out of it, so that exposure
    flicker does not fire.
    """
    small = [cv2.resize(x, (16, 9), interpolation=cv2.INTER_AREA).astype(np.float64).ravel() for x in luma]
    like = [1.0]
    for a, b in itertools.pairwise(small):
        like.append(float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 and b.std() > 0 else 1.0)
    like.append(1.0)
    return frozenset(
        i for i in range(1, len(small)) if like[i] < 0.6 and like[i] + 0.2 < min(like[i - 1], like[i + 1])
    )
