"""R'G'B' <-> Lab and lightness on torch tensors, differentiable."""

from functools import cache

import torch
from torch import Tensor

from filmcolor.color import srgb

_FLOOR = 1e-6  # keeps the gradient of a root finite in the branch that `where` throws away


@cache
def _matrix(inverse: bool) -> Tensor:
    return torch.from_numpy(srgb.WHITE_TO_RGB if inverse else srgb.RGB_TO_WHITE)


def _mix(matrix: Tensor, channels: Tensor) -> Tensor:
    return torch.einsum("ij,tjhw->tihw", matrix.to(channels), channels)


def _check(tensor: Tensor) -> None:
    if tensor.ndim != 4 or tensor.shape[1] != 3:
        raise ValueError(f"expected (t, 3, h, w), got {tuple(tensor.shape)}")


def _to_linear(code: Tensor) -> Tensor:
    curved = ((code.clamp_min(_FLOOR) + 0.055) / 1.055) ** 2.4
    return torch.where(code <= 0.04045, code / 12.92, curved)


def _to_code(linear: Tensor) -> Tensor:
    curved = 1.055 * linear.clamp_min(_FLOOR) ** (1 / 2.4) - 0.055
    return torch.where(linear <= 0.0031308, 12.92 * linear, curved)


def _to_f(relative: Tensor) -> Tensor:
    root = relative.clamp_min(_FLOOR) ** (1 / 3)
    return torch.where(relative > srgb.EPSILON, root, (srgb.KAPPA * relative + 16) / 116)


def rgb_to_lab(rgb: Tensor) -> Tensor:
    """Return Lab of R'G'B': (t, 3, h, w) float, 0..1, to L* 0..100, a -86..98, b -108..94.

    sRGB, D65; gradients are finite everywhere. Raises ValueError on another shape.
    Sources: IEC 61966-2-1, CIE 15:2004.
    """
    _check(rgb)
    x, y, z = _to_f(_mix(_matrix(False), _to_linear(rgb))).unbind(dim=1)
    return torch.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), dim=1)


def lab_to_rgb(lab: Tensor, clip: bool = True) -> Tensor:
    """Return R'G'B' of Lab, both (t, 3, h, w); the inverse of `rgb_to_lab`.

    clip: bring colors that sRGB lacks into 0..1 per channel (no gradient there); without it they
    lie outside. Raises ValueError on another shape.
    """
    _check(lab)
    lightness, a, b = lab.unbind(dim=1)
    fy = (lightness + 16) / 116
    f = torch.stack((fy + a / 500, fy, fy - b / 200), dim=1)
    relative = torch.where(f > 6 / 29, f**3, (116 * f - 16) / srgb.KAPPA)
    rgb = _to_code(_mix(_matrix(True), relative))
    return rgb.clamp(0.0, 1.0) if clip else rgb


def lightness(gray: Tensor) -> Tensor:
    """Return L* (0..100) of a gray picture's code values (Y' in 0..1), any shape; see `lightness_table`."""
    return 116 * _to_f(_to_linear(gray)) - 16
