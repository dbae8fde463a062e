"""sRGB <-> CIE Lab (D65) in torch, differentiable everywhere, for training.

Source: IEC 61966-2-1 (sRGB), CIE 15 (L*a*b*). The run-time road has its own arithmetic in `color/`.
"""

import torch
from torch import Tensor

_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_WHITE = (0.95047, 1.0, 1.08883)
_EPSILON = 216 / 24389
_KAPPA = 24389 / 27


def _linear(code: Tensor) -> Tensor:
    return torch.where(code <= 0.04045, code / 12.92, ((code.clamp_min(1e-6) + 0.055) / 1.055) ** 2.4)


def _coded(light: Tensor) -> Tensor:
    return torch.where(light <= 0.0031308, 12.92 * light, 1.055 * light.clamp_min(1e-6) ** (1 / 2.4) - 0.055)


def rgb_to_lab(rgb: Tensor) -> Tensor:
    """rgb: (b, 3, h, w), 0..1, sRGB. Returns Lab (b, 3, h, w), L* 0..100."""
    white = torch.tensor(_WHITE, dtype=torch.float64)
    matrix = (torch.tensor(_TO_XYZ, dtype=torch.float64) / white[:, None]).to(rgb)
    xyz = torch.einsum("ij,bjhw->bihw", matrix, _linear(rgb))
    f = torch.where(xyz > _EPSILON, xyz.clamp_min(1e-6) ** (1 / 3), (_KAPPA * xyz + 16) / 116)
    x, y, z = f.unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


def lab_to_rgb(lightness: Tensor, ab: Tensor, clip: bool = True) -> Tensor:
    """lightness: (b, 1, h, w), ab: (b, 2, h, w). Returns sRGB (b, 3, h, w), 0..1 where `clip`."""
    white = torch.tensor(_WHITE, dtype=torch.float64)
    inverse = (torch.linalg.inv(torch.tensor(_TO_XYZ, dtype=torch.float64)) * white[None, :]).to(ab)
    fy = (lightness + 16) / 116
    f = torch.cat([fy + ab[:, :1] / 500, fy, fy - ab[:, 1:] / 200], 1)
    xyz = torch.where(f > 6 / 29, f**3, (116 * f - 16) / _KAPPA)
    rgb = _coded(torch.einsum("ij,bjhw->bihw", inverse, xyz))
    return rgb.clamp(0, 1) if clip else rgb


def lightness_of_luma(luma: Tensor) -> Tensor:
    """L* (0..100) of the gray sRGB picture with these code values (0..1): what the network sees of a film."""
    light = _linear(luma.clamp(0, 1))
    return torch.where(light > _EPSILON, 116 * light.clamp_min(1e-6) ** (1 / 3) - 16, _KAPPA * light)
