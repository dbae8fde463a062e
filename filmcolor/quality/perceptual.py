"""Perceptual distance: how far apart two pictures are to a network that was calibrated on people.

LPIPS and ST-LPIPS are this arithmetic with different trunks: unit-length features, squared difference,
one weight per feature, mean over places, sum over layers.
Source: Zhang, Isola, Efros, Shechtman, Wang 2018, section 3.1.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional

from filmcolor.quality.frames import Rgb, codes

Trunk = Callable[[Tensor], Sequence[Tensor]]


def to_network(rgb: Rgb, device: str = "cpu") -> Tensor:
    """Return pictures (h, w, 3) or (n, h, w, 3), 0..255, as (n, 3, h, w) float32 in -1..1."""
    x = codes(rgb)
    x = x[None] if x.ndim == 3 else x
    return torch.from_numpy(x).permute(0, 3, 1, 2).to(device, torch.float32) / 127.5 - 1.0


@dataclass(slots=True)
class PerceptualDistance:
    """Distance of two batches; `update`/`compute` give the mean over all pictures seen.

    trunk: (n, 3, h, w) -> features of each layer. heads: one (1, c, 1, 1) weight per layer. shift, scale:
    per channel, taken off the -1..1 picture first. name: net, package and weights, as it is reported.
    """

    name: str
    trunk: Trunk
    heads: Sequence[Tensor]
    shift: Tensor
    scale: Tensor
    device: str = "cpu"
    _values: list[float] = field(default_factory=list)

    def features(self, pictures: Tensor) -> list[Tensor]:
        """Return unit-length features per layer of (n, 3, h, w) in -1..1.

        Raises ValueError on values outside: pictures fed as 0..255 give plausible wrong distances.
        """
        if pictures.ndim != 4 or pictures.shape[1] != 3:
            raise ValueError(f"expected (n, 3, h, w), got {tuple(pictures.shape)}")
        if float(pictures.min()) < -1.001 or float(pictures.max()) > 1.001:
            raise ValueError("expected pictures in -1..1, not 0..255")
        with torch.no_grad():
            layers = self.trunk((pictures - self.shift) / self.scale)
            return [x / ((x * x).sum(1, keepdim=True).sqrt() + 1e-10) for x in layers]

    def between(self, made: Sequence[Tensor], truth: Sequence[Tensor]) -> Tensor:
        """Return distances (n,) of two batches of `features`."""
        with torch.no_grad():
            parts = [
                functional.conv2d((p - g) ** 2, head).mean((1, 2, 3))
                for p, g, head in zip(made, truth, self.heads, strict=True)
            ]
            return torch.stack(parts).sum(0)

    def __call__(self, made: Tensor, truth: Tensor) -> Tensor:
        """Return distances (n,) of pictures (n, 3, h, w) in -1..1; 0 is the same."""
        if made.shape != truth.shape:
            raise ValueError(f"expected equal shapes, got {tuple(made.shape)} and {tuple(truth.shape)}")
        return self.between(self.features(made), self.features(truth))

    def update(self, made: Rgb, truth: Rgb) -> None:
        """Add pictures (h, w, 3) or (n, h, w, 3), 0..255."""
        found = self(to_network(made, self.device), to_network(truth, self.device))
        self._values.extend(float(v) for v in found)

    def compute(self) -> float | None:
        """Return the mean distance, or None without a picture."""
        return sum(self._values) / len(self._values) if self._values else None
