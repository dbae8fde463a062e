"""Pictures as films have them: what the network sees when stock, age and copies have been at a picture,
dissolves, and what its teachers see.

Only the input is aged; the colors to learn stay those of the picture, or of both pictures of a dissolve.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from filmcolor.training.lab import lightness_of_luma

_BT601 = (0.299, 0.587, 0.114)
_BT709 = (0.2126, 0.7152, 0.0722)
_ORTHOCHROMATIC = (0.05, 0.5, 0.45)  # blind to red


def seen_lightness(rgb: Tensor, old: float, generator: torch.Generator) -> Tensor:
    """Return what the network sees (b, 1, h, w), L* 0..100: from luma as for a film, aged in a share `old`.

    rgb: (b, 3, h, w), 0..1. Ageing: spectral weights toward orthochromatic stock, gamma, fading, uneven
    light, blur, lost detail, grain, scratches, dirt, block coding.
    """
    count = len(rgb)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(count, *shape, generator=generator, device=rgb.device)

    def normal(*shape: int) -> Tensor:
        return torch.randn(count, *shape, generator=generator, device=rgb.device)

    def some(share: float) -> Tensor:
        return uniform(1, 1, 1) < share

    bt601, bt709, ortho = (rgb.new_tensor(weights) for weights in (_BT601, _BT709, _ORTHOCHROMATIC))
    plain = torch.where(uniform(1) < 0.5, bt601, bt709)
    clean = (rgb * plain[:, :, None, None]).sum(1, keepdim=True)
    mix = uniform(1) ** 2 * 0.7
    weights = plain * (1 - mix) + ortho * mix + 0.04 * normal(3)
    weights = weights / weights.sum(1, keepdim=True)
    aged = (rgb * weights[:, :, None, None]).sum(1, keepdim=True).clamp(0, 1)
    aged = aged.clamp_min(1e-4) ** torch.exp(0.25 * normal(1, 1, 1))
    black, white = uniform(1, 1, 1) * 0.12, 1 - uniform(1, 1, 1) * 0.12
    aged = black + (white - black) * aged
    aged = torch.where(some(0.3), aged * _uneven_light(normal(1, 2, 2), aged.shape[-2:]), aged)
    blurred = F.avg_pool2d(F.pad(aged, (1, 1, 1, 1), mode="reflect"), 3, 1)
    aged = torch.where(some(0.4), blurred, aged)
    coarse = F.interpolate(F.avg_pool2d(aged, 2), scale_factor=2.0, mode="bilinear", align_corners=False)
    aged = torch.where(some(0.15), coarse, aged)
    aged = aged + uniform(1, 1, 1) ** 2 * 0.06 * normal(*aged.shape[1:])
    aged = torch.where(some(0.15), _scratched(aged, uniform(3), normal(aged.shape[-1])), aged)
    aged = torch.where(some(0.1), _dirty(aged, uniform(1, aged.shape[-2] // 4, aged.shape[-1] // 4)), aged)
    aged = torch.where(some(0.2), _block_coded(aged, uniform(1, 1, 1)), aged)
    return lightness_of_luma(torch.where(some(old), aged, clean))


def unaged_lightness(rgb: Tensor) -> Tensor:
    """L* (b, 1, h, w), 0..100, of the luma (BT.709) of sRGB pictures (b, 3, h, w), 0..1."""
    weights = rgb.new_tensor(_BT709)[:, None, None]
    return lightness_of_luma((rgb * weights).sum(1, keepdim=True))


def softened(lightness: Tensor) -> Tensor:
    """Blur L* (b, 1, h, w) with a Gaussian of 0.8 pixels.

    The first teachers knew enlarged crops only, and sharp pictures suited them better blurred (docs/training.md).
    """
    offsets = torch.arange(-2, 3, device=lightness.device, dtype=lightness.dtype)
    kernel = torch.exp(-0.5 * (offsets / 0.8) ** 2)
    kernel = (kernel / kernel.sum()).view(1, 1, 1, 5)
    wide = F.conv2d(F.pad(lightness, (2, 2, 2, 2), mode="reflect"), kernel)
    return F.conv2d(wide, kernel.transpose(2, 3))


def dissolved(rgb: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Let another picture of the batch shine through a share of the pictures, by up to a half.

    rgb: (b, 3, h, w), code values 0..1, which is what a dissolve mixes. Also keeps a network from learning
    pictures by heart: mixup (Zhang et al., ICLR 2018) whose mixed truth is exact.
    """
    count = len(rgb)
    draw = torch.rand(2, count, 1, 1, 1, generator=generator, device=rgb.device)
    other = torch.where(draw[0] < share, 0.5 * draw[1], 0.0)
    return rgb.lerp(rgb.roll(1, 0), other)


def _uneven_light(corners: Tensor, size: torch.Size) -> Tensor:
    """corners: (b, 1, 2, 2). A lens or a projector that lights the frame unevenly."""
    return 1 + 0.12 * F.interpolate(corners, size=size, mode="bilinear", align_corners=True)


def _scratched(luma: Tensor, draw: Tensor, jitter: Tensor) -> Tensor:
    """One vertical scratch, white or black. draw: (b, 3) position, sign, strength; jitter: (b, w)."""
    width = luma.shape[-1]
    column = torch.arange(width, device=luma.device)
    distance = (column[None] - draw[:, :1] * width).abs() + 0.2 * jitter.abs()
    profile = (
        torch.exp(-((distance / 0.8) ** 2))
        * (0.2 + 0.5 * draw[:, 2:])
        * torch.where(draw[:, 1:2] < 0.7, 1.0, -1.0)
    )
    return luma + profile[:, None, None, :]


def _dirty(luma: Tensor, draw: Tensor) -> Tensor:
    """Specks of dirt. draw: (b, 1, h/4, w/4), uniform."""
    specks = F.interpolate((draw > 0.995).float(), size=luma.shape[-2:], mode="bilinear", align_corners=False)
    return luma - 0.5 * specks


def _block_coded(luma: Tensor, draw: Tensor) -> Tensor:
    """Quantized 8x8 cosine blocks, as low-rate video and JPEG have them. draw: (b, 1, 1, 1) strength."""
    b, _, h, w = luma.shape
    n = torch.arange(8, device=luma.device, dtype=luma.dtype)
    basis = torch.cos(math.pi * (n[None] + 0.5) * n[:, None] / 8) * 0.5
    basis[0] *= math.sqrt(0.5)
    blocks = luma.reshape(b, h // 8, 8, w // 8, 8).permute(0, 1, 3, 2, 4)
    coefficients = basis @ blocks @ basis.t()
    step = (0.02 + 0.12 * draw[..., None]) * (1 + 0.5 * (n[:, None] + n[None]))
    coded = basis.t() @ ((coefficients / step).round() * step) @ basis
    return coded.permute(0, 1, 3, 2, 4).reshape(b, 1, h, w)
