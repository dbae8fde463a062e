"""What the networks are trained for: the cGAN and L1 losses of Isola et al., CVPR 2017, and what we add.

Total of the generator (settings.LossSettings holds the weights):
    adversarial * L_cGAN + l1 * L_L1                                            (Isola et al., equation 4)
    + cross_entropy + smooth_l1 + perceptual + colorfulness + hue_balance + consistency
With teachers (teachers.py), cross_entropy and smooth_l1 have the share `taught` of their target from them.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

BIN_STEP = 12.0  # Lab units
_REACH = 9  # bins to each side of gray
_SIDE = 2 * _REACH + 1
_MOST_WEIGHT = 6.0
_SECTORS = 8


class ColorBins:
    """Color classes on a grid of 12 Lab units, with weights that favor rare ones.

    After Zhang, Isola and Efros, ECCV 2016; we splat bilinearly on four bins instead of a Gaussian on five.
    centers: (K, 2) Lab units; counts: (19 * 19,) how often each cell of the full grid occurs.
    """

    def __init__(self, centers: Tensor, counts: Tensor, rebalance: float) -> None:
        self.centers = centers
        grid = _grid(centers.device)
        self._class_of = torch.cdist(grid, centers).argmin(1)
        share = counts / counts.sum()
        prior = torch.zeros(len(centers), device=centers.device).index_add_(0, self._class_of, share)
        prior = prior.clamp_min(1e-7)
        weight = 1 / ((1 - rebalance) * prior + rebalance / len(centers))
        self._weight = (weight / (weight * prior).sum()).clamp(max=_MOST_WEIGHT)

    def encode(self, ab: Tensor) -> tuple[Tensor, Tensor]:
        """ab: (b, 2, h, w). Returns the four nearest classes (b, 4, h, w) and their shares, which sum to
        1.
        """
        place = (ab / BIN_STEP).clamp(-_REACH + 1e-3, _REACH - 1e-3) + _REACH
        corner = place.floor()
        rest = place - corner
        cell = corner.long()
        classes, shares = [], []
        for i in (0, 1):
            for j in (0, 1):
                row, column = (cell[:, 0] + i).clamp(max=_SIDE - 1), (cell[:, 1] + j).clamp(max=_SIDE - 1)
                classes.append(self._class_of[row * _SIDE + column])
                along = rest[:, 0] if i else 1 - rest[:, 0]
                across = rest[:, 1] if j else 1 - rest[:, 1]
                shares.append(along * across)
        return torch.stack(classes, 1), torch.stack(shares, 1)

    def cross_entropy(self, logits: Tensor, ab: Tensor, rebalanced: bool = True) -> Tensor:
        """logits: (b, K, h, w), ab: (b, 2, h, w). Mean over pixels, weighted by how rare the color is."""
        classes, shares = self.encode(ab)
        loss = -(logits.float().log_softmax(1).gather(1, classes) * shares).sum(1)
        if rebalanced:
            loss = loss * (self._weight[classes] * shares).sum(1)
        return loss.mean()


def taught_cross_entropy(logits: Tensor, share: Tensor) -> Tensor:
    """logits: (b, K, h, w), share: (b, K, h, w) that teachers give each class. Mean over pixels."""
    return -(logits.float().log_softmax(1) * share).sum(1).mean()


def _grid(device: torch.device) -> Tensor:
    index = torch.arange(_SIDE * _SIDE, device=device)
    return torch.stack([index // _SIDE - _REACH, index % _SIDE - _REACH], 1).float() * BIN_STEP


def count_colors(ab: Tensor) -> Tensor:
    """ab: (b, 2, h, w). Returns (19 * 19,) float64: pixels in each cell of the grid."""
    cell = (ab / BIN_STEP).round().clamp(-_REACH, _REACH).long() + _REACH
    return torch.bincount((cell[:, 0] * _SIDE + cell[:, 1]).flatten(), minlength=_SIDE * _SIDE).double()


def occurring_centers(counts: Tensor, least: float = 2e-5) -> Tensor:
    """Return the centers (K, 2) of the cells that hold at least a share `least` of all pixels."""
    return _grid(counts.device)[counts / counts.sum() > least]


def l1(made: Tensor, real: Tensor) -> Tensor:
    """L_L1 of Isola et al. on ab as -1..1."""
    return (made - real).abs().mean() / 110


def smooth_l1(made: Tensor, real: Tensor) -> Tensor:
    """Smooth L1 in tens of Lab units, up to 2.5 times as heavy where the truth is vivid."""
    vivid = 1 + (real.norm(dim=1, keepdim=True) / 40).clamp(max=1.5)
    loss: Tensor = F.smooth_l1_loss(made, real, beta=4.0, reduction="none") * vivid
    return loss.mean() / 10


def perceptual(made: Sequence[Tensor], real: Sequence[Tensor]) -> Tensor:
    """Mean relative L1 between features of a frozen network."""
    parts = [
        (m.float() - r.float()).abs().mean() / (r.float().abs().mean() + 1e-3)
        for m, r in zip(made, real, strict=True)
    ]
    return torch.stack(parts).mean()


def colorfulness(rgb: Tensor) -> Tensor:
    """Hasler and Suesstrunk's colorfulness (2003) of each picture (b, 3, h, w) in 0..1; about 0..110 comes
    out.
    """
    rg = (rgb[:, 0] - rgb[:, 1]).flatten(1)
    yb = (0.5 * (rgb[:, 0] + rgb[:, 1]) - rgb[:, 2]).flatten(1)
    spread = (rg.var(1) + yb.var(1) + 1e-6).sqrt()
    offset = (rg.mean(1) ** 2 + yb.mean(1) ** 2 + 1e-6).sqrt()
    return 255 * (spread + 0.3 * offset)


def colorfulness_shortfall(made: Tensor, real: Tensor) -> Tensor:
    """How much less colorful than the truth, one-sided; sRGB pictures (b, 3, h, w)."""
    return (colorfulness(real) - colorfulness(made)).clamp_min(0).mean() / 50


def hue_balance(made: Tensor, real: Tensor) -> Tensor:
    """Differences between batches in the mean color toward eight hues, all of it and its vivid part.

    Keeps an adversarial stage from painting one hue (red patches on dark cloth). made, real: ab (b, 2, h, w).
    """
    angle = torch.arange(_SECTORS, device=made.device) * (2 * math.pi / _SECTORS)
    toward = torch.stack([angle.cos(), angle.sin()], 1)[:, :, None, None].to(made.dtype)
    difference = made.new_zeros(())
    for floor in (0.0, 25.0):
        made_mean = (F.conv2d(made, toward) - floor).relu().mean((0, 2, 3))
        real_mean = (F.conv2d(real, toward) - floor).relu().mean((0, 2, 3))
        difference = difference + (made_mean - real_mean).abs().mean()
    return difference / 5


def consistency(still: Tensor, moving: Tensor) -> Tensor:
    """Difference between color that moved with its picture and color made from the moved picture, in tens."""
    return F.smooth_l1_loss(moving, still.detach(), beta=1.0) / 10


def generator_loss(kind: str, made: Sequence[Tensor]) -> Tensor:
    """L_cGAN for the generator. made: logits of each discriminator on made color; `log` or `hinge`."""
    if kind == "log":
        parts = [
            F.binary_cross_entropy_with_logits(m.float(), torch.ones_like(m, dtype=torch.float32))
            for m in made
        ]
    else:
        parts = [-m.float().mean() for m in made]
    return torch.stack(parts).mean()


def discriminator_loss(kind: str, real: Sequence[Tensor], made: Sequence[Tensor]) -> Tensor:
    """L_cGAN for the discriminators; `log` is halved as in section 3.3 of Isola et al., `hinge` is not."""
    parts = []
    for r, m in zip(real, made, strict=True):
        r, m = r.float(), m.float()
        if kind == "log":
            told = F.binary_cross_entropy_with_logits(r, torch.ones_like(r))
            parts.append((told + F.binary_cross_entropy_with_logits(m, torch.zeros_like(m))) / 2)
        else:
            parts.append(F.relu(1 - r).mean() + F.relu(1 + m).mean())
    return torch.stack(parts).mean()
