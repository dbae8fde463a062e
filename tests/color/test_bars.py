"""Bars and margins are found, pictures are left whole."""

import numpy as np
import pytest

from filmcolor.color.bars import active_box

RNG = np.random.default_rng(5)


def scene(low: int = 30, high: int = 220, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(low, high, (108, 192)).astype(np.uint8)


def test_a_letterbox_with_coding_noise_is_found() -> None:
    pictures = []
    for seed in range(3):
        luma = scene(seed=seed)
        luma[:14] = luma[94:] = RNG.integers(15, 19, (14, 192))
        pictures.append(luma)
    assert active_box(pictures, 1080, 1920, 8, False) == (140, 940, 0, 1920)


def test_pillars_and_a_frame_of_uneven_width_are_found() -> None:
    luma = scene()
    luma[:, :24] = luma[:, 170:] = 16
    luma[104:] = 16
    assert active_box([luma], 108, 192, 8, False) == (0, 104, 24, 170)


def test_the_white_margin_of_a_photograph_is_found_only_on_all_sides() -> None:
    luma = scene()
    luma[:6] = luma[100:] = 250
    assert active_box([luma], 108, 192, 8, True) is None
    luma[:, :7] = luma[:, 180:] = 250
    assert active_box([luma], 108, 192, 8, True) == (6, 100, 7, 180)


@pytest.mark.parametrize("bits", [8, 10])
def test_a_picture_without_bars_is_whole(bits: int) -> None:
    assert active_box([scene().astype(np.uint16) << (bits - 8)], 108, 192, bits, False) is None


def test_doubt_means_no_bars() -> None:
    black = np.full((108, 192), 16, np.uint8)
    assert active_box([black], 108, 192, 8, False) is None  # a fade
    night = scene(16, 40)
    night[70:] = RNG.integers(16, 30, (38, 192))  # dark ground with texture
    assert active_box([night], 108, 192, 8, False) is None
    ground = scene()
    ground[90:] = RNG.choice([16, 32], (18, 192))  # black enough, but not plain
    assert active_box([ground], 108, 192, 8, False) is None
    half = scene()
    half[:60] = 16  # a black half
    assert active_box([half], 108, 192, 8, False) is None


def test_a_dark_band_that_lights_up_is_no_bar() -> None:
    first, second = scene(), scene(seed=1)
    first[:14] = 16
    assert active_box([first], 108, 192, 8, False) == (14, 108, 0, 192)
    assert active_box([first, second], 108, 192, 8, False) is None
