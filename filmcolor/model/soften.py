"""A small blur of what the network sees.

The shipped weights learned from small pictures that training enlarged; a frame reduced to the working size is
sharper than any of them. As soft as those it gets better color (docs/training.md has the figures).
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def gaussian(deviation: float) -> Tensor:
    """Return a Gaussian kernel (2 n + 1,) float32 that sums to 1, n of three standard deviations; (1,) for 0."""
    reach = math.ceil(3 * deviation)
    place = torch.arange(-reach, reach + 1, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (place / deviation) ** 2) if deviation > 0 else torch.ones(1)
    return kernel / kernel.sum()


def soften(planes: Tensor, kernel: Tensor) -> Tensor:
    """Filter planes (b, 1, h, w) by an odd kernel (n,) along both axes; borders repeat their last value."""
    reach = len(kernel) // 2
    if not reach:
        return planes
    wide = F.pad(planes, (reach, reach, reach, reach), mode="replicate")
    return F.conv2d(F.conv2d(wide, kernel.view(1, 1, 1, -1)), kernel.view(1, 1, -1, 1))
