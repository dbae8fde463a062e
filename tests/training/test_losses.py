"""Color arithmetic, losses, ageing, hints, motion."""

import numpy as np
import pytest
import torch
from skimage.color import rgb2lab

from filmcolor.training.adversary import Adversary
from filmcolor.training.augment import dissolved, seen_lightness
from filmcolor.training.hints import known_colors
from filmcolor.training.lab import lab_to_rgb, lightness_of_luma, rgb_to_lab
from filmcolor.training.losses import (
    ColorBins,
    colorfulness_shortfall,
    count_colors,
    discriminator_loss,
    generator_loss,
    hue_balance,
    occurring_centers,
    smooth_l1,
)
from filmcolor.training.motion import moved, small_motion
from filmcolor.training.settings import AdversarialSettings


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_lab_agrees_with_scikit_image_and_goes_back() -> None:
    rgb = torch.rand(2, 3, 8, 8, generator=rng())
    lab = rgb_to_lab(rgb)
    expected = rgb2lab(rgb.permute(0, 2, 3, 1).double().numpy())
    assert np.abs(lab.permute(0, 2, 3, 1).numpy() - expected).max() < 0.02
    assert torch.allclose(lab_to_rgb(lab[:, :1], lab[:, 1:]), rgb, atol=1e-4)
    gray = torch.linspace(0, 1, 11).view(1, 1, 1, 11)
    assert torch.allclose(lightness_of_luma(gray), rgb_to_lab(gray.expand(-1, 3, -1, -1))[:, :1], atol=1e-3)


def test_splatting_on_color_bins_keeps_the_color() -> None:
    ab = (torch.rand(1, 2, 6, 6, generator=rng()) - 0.5) * 150
    counts = torch.ones(19 * 19, dtype=torch.float64)
    bins = ColorBins(occurring_centers(counts), counts.float(), 0.5)
    classes, shares = bins.encode(ab)
    back = (bins.centers[classes] * shares[..., None]).sum(1).permute(0, 3, 1, 2)
    assert torch.allclose(shares.sum(1), torch.ones(1, 6, 6))
    assert torch.allclose(back, ab, atol=1e-3)


def test_rare_colors_weigh_more() -> None:
    ab = torch.zeros(1, 2, 8, 8)
    ab[:, 0, 0, 0] = 60.0  # one red pixel among gray ones
    counts = count_colors(ab)
    bins = ColorBins(occurring_centers(counts), counts.float(), 0.5)
    uniform = torch.zeros(1, len(bins.centers), 8, 8)
    red = bins.cross_entropy(uniform[..., :1, :1], ab[..., :1, :1])
    gray = bins.cross_entropy(uniform[..., 1:, 1:], ab[..., 1:, 1:])
    assert float(red) > 2 * float(gray)
    plain = bins.cross_entropy(uniform, ab, rebalanced=False)
    assert float(plain) == pytest.approx(np.log(len(bins.centers)), rel=1e-4)


def test_losses_are_nothing_for_the_truth_and_something_for_gray() -> None:
    ab = torch.randn(2, 2, 8, 8, generator=rng()) * 30
    lightness = torch.full((2, 1, 8, 8), 55.0)
    rgb, gray = lab_to_rgb(lightness, ab), lab_to_rgb(lightness, ab * 0)
    for loss, real, other in (
        (smooth_l1, ab, ab * 0),
        (hue_balance, ab, ab * 0),
        (colorfulness_shortfall, rgb, gray),
    ):
        assert float(loss(real, real)) == pytest.approx(0, abs=1e-6)
        assert float(loss(other, real)) > 0.1


def test_a_red_patch_unbalances_the_hues() -> None:
    real = torch.zeros(1, 2, 8, 8)
    real[:, 1] = -20
    patched = real.clone()
    patched[:, :, :3, :3] = torch.tensor([60.0, 30.0]).view(1, 2, 1, 1)
    assert float(hue_balance(patched, real)) > 0.5


def test_the_adversaries_pull_in_opposite_directions() -> None:
    sure, fooled = [torch.full((1, 1, 2, 2), -2.0)], [torch.full((1, 1, 2, 2), 2.0)]
    real = [torch.full((1, 1, 2, 2), 2.0)]
    for kind in ("log", "hinge"):
        assert generator_loss(kind, sure) > generator_loss(kind, fooled)
        assert discriminator_loss(kind, real, sure) < discriminator_loss(kind, real, fooled)


