"""ST-LPIPS: the shift-tolerant LPIPS, with an AlexNet that blurs before each stride.

Its weights are complete in one file, so that it can be measured where LPIPS' trunk is not at hand. Its
values are its own: not comparable with LPIPS.
Source: Ghildyal and Liu 2022, "Shift-tolerant perceptual similarity metric"; own forward.
"""

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor
from torch.nn import functional

from filmcolor.quality.perceptual import PerceptualDistance, Trunk
from filmcolor.quality.weights import digest, needed, read_weights


def _blur_down(x: Tensor, kernel: Tensor) -> Tensor:
    padded = functional.pad(x, (2, 2, 2, 2), mode="reflect")
    return functional.conv2d(padded, kernel, stride=2, groups=x.shape[1])


def _trunk(weights: dict[str, Tensor], path: Path) -> Trunk:
    def kernel(name: str) -> Tensor:
        return needed(weights, f"net.{name}.filt", path)

    def conv(x: Tensor, name: str, padding: int) -> Tensor:
        weight, bias = needed(weights, f"net.{name}.weight", path), needed(weights, f"net.{name}.bias", path)
        return functional.conv2d(x, weight, bias, padding=padding)

    def run(x: Tensor) -> Sequence[Tensor]:
        first = functional.relu(_blur_down(conv(x, "slice1.0", 2), kernel("slice1.1")))
        x = _blur_down(functional.max_pool2d(first, 3, 1), kernel("slice2.4"))
        second = functional.relu(conv(x, "slice2.5", 2))
        x = _blur_down(functional.max_pool2d(second, 3, 1), kernel("slice3.8"))
        third = functional.relu(conv(x, "slice3.9", 1))
        fourth = functional.relu(conv(third, "slice4.11", 1))
        fifth = functional.relu(conv(fourth, "slice5.13", 1))
        return first, second, third, fourth, fifth

    return run


def load_stlpips(path: Path, device: str = "cpu") -> PerceptualDistance:
    """Return ST-LPIPS (AlexNet) from a complete weight file. Raises ModelError where it is another."""
    weights = read_weights(path, device)
    heads = [needed(weights, f"lin{i}.model.1.weight", path) for i in range(5)]
    for name in ("slice1.0", "slice2.5", "slice3.9", "slice4.11", "slice5.13"):
        needed(weights, f"net.{name}.weight", path)
    shift, scale = (needed(weights, f"scaling_layer.{v}", path) for v in ("shift", "scale"))
    return PerceptualDistance(
        f"ST-LPIPS alex, weights {digest(path)}", _trunk(weights, path), heads, shift, scale, device
    )
