"""PatchGAN discriminators: is the color of each patch of (L*, ab) real or made?

`Pix2PixDiscriminator` is the 70x70 PatchGAN of Isola et al., CVPR 2017 (C64-C128-C256-C512). `PatchGAN` is
ours: the same field of view, spectral norm (Miyato et al., ICLR 2018), for the hinge loss, narrower.
"""

import torch
from torch import Tensor, nn

from filmcolor.model.pix2pix import initialize

RECEPTIVE_FIELD = 70  # pixels: 4 + 3*2 ... through strides 2, 2, 2, 1, 1; held by a test


def _pair(lightness: Tensor, ab: Tensor, ab_scale: float) -> Tensor:
    if lightness.shape[-2:] != ab.shape[-2:]:
        raise ValueError(f"L* {tuple(lightness.shape)} and ab {tuple(ab.shape)} must have one size")
    return torch.cat([lightness / 50 - 1, ab / ab_scale], 1)


class Pix2PixDiscriminator(nn.Module):
    """70x70 PatchGAN as published: 2.77 million parameters for 1 + 2 channels at base 64."""

    def __init__(self, base: int = 64) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, base, 4, 2, 1), nn.LeakyReLU(0.2, True)]
        for i, o, stride in ((1, 2, 2), (2, 4, 2), (4, 8, 1)):
            layers += [
                nn.Conv2d(i * base, o * base, 4, stride, 1, bias=False),
                nn.BatchNorm2d(o * base),
                nn.LeakyReLU(0.2, True),
            ]
        self.net = nn.Sequential(*layers, nn.Conv2d(8 * base, 1, 4, 1, 1))
        initialize(self)

    def forward(self, lightness: Tensor, ab: Tensor) -> Tensor:
        """lightness: (b, 1, h, w), ab: (b, 2, h, w) in Lab units -> logits (b, 1, h/8 - 2, w/8 - 2)."""
        logits: Tensor = self.net(_pair(lightness, ab, 110.0))
        return logits


class PatchGAN(nn.Module):
    """70x70 PatchGAN with spectral norm and no batch norm; sees (L*, ab) at half the training size.

    base: channels of the first layer.
    """

    def __init__(self, base: int = 48) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for width, stride in ((base, 2), (2 * base, 2), (4 * base, 2), (4 * base, 1)):
            layers += [_normed(channels, width, stride), nn.LeakyReLU(0.2, True)]
            channels = width
        self.net = nn.Sequential(*layers, _normed(channels, 1, 1))

    def forward(self, lightness: Tensor, ab: Tensor) -> Tensor:
        """lightness: (b, 1, h, w), ab: (b, 2, h, w) in Lab units -> logits (b, 1, h/8 - 2, w/8 - 2)."""
        logits: Tensor = self.net(_pair(lightness, ab, 60.0))
        return logits


def _normed(channels_in: int, channels_out: int, stride: int) -> nn.Module:
    layer: nn.Module = nn.utils.parametrizations.spectral_norm(
        nn.Conv2d(channels_in, channels_out, 4, stride, 1)
    )
    return layer
