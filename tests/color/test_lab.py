"""Lab and lightness against scikit-image and published values."""

import numpy as np
import pytest
import torch
from skimage import color as oracle

from filmcolor.color.lab import lab_to_rgb, lightness, rgb_to_lab
from filmcolor.color.lightness import lightness_table
from filmcolor.color.srgb import lab_from_rgb, rgb_from_lab

# Lab of the sRGB primaries (D65), brucelindbloom.com, color calculator, 2 decimals
GOLDEN = {
    (1.0, 0.0, 0.0): (53.24, 80.09, 67.20),
    (0.0, 1.0, 0.0): (87.73, -86.18, 83.18),
    (0.0, 0.0, 1.0): (32.30, 79.19, -107.86),
    (1.0, 1.0, 1.0): (100.0, 0.0, 0.0),
    (0.0, 0.0, 0.0): (0.0, 0.0, 0.0),
}


def picture(colors: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(colors.reshape(1, -1, 1, 3)).permute(0, 3, 1, 2)


@pytest.mark.parametrize(("rgb", "lab"), GOLDEN.items())
def test_primaries_have_their_published_lab(rgb: tuple[float, ...], lab: tuple[float, ...]) -> None:
    made = rgb_to_lab(picture(np.array(rgb)))[0, :, 0, 0]
    np.testing.assert_allclose(made, lab, atol=0.012)


def test_lab_agrees_with_scikit_image() -> None:
    rgb = np.random.default_rng(2).random((4000, 3))
    wanted = oracle.rgb2lab(rgb)  # its white is rounded to 5 digits: hence 0.02
    np.testing.assert_allclose(lab_from_rgb(rgb), wanted, atol=0.02)
    made = rgb_to_lab(picture(rgb).float())[0, :, :, 0].T
    np.testing.assert_allclose(made, wanted, atol=0.02)


def test_lab_leads_back_to_the_color() -> None:
    rgb = np.random.default_rng(3).random((4000, 3))
    np.testing.assert_allclose(rgb_from_lab(lab_from_rgb(rgb)), rgb, atol=1e-9)
    tensor = picture(rgb).float()
    np.testing.assert_allclose(lab_to_rgb(rgb_to_lab(tensor)), tensor, atol=2e-5)


def test_colors_outside_the_screen_are_clipped_only_on_request() -> None:
    lab = torch.tensor([50.0, 120.0, -120.0]).reshape(1, 3, 1, 1)
    assert lab_to_rgb(lab).min() == 0.0
    assert lab_to_rgb(lab, clip=False).min() < -0.05


def test_gradients_are_finite_from_black_to_white() -> None:
    ramp = torch.linspace(0, 1, 257).repeat(3, 1).reshape(1, 3, 257, 1).requires_grad_()
    rgb_to_lab(ramp).sum().backward()
    assert ramp.grad is not None
    assert torch.isfinite(ramp.grad).all()
    lab = torch.zeros(1, 3, 3, 1)
    lab[0, 0, :, 0] = torch.tensor([0.0, 50.0, 100.0])
    lab[0, 2, 1, 0] = 110.0  # a primary below 0
    lab.requires_grad_()
    lab_to_rgb(lab, clip=False).sum().backward()
    assert lab.grad is not None
    assert torch.isfinite(lab.grad).all()


def test_shapes_are_checked() -> None:
    with pytest.raises(ValueError, match="expected"):
        rgb_to_lab(torch.zeros(3, 4, 4))


@pytest.mark.parametrize(("bits", "full_range"), [(8, False), (8, True), (10, False), (16, True)])
def test_lightness_of_codes_is_that_of_the_gray_picture(bits: int, full_range: bool) -> None:
    table = lightness_table(bits, full_range)
    scale = 2 ** (bits - 8)
    black, white = (0, 2**bits - 1) if full_range else (16 * scale, 235 * scale)
    assert table.shape == (2**bits,)
    assert table.dtype == np.float32
    assert (table[black], table[white]) == (0.0, 100.0)
    assert (table[:black] == 0).all()
    assert (table[white:] == 100).all()
    gray = np.linspace(0, 1, white - black + 1)[:, None].repeat(3, axis=1)
    np.testing.assert_allclose(table[black : white + 1], oracle.rgb2lab(gray)[:, 0], atol=0.01)
    made = lightness(torch.from_numpy(gray[:, 0]))
    np.testing.assert_allclose(table[black : white + 1], made, atol=1e-4)


def test_middle_gray_is_read_as_a_screen_shows_it() -> None:
    # sRGB 0.5 is L* 53.39; through the inverse of BT.709's camera curve it would be 58.0
    assert abs(float(lightness(torch.tensor(0.5))) - 53.39) < 0.01
