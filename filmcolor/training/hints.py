"""Known colors for a share of the pictures: what hints, references and propagated neighbors will tell at
run time.
"""

import torch
from torch import Tensor

from filmcolor.training.motion import moved, small_motion


def known_colors(ab: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Return known a, b (Lab units, 0 where unknown) and mask, (b, 3, h, w).

    ab: (b, 2, h, w), Lab units. A share of the pictures is told points, a patch, a few scattered colors as a
    reference gives them, everything but holes, or a neighbor's warped color; the others nothing.
    """
    count, _, height, width = ab.shape
    told, kind = torch.rand(2, count, 1, 1, 1, generator=generator, device=ab.device)
    points = _boxes(ab, generator, most=12, low=2, high=8)
    patch = _boxes(ab, generator, most=1, low=8, high=height // 2)
    spread = torch.rand(count, 1, height, width, generator=generator, device=ab.device) < 0.01
    holes = _boxes(ab, generator, most=4, low=8, high=height // 2)
    mask = torch.where(kind < 0.45, points, torch.where(kind < 0.6, patch, spread))
    mask = torch.where(kind < 0.7, mask, ~holes)
    mask = (mask & (told < share)).to(ab.dtype)
    # a neighbor's color along a flow that is a little wrong
    grid = small_motion(count, height, generator, ab.device)
    colors = torch.where(kind > 0.85, moved(ab, grid), ab)
    return torch.cat([colors * mask, mask], 1)


def _boxes(planes: Tensor, generator: torch.Generator, *, most: int, low: int, high: int) -> Tensor:
    """Draw 1 to `most` boxes of random place and size for each of the planes; (b, 1, h, w), True inside."""
    count, _, height, width = planes.shape

    def uniform(*shape: int) -> Tensor:
        return torch.rand(count, *shape, generator=generator, device=planes.device)

    used = torch.arange(most, device=planes.device) < 1 + (uniform(1) * most).floor()
    inside = []
    for length in (height, width):
        side = low + (uniform(most, 1) * (high - low + 1)).floor()
        start = (uniform(most, 1) * (length - side).clamp_min(1)).floor()
        place = torch.arange(length, device=planes.device)
        inside.append(((place >= start) & (place < start + side)).to(planes.dtype))
    rows, columns = inside
    return (torch.einsum("bkh,bkw->bhw", rows * used[..., None], columns) > 0)[:, None]
