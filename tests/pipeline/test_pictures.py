"""A still picture: seen at two sizes, colors averaged, luma kept."""

from typing import Any

import numpy as np
import pytest
import torch

from filmcolor.pipeline.pictures import color_page, picture_sizes
from filmcolor.settings import RunSettings


class Painter:
    """Gives a = 20 to a picture seen small and a = 40 to one seen large."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, ...]] = []

    def predict(self, lightness: torch.Tensor, known: Any = None, frames: Any = None) -> torch.Tensor:
        self.seen.append(tuple(lightness.shape[2:]))
        out = torch.zeros(1, 2, lightness.shape[2] // 2, lightness.shape[3] // 2)
        out[:, 0] = 20.0 if lightness.shape[2] < 224 else 40.0
        return out


@pytest.mark.parametrize(
    ("settings", "sizes"),
    [
        (RunSettings(), (192, 384)),
        (RunSettings(mirrored=False), (192,)),
        (RunSettings(size=64), (64, 128)),
        (RunSettings(size=96), (96, 192)),
        (RunSettings(size=320), (320, 512)),
        (RunSettings(size=512), (512,)),
    ],
)
def test_a_picture_is_seen_at_its_size_and_larger(settings: RunSettings, sizes: tuple[int, ...]) -> None:
    assert picture_sizes(settings) == sizes


def test_colors_of_both_sizes_are_averaged_and_luma_stays() -> None:
    luma = np.full((240, 320), 128, np.uint8)
    painter = Painter()
    rgb = color_page(luma, 8, 0, RunSettings(), painter)  # type: ignore[arg-type]
    assert painter.seen == [(192, 256), (384, 512)]
    large = color_page(luma, 8, 0, RunSettings(size=256, mirrored=False), painter)  # type: ignore[arg-type]
    small = color_page(luma, 8, 0, RunSettings(size=192, mirrored=False), painter)  # type: ignore[arg-type]
    red = [float(np.mean(x[..., 0])) for x in (small, rgb, large)]
    assert red[0] < red[1] < red[2]
    weights = np.array([0.299, 0.587, 0.114])
    assert np.abs(rgb @ weights * 255 - 128).max() < 0.51