def test_ageing_changes_some_pictures_and_none_when_it_is_off() -> None:
    rgb = torch.rand(1, 3, 32, 32, generator=rng()).expand(16, -1, -1, -1)
    clean = seen_lightness(rgb, 0.0, rng(1))
    assert clean.shape == (16, 1, 32, 32)
    assert float((clean[1:] - clean[:1]).abs().amax()) < 20  # only 601 against 709 weights
    aged = seen_lightness(rgb, 1.0, rng(1))
    assert float((aged - clean).abs().amax((1, 2, 3)).min()) > 1
    assert 0 <= float(aged.min()) <= float(aged.max()) <= 100
    assert torch.equal(aged, seen_lightness(rgb, 1.0, rng(1)))


def test_known_colors_are_true_where_the_mask_says_so_and_absent_elsewhere() -> None:
    ab = torch.randn(40, 2, 32, 32, generator=rng()) * 30
    known = known_colors(ab, 0.5, rng(2))
    mask = known[:, 2:]
    assert set(mask.unique().tolist()) == {0.0, 1.0}
    told = mask.amax((1, 2, 3)) > 0
    assert 8 <= int(told.sum()) <= 32
    assert float((known[:, :2] * (1 - mask)).abs().max()) == 0
    sparse = mask.mean((1, 2, 3)) < 0.5
    assert torch.equal((known[:, :2] * mask)[sparse], (ab * mask)[sparse])
    assert float(known_colors(ab, 0.0, rng(2)).abs().max()) == 0


def test_motion_is_small_and_moves_color_with_its_picture() -> None:
    ramp = torch.linspace(0, 1, 64).view(1, 1, 1, 64).expand(8, 1, 64, 64)
    grid = small_motion(8, 64, rng(3), torch.device("cpu"))
    shift = (moved(ramp, grid) - ramp).abs() * 64
    assert 0.2 < float(shift.mean()) < 4
    half = moved(torch.nn.functional.avg_pool2d(ramp, 2), grid)
    assert float((half - torch.nn.functional.avg_pool2d(moved(ramp, grid), 2)).abs().mean()) * 64 < 0.5


def test_the_stage_warms_up_ramps_and_warns_when_the_discriminator_wins() -> None:
    options = AdversarialSettings(
        gan="hinge", quarter=False, begin=0.5, warmup=2, ramp=4, base=4, ceiling=0.9
    )
    adversary = Adversary(options, torch.device("cpu"), lambda: torch.autocast("cpu", enabled=False))
    adversary.begin(9, 0.4)
    assert not adversary.active
    adversary.begin(10, 0.5)
    assert [adversary.warming(step) for step in (10, 11, 12)] == [True, True, False]
    assert [adversary.weight(step) for step in (11, 12, 13, 15, 99)] == [0.0, 0.25, 0.5, 1.0, 1.0]
    assert adversary.warning(20) is None
    adversary.accuracy = 0.97
    assert "the discriminator wins" in str(adversary.warning(20))
    assert adversary.warning(21) is None


def test_a_discriminator_that_is_far_ahead_pauses() -> None:
    options = AdversarialSettings(gan="hinge", quarter=True, base=4, ceiling=0.8)
    adversary = Adversary(options, torch.device("cpu"), lambda: torch.autocast("cpu", enabled=False))
    lightness, real = torch.full((2, 1, 64, 64), 50.0), torch.randn(2, 2, 64, 64, generator=rng()) * 30

    def learned() -> bool:
        before = [p.clone() for p in adversary.nets.parameters()]
        adversary.learn(lightness, real, real * 0)
        return any(not torch.equal(b, p) for b, p in zip(before, adversary.nets.parameters()))

    assert learned()
    adversary.accuracy = 0.95
    assert not learned()


def test_a_dissolve_mixes_code_values_of_two_pictures_and_never_hides_the_first() -> None:
    rgb = torch.rand(64, 1, 1, 1, generator=rng()).expand(-1, 3, 8, 8)
    mixed = dissolved(rgb, 0.5, rng(1))
    part = (mixed - rgb)[:, 0, 0, 0] / (rgb.roll(1, 0) - rgb)[:, 0, 0, 0]
    assert 16 <= int((part != 0).sum()) <= 48
    assert float(part.min()) >= -1e-4
    assert float(part.max()) <= 0.5 + 1e-4
    assert torch.equal(dissolved(rgb, 0.0, rng(1)), rgb)
