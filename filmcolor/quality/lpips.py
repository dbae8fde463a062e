"""LPIPS v0.1 with the AlexNet or VGG16 trunk.

Our own forward, since the package needs torchvision, which is not at hand everywhere; it is held to the
package with one shared trunk (tests/quality/test_lpips.py). The small heads are read by path from the
installed `lpips` package, the trunk from the user's torch hub cache or from a file. Nothing is downloaded:
what is missing is named in a NotMeasured.
"""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from filmcolor.errors import ModelError
from filmcolor.quality.perceptual import PerceptualDistance, Trunk
from filmcolor.quality.weights import NotMeasured, digest, needed, read_weights

Net = Literal["alex", "vgg"]

# (index in torchvision's `features`, stride, padding, max-pool before it, tap after its ReLU)
_ALEX = [
    (0, 4, 2, False, True),
    (3, 1, 2, True, True),
    (6, 1, 1, True, True),
    (8, 1, 1, False, True),
    (10, 1, 1, False, True),
]
_VGG = [
    *[(0, 1, 1, False, False), (2, 1, 1, False, True)],
    *[(5, 1, 1, True, False), (7, 1, 1, False, True)],
    *[(10, 1, 1, True, False), (12, 1, 1, False, False), (14, 1, 1, False, True)],
    *[(17, 1, 1, True, False), (19, 1, 1, False, False), (21, 1, 1, False, True)],
    *[(24, 1, 1, True, False), (26, 1, 1, False, False), (28, 1, 1, False, True)],
]
_PLANS = {"alex": (_ALEX, 3), "vgg": (_VGG, 2)}  # layers, side of the stride-2 max-pool
_HUB_NAMES = {"alex": "alexnet-owt-*.pth", "vgg": "vgg16-*.pth"}
_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)


def trunk_of(weights: dict[str, Tensor], net: Net, path: Path = Path("trunk")) -> Trunk:
    """Return the trunk whose `features.N.weight` and `.bias` are given; five layers come out of it."""
    plan, side = _PLANS[net]
    layers = [
        (
            needed(weights, f"features.{i}.weight", path),
            needed(weights, f"features.{i}.bias", path),
            stride,
            padding,
            pooled,
            tapped,
        )
        for i, stride, padding, pooled, tapped in plan
    ]

    def run(x: Tensor) -> Sequence[Tensor]:
        taps = []
        for weight, bias, stride, padding, pooled, tapped in layers:
            x = functional.max_pool2d(x, side, 2) if pooled else x
            x = functional.relu(functional.conv2d(x, weight, bias, stride=stride, padding=padding))
            if tapped:
                taps.append(x)
        return taps

    return run


def find_heads(net: Net) -> Path:
    """Return the head weights inside the installed `lpips` package, which is not imported."""
    found = importlib.util.find_spec("lpips")
    for folder in (found.submodule_search_locations or []) if found else []:
        path = Path(folder) / "weights" / "v0.1" / f"{net}.pth"
        if path.is_file():
            return path
    raise NotMeasured("the lpips package is not installed: pip install 'filmcolor[bench]'")


def find_trunk(net: Net) -> Path:
    """Return the trunk in the user's torch hub cache."""
    cache = Path(torch.hub.get_dir()) / "checkpoints"
    for path in sorted(cache.glob(_HUB_NAMES[net])):
        return path
    raise NotMeasured(f"no {_HUB_NAMES[net]} in the torch hub cache: give the trunk with --lpips-trunk FILE")


def load_lpips(
    net: Net = "alex", trunk: Path | None = None, heads: Path | None = None, device: str = "cpu"
) -> PerceptualDistance:
    """Return LPIPS v0.1. Raises NotMeasured where weights are missing, ModelError where they are wrong."""
    heads = heads or find_heads(net)
    trunk = trunk or find_trunk(net)
    linear, base = read_weights(heads, device), read_weights(trunk, device)
    weights = [needed(linear, f"lin{i}.model.1.weight", heads) for i in range(5)]
    try:
        run = trunk_of(base, net, trunk)
    except KeyError as error:
        raise ModelError(f"{trunk}: not an {net} trunk: {error}") from error
    shift, scale = (torch.tensor(v, device=device).view(1, 3, 1, 1) for v in (_SHIFT, _SCALE))
    name = f"LPIPS v0.1 {net}, trunk {digest(trunk)}, heads {digest(heads)}"
    return PerceptualDistance(name, run, weights, shift, scale, device)
