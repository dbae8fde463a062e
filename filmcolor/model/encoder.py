"""EfficientNet-Lite as a feature extractor, with its batch norms folded away.

Architecture: Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML
2019, in its Lite form (no squeeze-excite, ReLU6). Weights may start from the public Apache-2.0 classifier:
NOTICE.
"""

import math
from collections.abc import Mapping

import torch.nn.functional as F
from torch import Tensor, nn

# expansion, channels, repeats, stride of the first, kernel
_STAGES = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)
# factors on width and depth; `tiny` is ours, for trials of the training
SCALES: Mapping[str, tuple[float, float]] = {
    "tiny": (0.25, 0.34),
    "lite0": (1.0, 1.0),
    "lite1": (1.0, 1.1),
    "lite2": (1.1, 1.2),
}
BATCH_NORM_EPSILON = 1e-3  # TensorFlow's, in the public checkpoints


class FoldedConv(nn.Module):
    """Convolution with bias and, unless `act` is False, ReLU6; 'same' padding as TensorFlow pads.

    A strided layer of TensorFlow pads more at the end than at the start; symmetric padding costs accuracy.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        kernel: int,
        stride: int = 1,
        groups: int = 1,
        act: bool = True,
    ) -> None:
        super().__init__()
        padding = 0 if stride == 2 else kernel // 2
        self.conv = nn.Conv2d(channels_in, channels_out, kernel, stride, padding, groups=groups)
        self.pad = ((kernel - 2) // 2, (kernel - 1) // 2) * 2 if stride == 2 else None
        self.act = act

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> (b, c', h/stride, w/stride)."""
        if self.pad is not None:
            x = F.pad(x, self.pad)
        x = self.conv(x)
        return F.relu6(x, inplace=True) if self.act else x


class InvertedResidual(nn.Module):
    """Widen, filter each channel, narrow; the input is added where shapes agree."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = channels_in * expansion
        self.expand = FoldedConv(channels_in, hidden, 1) if expansion != 1 else nn.Identity()
        self.depth = FoldedConv(hidden, hidden, kernel, stride, groups=hidden)
        self.project = FoldedConv(hidden, channels_out, 1, act=False)
        self.residual = stride == 1 and channels_in == channels_out

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> (b, c', h/stride, w/stride)."""
        y: Tensor = self.project(self.depth(self.expand(x)))
        return x + y if self.residual else y


def _scaled_width(channels: int, factor: float) -> int:
    """Scale, round to a multiple of 8, never lose more than a tenth (the reference's rule)."""
    wanted = channels * factor
    width = max(8, int(wanted + 4) // 8 * 8)
    return width + 8 if width < 0.9 * wanted else width


class EfficientNetLite(nn.Module):
    """Features of a picture at strides 2, 4, 8, 16 and 32; `channels` tells how many at each."""

    def __init__(self, name: str = "lite0") -> None:
        super().__init__()
        width_factor, depth_factor = SCALES[name]
        self.stem = FoldedConv(3, 32, 3, 2)
        blocks: list[nn.Module] = []
        taps: list[int] = []  # blocks before which a feature map is taken: those that halve it
        widths: list[int] = []
        channels = 32
        for number, (expansion, width, repeats, stride, kernel) in enumerate(_STAGES):
            width = _scaled_width(width, width_factor)
            count = repeats if number in (0, len(_STAGES) - 1) else math.ceil(repeats * depth_factor)
            if stride == 2:
                taps.append(len(blocks))
                widths.append(channels)
            for index in range(count):
                blocks.append(
                    InvertedResidual(channels, width, kernel, stride if index == 0 else 1, expansion)
                )
                channels = width
        self.blocks = nn.ModuleList(blocks)
        self.taps = tuple(taps)
        self.channels = (*widths, channels)

    def forward(self, x: Tensor) -> list[Tensor]:
        """x: (b, 3, h, w), code values 0..255 as (x - 127) / 128. Returns one map per stride 2 to 32."""
        x = self.stem(x)
        features = []
        for index, block in enumerate(self.blocks):
            if index in self.taps:
                features.append(x)
            x = block(x)
        features.append(x)
        return features


def fold_classifier(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the public EfficientNet-Lite classifier's tensors to ours and fold its batch norms.

    checkpoint: tensors by timm's names (`conv_stem`, `bn1`, `blocks.S.R.*`); its classifier is left out.
    Returns the state of an `EfficientNetLite`, float32.
    """
    renamed = _renamed(checkpoint)
    folded = {}
    for name in [n for n in renamed if n.endswith("conv.weight")]:
        layer = name.removesuffix("conv.weight")
        gain = renamed[layer + "bn.weight"] / (renamed[layer + "bn.running_var"] + BATCH_NORM_EPSILON).sqrt()
        folded[name] = (renamed[name] * gain[:, None, None, None]).contiguous()
        folded[layer + "conv.bias"] = renamed[layer + "bn.bias"] - renamed[layer + "bn.running_mean"] * gain
    return folded


def _renamed(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    first = {"conv_dw": "depth.conv", "bn1": "depth.bn", "conv_pw": "project.conv", "bn2": "project.bn"}
    other = {
        "conv_pw": "expand.conv",
        "bn1": "expand.bn",
        "conv_dw": "depth.conv",
        "bn2": "depth.bn",
        "conv_pwl": "project.conv",
        "bn3": "project.bn",
    }
    places = sorted({tuple(map(int, n.split(".")[1:3])) for n in checkpoint if n.startswith("blocks.")})
    order = {place: index for index, place in enumerate(places)}
    renamed = {}
    for name, tensor in checkpoint.items():
        if "num_batches" in name:
            continue
        if name.startswith("conv_stem."):
            renamed["stem.conv.weight"] = tensor.float()
        elif name.startswith("bn1."):
            renamed["stem.bn." + name.split(".")[1]] = tensor.float()
        elif name.startswith("blocks."):
            _, stage, repeat, layer, leaf = name.split(".")
            table = first if stage == "0" else other
            renamed[f"blocks.{order[int(stage), int(repeat)]}.{table[layer]}.{leaf}"] = tensor.float()
    return renamed
