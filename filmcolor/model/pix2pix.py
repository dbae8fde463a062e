"""The generator `unet_256` of Isola, Zhu, Zhou and Efros, "Image-to-Image Translation with Conditional
Adversarial Networks", CVPR 2017, for lightness to ab.

Encoder C64-C128-C256-C512-C512-C512-C512-C512, decoder CD512-CD512-CD512-C512-C256-C128-C64 with skips
(section 6.1.1 of the paper). The noise z is dropout in three layers, on at run time too, and batch norm
always uses the statistics of the batch, which is one picture at run time (section 3.4).
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from filmcolor.model.generator import AB_SCALE

_STEP = 256  # eight halvings
_WEIGHT_DEVIATION = 0.02


class KeyedDropout(nn.Module):
    """Dropout whose noise is a function of (seed, frame, layer) when keys are given, else torch's own."""

    def __init__(self, layer: int, share: float = 0.5) -> None:
        super().__init__()
        self.layer = layer
        self.share = share

    def forward(self, x: Tensor, noise: Sequence[tuple[int, int]] | None) -> Tensor:
        """x: (b, c, h, w); noise: (seed, frame) of each picture, or None."""
        if noise is None:
            return F.dropout(x, self.share, training=True)
        masks = [self._mask(x.shape[1:], seed, frame) for seed, frame in noise]
        return x * torch.stack(masks).to(x) / (1 - self.share)

    def _mask(self, shape: torch.Size, seed: int, frame: int) -> Tensor:
        # on the CPU, so that every device gets the same noise; odd factors keep neighbors apart
        key = (
            seed * 0x9E3779B97F4A7C15 + frame * 0xBF58476D1CE4E5B9 + self.layer * 0x94D049BB133111EB
        ) % 2**63
        return torch.rand(shape, generator=torch.Generator().manual_seed(key)) >= self.share


def _batch_norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, track_running_stats=False)  # statistics of the batch, also at run time


class Pix2PixGenerator(nn.Module):
    """unet_256 as published, with 1 channel in and 2 out (54.41 million parameters at base 64)."""

    stride = 1  # of the ab that comes out
    takes_known = False

    def __init__(self, base: int = 64) -> None:
        super().__init__()
        widths = [base, base * 2, base * 4, *[base * 8] * 5]
        self.down = nn.ModuleList(
            nn.Conv2d(i, o, 4, 2, 1, bias=n in (0, 7))
            for n, (i, o) in enumerate(zip([1, *widths[:-1]], widths))
        )
        self.down_norm = nn.ModuleList(
            _batch_norm(width) for width in widths[1:-1]
        )  # not the first, not the last
        outs = [*reversed(widths[:-1]), 2]
        ins = [widths[-1], *[2 * width for width in outs[:-1]]]
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(i, o, 4, 2, 1, bias=n == 7) for n, (i, o) in enumerate(zip(ins, outs))
        )
        self.up_norm = nn.ModuleList(_batch_norm(width) for width in outs[:-1])
        self.drop = nn.ModuleList(KeyedDropout(layer) for layer in range(3))  # CD512, three times
        initialize(self)

    def forward(
        self, lightness: Tensor, known: Tensor | None = None, noise: Sequence[tuple[int, int]] | None = None
    ) -> tuple[Tensor, None]:
        """Return ab (b, 2, h, w) in Lab units, and None (there is no color distribution).

        lightness: (b, 1, h, w), 0..100; any size: padded to multiples of 256 by reflection (by repeating the
        edge where it is too small for that). known must be None. noise: (seed, frame) of each picture; None
        draws z from torch's own generator. Raises ValueError on known colors.
        """
        if known is not None:
            raise ValueError("pix2pix takes no known colors")
        height, width = lightness.shape[-2:]
        pad = (-width % _STEP, -height % _STEP)
        mode = "reflect" if pad[0] < width and pad[1] < height else "replicate"
        x = lightness / 50 - 1
        if any(pad):
            x = F.pad(x, (0, pad[0], 0, pad[1]), mode=mode)
        skips: list[Tensor] = []
        for number, layer in enumerate(self.down):
            if number:
                x = F.leaky_relu(x, 0.2)
            x = layer(x)
            if 0 < number < len(self.down) - 1:
                x = self.down_norm[number - 1](x)
            skips.append(x)
        skips.pop()
        for number, layer in enumerate(self.up):
            x = layer(F.relu(x))
            if number < len(self.up_norm):
                x = self.up_norm[number](x)
                if number < len(self.drop):
                    x = self.drop[number](x, noise)
                x = torch.cat([skips.pop(), x], 1)
        return torch.tanh(x.float())[..., :height, :width] * AB_SCALE, None


def initialize(network: nn.Module) -> None:
    """Draw weights from N(0, 0.02), norms' gains from N(1, 0.02), biases zero (section 6.2 of the paper)."""
    if next(network.parameters()).is_meta:  # about to be loaded; torch would import its compiler for it
        return
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, _WEIGHT_DEVIATION)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, _WEIGHT_DEVIATION)
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)
