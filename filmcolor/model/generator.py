"""The default generator: a compact U-Net from lightness, and known colors if any, to ab.

An EfficientNet-Lite encoder, attention over the whole scene at stride 32, a convolutional decoder, a
distribution over color bins at stride 4 (Zhang, Isola and Efros, "Colorful Image Colorization", ECCV 2016:
rebalanced classes, expectation of the sharpened distribution) and a refined ab at stride 2.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from filmcolor.model.encoder import EfficientNetLite

AB_SCALE = 110.0  # Lab units that the network sees as 1
_HINT_GAIN = 4.0  # lets the zero-started layer of known colors learn faster
_REFINE_GAIN = 20.0  # Lab units of one unit of the refining layer


def _conv(channels_in: int, channels_out: int, kernel: int = 3) -> nn.Sequential:
    layer = nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2)
    if not layer.weight.is_meta:  # a network about to be loaded; torch would import its compiler for it
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return nn.Sequential(layer, nn.ReLU(inplace=True))


class Attention(nn.Module):
    """Transformer block over all places of a small map, norm first, position by a depthwise convolution."""

    def __init__(self, dim: int, heads: int = 4) -> None:
        super().__init__()
        self.pos = nn.Conv2d(dim, dim, 3, padding=1, groups=dim)
        self.n1 = nn.LayerNorm(dim)
        self.n2 = nn.LayerNorm(dim)
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))
        self.heads = heads

    def forward(self, x: Tensor) -> Tensor:
        """(b, dim, h, w) -> the same shape."""
        x = x + self.pos(x)
        b, c, h, w = x.shape
        tokens = x.flatten(2).transpose(1, 2)  # (b, h*w, dim)
        q, k, v = (
            self.qkv(self.n1(tokens)).view(b, h * w, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        )
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, h * w, c)
        tokens = tokens + self.proj(mixed)
        tokens = tokens + self.mlp(self.n2(tokens))
        y: Tensor = tokens.transpose(1, 2).reshape(b, c, h, w)
        return y


class Up(nn.Module):
    """One step of the decoder: enlarge, join the encoder's features of that size, convolve."""

    def __init__(self, deep: int, skip: int, width: int, layers: int = 2, drop: float = 0.0) -> None:
        super().__init__()
        self.skip = _conv(skip, width, 1)
        self.deep = _conv(deep, width, 1)
        self.body = nn.Sequential(_conv(2 * width, width), *[_conv(width, width) for _ in range(layers - 1)])
        self.drop = nn.Dropout2d(drop)  # the noise z of training; off at run time

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """x: (b, deep, h, w), skip: (b, skip, 2h, 2w) -> (b, width, 2h, 2w)."""
        x = F.interpolate(self.deep(x), size=skip.shape[-2:], mode="bilinear", align_corners=False)
        y: Tensor = self.body(self.drop(torch.cat([x, self.skip(skip)], 1)))
        return y


class Generator(nn.Module):
    """U-Net with a color distribution; tensor names are those of the first pilot's weights.

    bins: number of color bins, whose ab (Lab units) are the buffer `centers`. widths: channels of the decoder
    at strides 16, 8, 4 and 2. dim, blocks: attention at stride 32. encoder: a name in `encoder.SCALES`.
    """

    stride = 2  # of the ab that comes out
    takes_known = True

    def __init__(
        self,
        bins: int,
        widths: Sequence[int] = (192, 112, 64, 32),
        dim: int = 256,
        blocks: int = 2,
        encoder: str = "lite0",
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.encoder = EfficientNetLite(encoder)
        c2, c4, c8, c16, c32 = self.encoder.channels
        w16, w8, w4, w2 = widths
        self.hint = nn.Conv2d(3, 3, 1, bias=False)
        nn.init.zeros_(self.hint.weight)  # known colors start without effect on the pretrained encoder
        self.neck = _conv(c32, dim, 1)
        self.attn = nn.ModuleList([Attention(dim) for _ in range(blocks)])
        self.up16 = Up(dim, c16, w16, drop=dropout)
        self.up8 = Up(w16, c8, w8)
        self.up4 = Up(w8, c4, w4)
        self.classify = nn.Conv2d(w4, bins, 1)
        self.up2 = Up(w4, c2, w2, layers=1)
        last = nn.Conv2d(w2, 2, 3, padding=1)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)  # type: ignore[arg-type]
        self.refine = nn.Sequential(_conv(w2 + 2, w2), last)
        self.centers: Tensor
        self.sharp: Tensor
        self.register_buffer("centers", torch.zeros(bins, 2))
        self.register_buffer("sharp", torch.tensor(2.0))

    def forward(
        self, lightness: Tensor, known: Tensor | None = None, noise: Sequence[tuple[int, int]] | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return ab (b, 2, h/2, w/2) in Lab units and logits (b, bins, h/4, w/4), both float32 or autocast's.

        lightness: (b, 1, h, w), 0..100; h and w multiples of 32. known: (b, 3, h, w), known a and b in Lab
        units (0 where unknown) and their mask 0..1, or None. noise: not used, z is off in this network at run
        time.
        """
        x = (lightness * 2.55 - 127) / 128
        x = x.expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)
        if known is not None:
            scale = known.new_tensor([1 / AB_SCALE, 1 / AB_SCALE, 1.0])[:, None, None]
            x = x + self.hint(known * scale) * _HINT_GAIN
        s2, s4, s8, s16, s32 = self.encoder(x)
        x = self.neck(s32)
        for block in self.attn:
            x = block(x)
        x = self.up4(self.up8(self.up16(x, s16), s8), s4)
        logits: Tensor = self.classify(x)
        share = (logits.float() * self.sharp).softmax(1)
        with torch.autocast(lightness.device.type, enabled=False):
            share = share.contiguous(memory_format=torch.channels_last)
            coarse = F.conv2d(share, self.centers.t()[:, :, None, None].contiguous())
        y = self.up2(x, s2)
        coarse = F.interpolate(coarse, size=y.shape[-2:], mode="bilinear", align_corners=False)
        finer: Tensor = self.refine(torch.cat([y, (coarse / AB_SCALE).to(y.dtype)], 1))
        return coarse + _REFINE_GAIN * finer.float(), logits
