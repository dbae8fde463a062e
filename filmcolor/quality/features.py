"""Features of whole pictures for distances between sets: a network given by path."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from filmcolor.errors import ModelError
from filmcolor.quality.frames import Array
from filmcolor.quality.weights import digest, needed, read_weights

# (expansion, stride, repeats) of MobileNetV2's stages; Sandler et al. 2018, table 2.
_STAGES = [(1, 1, 1), (6, 2, 2), (6, 2, 3), (6, 2, 4), (6, 1, 3), (6, 2, 3), (6, 1, 1)]
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True, slots=True)
class FeatureNet:
    """name: net and weights, as reported. side: square that pictures are resized to. run: (n, 3, side,
    side) in 0..1 -> (n, d).
    """

    name: str
    side: int
    run: Callable[[Tensor], Tensor]
    device: str = "cpu"

    def of(self, pictures: Sequence[npt.NDArray[np.uint8]]) -> Array:
        """Return features (n, d) of pictures (h, w, 3), resized by antialiased bicubic as in clean-fid."""
        resized = [
            np.asarray(Image.fromarray(p).resize((self.side, self.side), Image.Resampling.BICUBIC))
            for p in pictures
        ]
        x = torch.from_numpy(np.stack(resized)).to(self.device).permute(0, 3, 1, 2).float() / 255
        with torch.no_grad():
            out = self.run(x)
        return np.asarray(out.flatten(1).cpu(), dtype=np.float64)


def _mobilenet(weights: dict[str, Tensor], path: Path) -> Callable[[Tensor], Tensor]:
    def conv(x: Tensor, name: str, norm: str, *, stride: int = 1, active: bool = True) -> Tensor:
        weight = needed(weights, f"{name}.weight", path)
        groups = x.shape[1] if weight.shape[1] == 1 else 1
        x = functional.conv2d(x, weight, stride=stride, padding=weight.shape[-1] // 2, groups=groups)
        mean, var, scale, bias = (
            needed(weights, f"{norm}.{v}", path) for v in ("running_mean", "running_var", "weight", "bias")
        )
        x = functional.batch_norm(x, mean, var, scale, bias, eps=1e-5)
        return functional.relu6(x) if active else x

    mean, deviation = (torch.tensor(v).view(1, 3, 1, 1) for v in (_MEAN, _DEVIATION))

    def run(x: Tensor) -> Tensor:
        x = (x - mean.to(x.device)) / deviation.to(x.device)
        x = conv(x, "features.0.0", "features.0.1", stride=2)
        number = 1
        for expansion, first_stride, repeats in _STAGES:
            for repeat in range(repeats):
                block, stride, y = f"features.{number}.conv", first_stride if repeat == 0 else 1, x
                deep = 0
                if expansion > 1:
                    y, deep = conv(y, f"{block}.0.0", f"{block}.0.1"), 1
                y = conv(y, f"{block}.{deep}.0", f"{block}.{deep}.1", stride=stride)
                y = conv(y, f"{block}.{deep + 1}", f"{block}.{deep + 2}", active=False)
                x = x + y if repeat else y
                number += 1
        return conv(x, f"features.{number}.0", f"features.{number}.1").mean((2, 3))

    return run


def load_features(path: Path, device: str = "cpu") -> FeatureNet:
    """Return the network of a file: MobileNetV2 (`.safetensors`, torchvision names) or TorchScript.

    A TorchScript module (`.pt`, `.ts`) takes (n, 3, 299, 299) in 0..1 and returns (n, d), for example the
    FID Inception wrapped so. Raises ModelError where the file is neither.
    """
    if path.suffix == ".safetensors":
        weights = read_weights(path, device)
        needed(weights, "features.18.0.weight", path)
        return FeatureNet(
            f"MobileNetV2 features, weights {digest(path)}", 224, _mobilenet(weights, path), device
        )
    try:
        module = torch.jit.load(str(path), map_location=device).eval()  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError, OSError) as error:
        raise ModelError(f"{path}: neither MobileNetV2 safetensors nor a TorchScript module") from error
    return FeatureNet(f"TorchScript {digest(path)}", 299, module, device)
