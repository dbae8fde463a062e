"""What the network sees: geometry there and back."""

from fractions import Fraction

import numpy as np
import pytest

from filmcolor.color.sight import choose_sight


@pytest.mark.parametrize(
    ("width", "height", "aspect", "rotation", "shape", "network"),
    [
        (1920, 1080, Fraction(1), 0, (192, 342), (192, 352)),
        (720, 576, Fraction(16, 15), 0, (192, 256), (192, 256)),  # PAL 4:3
        (1440, 1080, Fraction(4, 3), 0, (192, 342), (192, 352)),  # HDV
        (1920, 1080, Fraction(1), 90, (192, 342), (352, 192)),
        (1080, 1920, Fraction(1), 180, (342, 192), (352, 192)),
        (640, 64, Fraction(1), 0, (116, 1152), (128, 1152)),  # 10 to 1: the long side is held at 6
    ],
)
def test_the_picture_keeps_its_displayed_shape(
    width: int,
    height: int,
    aspect: Fraction,
    rotation: int,
    shape: tuple[int, int],
    network: tuple[int, int],
) -> None:
    sight = choose_sight(width, height, aspect, rotation, 192)
    assert (sight.rows, sight.columns) == shape
    assert sight.network == network


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (16, 16), (1, 1000), (3000, 2), (37, 51), (480, 640)])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_color_comes_back_to_the_place_it_was_seen_at(size: tuple[int, int], rotation: int) -> None:
    height, width = size
    sight = choose_sight(width, height, Fraction(1), rotation, 64)
    luma = np.random.default_rng(4).integers(0, 255, size, dtype=np.uint8)
    small = sight.small(luma)
    assert small.shape == (sight.rows, sight.columns)
    assert small.dtype == np.uint8
    assert (sight.rows % 2, sight.columns % 2) == (0, 0)
    view = sight.network_view(small.astype(np.float32))
    assert view.shape == sight.network
    assert (view.shape[0] % 32, view.shape[1] % 32) == (0, 0)
    half = view.reshape(view.shape[0] // 2, 2, view.shape[1] // 2, 2).mean(axis=(1, 3))
    back = sight.film_view(np.stack((half, -half)))
    wanted = small.reshape(sight.rows // 2, 2, sight.columns // 2, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(back[0], wanted, rtol=1e-5)
    np.testing.assert_allclose(back[1], -wanted, rtol=1e-5)


def test_rotation_sets_the_picture_upright() -> None:
    sight = choose_sight(64, 64, Fraction(1), 90, 64)
    lightness = np.zeros((64, 64), np.float32)
    lightness[:, 63] = 1  # a quarter turn counter-clockwise: the right side becomes the top
    assert (sight.network_view(lightness)[0] == 1).all()


def test_bars_are_out_of_sight() -> None:
    luma = np.full((120, 160), 16, np.uint16)
    luma[20:100, 10:150] = 700
    sight = choose_sight(160, 120, Fraction(1), 0, 64, (20, 100, 10, 150))
    assert (sight.small(luma) == 700).all()
    assert (sight.rows, sight.columns) == (64, 112)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="rotation"):
        choose_sight(8, 8, Fraction(1), 45, 64)
    with pytest.raises(ValueError, match="active"):
        choose_sight(8, 8, Fraction(1), 0, 64, (0, 9, 0, 8))
    with pytest.raises(ValueError, match="expected"):
        choose_sight(8, 8, Fraction(1), 0, 64).small(np.zeros((4, 4), np.uint8))
