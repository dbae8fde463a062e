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
    mask = torch.zeros(count, 1, height, width)
    draw = torch.rand(count, 2, generator=generator, device=ab.device).cpu()
    local = torch.Generator().manual_seed(
        int(torch.randint(2**62, (1,), generator=generator, device=ab.device)) if count else 0
    )
    warped = torch.zeros(count, dtype=torch.bool)
    for index in range(count):
        if draw[index, 0] >= share:
            continue
        kind = float(draw[index, 1])
        if kind < 0.45:
            _boxes(mask[index, 0], local, most=12, low=2, high=8, value=1.0)
        elif kind < 0.6:
            _boxes(mask[index, 0], local, most=1, low=8, high=height // 2, value=1.0)
        elif kind < 0.7:
            mask[index, 0] = (torch.rand(height, width, generator=local) < 0.01).float()
        else:
            mask[index] = 1.0
            _boxes(mask[index, 0], local, most=4, low=8, high=height // 2, value=0.0)
            warped[index] = kind > 0.85
    mask = mask.to(ab.device)
    colors = ab
    if bool(warped.any()):
        # a neighbor's color along a flow that is a little wrong
        chosen = warped.to(ab.device)
        grid = small_motion(count, height, generator, ab.device)
        colors = torch.where(chosen[:, None, None, None], moved(ab, grid), ab)
    return torch.cat([colors * mask, mask], 1)


def _boxes(mask: Tensor, generator: torch.Generator, *, most: int, low: int, high: int, value: float) -> None:
    """Fill 1 to `most` boxes of random place and size in a mask (h, w)."""

    def whole(bound: int) -> int:
        return int(torch.randint(max(1, bound), (1,), generator=generator))

    for _ in range(1 + whole(most)):
        box_h, box_w = low + whole(high - low + 1), low + whole(high - low + 1)
        top, left = whole(mask.shape[0] - box_h), whole(mask.shape[1] - box_w)
        mask[top : top + box_h, left : left + box_w] = value
