"""Small smooth motion for still pictures, so that the generator learns not to change its mind with it."""

import torch
import torch.nn.functional as F
from torch import Tensor


def small_motion(count: int, size: int, generator: torch.Generator, device: torch.device) -> Tensor:
    """Return sampling grids (count, size, size, 2) for `moved`: a few pixels of shift, turn, zoom and
    bending.
    """

    def normal(*shape: int) -> Tensor:
        return torch.randn(count, *shape, generator=generator, device=device)

    affine = torch.eye(2, 3, device=device).repeat(count, 1, 1)
    affine[:, :, :2] += 0.012 * normal(2, 2)
    affine[:, :, 2] += 0.03 * normal(2)  # two pixels of 128
    grid = F.affine_grid(affine, [count, 1, size, size], align_corners=False)
    bend = F.interpolate(0.012 * normal(2, 4, 4), size=(size, size), mode="bicubic", align_corners=True)
    return grid + bend.permute(0, 2, 3, 1)


def moved(planes: Tensor, grid: Tensor) -> Tensor:
    """Sample planes (b, c, h, w) at a grid (b, H, W, 2), reduced to h and w where it is larger."""
    if grid.shape[1:3] != planes.shape[-2:]:
        small = F.interpolate(grid.permute(0, 3, 1, 2), size=planes.shape[-2:], mode="area")
        grid = small.permute(0, 2, 3, 1)
    return F.grid_sample(planes, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def next_exposure(lightness: Tensor, generator: torch.Generator) -> Tensor:
    """A neighbor frame's exposure and grain: L* (b, 1, h, w) times about 1, plus a little noise."""
    count = len(lightness)
    gain = 1 + 0.04 * torch.randn(count, 1, 1, 1, generator=generator, device=lightness.device)
    grain = torch.rand(count, 1, 1, 1, generator=generator, device=lightness.device) * 1.5
    noise = torch.randn(lightness.shape, generator=generator, device=lightness.device)
    return (lightness * gain + grain * noise).clamp(0, 100)
