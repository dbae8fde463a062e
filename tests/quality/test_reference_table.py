"""Hand-checkable values: every published trap would change at least one of them."""

import numpy as np
import pytest

from filmcolor.quality.average import Average
from filmcolor.quality.cdc import Consistency, code_histograms, js_divergence
from filmcolor.quality.ciede2000 import ciede2000
from filmcolor.quality.cielab import rgb_to_lab
from filmcolor.quality.colorfulness import colorfulness, colorfulness_abs, delta_colorfulness
from filmcolor.quality.drift import Drift
from filmcolor.quality.flicker import Flicker
from filmcolor.quality.frechet import frechet
from filmcolor.quality.grayness import gray_frames
from filmcolor.quality.motion import Step, occluded
from filmcolor.quality.psnr import CAP, psnr, psnr_ab
from filmcolor.quality.ssim import ssim
from filmcolor.quality.warping import WarpingError


def flat(*rgb: int, size: int = 16) -> np.ndarray:
    return np.broadcast_to(np.array(rgb, dtype=np.uint8), (size, size, 3)).copy()


def halves(first: tuple[int, int, int], second: tuple[int, int, int]) -> np.ndarray:
    return np.concatenate([flat(*first), flat(*second)])


def still(size: int = 16, lag: int = 1) -> Step:
    return Step(0, lag, np.zeros((size, size, 2), np.float32), np.ones((size, size), bool))


@pytest.mark.parametrize(("error", "expected"), [(1, 48.1308), (16, 24.0484)])
def test_psnr_of_an_error_everywhere(error: int, expected: float) -> None:
    assert psnr(flat(100, 100, 100), flat(100 + error, 100 + error, 100 + error)) == pytest.approx(
        expected, abs=5e-5
    )


def test_psnr_does_not_wrap_as_uint8_arithmetic_does() -> None:
    made, truth = flat(0, 0, 0), flat(16, 16, 16)
    with np.errstate(divide="ignore"):
        wrapped = 20 * np.log10(255 / np.sqrt(((made - truth) ** 2).mean()))
    assert np.isinf(wrapped)  # the published mistake
    assert psnr(made, truth) == pytest.approx(24.0484, abs=5e-5)


def test_psnr_of_one_wrong_channel_and_of_equal_frames() -> None:
    assert psnr(flat(100, 100, 100), flat(116, 100, 100)) == pytest.approx(28.8196, abs=5e-5)
    assert psnr(flat(3, 4, 5), flat(3, 4, 5)) == CAP


def test_psnr_refuses_frames_of_another_size() -> None:
    with pytest.raises(ValueError, match="equal shapes"):
        psnr(flat(0, 0, 0, size=16), flat(0, 0, 0, size=17))


def test_psnr_ab() -> None:
    lab = np.full((4, 4, 3), 50.0)
    assert psnr_ab(lab + np.array([9.0, 3.0, 4.0]), lab) == pytest.approx(37.1617, abs=5e-5)


def test_pure_red_is_red_and_not_blue() -> None:
    assert rgb_to_lab(flat(255, 0, 0))[0, 0] == pytest.approx(
        [53.241, 80.092, 67.203], abs=3e-3
    )  # the white's fifth digit


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((50, -1, 2), (50, 0, 0), 2.3669),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_ciede2000_of_sharmas_pairs(
    one: tuple[float, ...], other: tuple[float, ...], expected: float
) -> None:
    assert float(ciede2000(np.array(one), np.array(other))) == pytest.approx(expected, abs=5e-5)


def test_ssim_of_two_flat_frames() -> None:
    assert ssim(flat(100, 100, 100), flat(110, 110, 110)) == pytest.approx(0.995476, abs=5e-7)


@pytest.mark.parametrize(
    ("frame", "signed", "absolute"),
    [
        (halves((255, 0, 0), (0, 255, 0)), 293.25, 85.5296),
        (halves((0, 0, 255), (255, 255, 0)), 255.0, 76.5),
        (flat(255, 0, 0), 85.5296, 85.5296),
        (halves((128, 128, 128), (90, 90, 90)), 0.0, 0.0),
    ],
)
def test_colorfulness_keeps_its_sign(frame: np.ndarray, signed: float, absolute: float) -> None:
    assert colorfulness(frame) == pytest.approx(signed, abs=5e-5)
    assert colorfulness_abs(frame) == pytest.approx(absolute, abs=5e-5)


def test_colorfulness_gaps_cancel_in_the_set_but_not_per_picture() -> None:
    found = delta_colorfulness([10, 50], [30, 30])
    assert (found.of_set, found.per_picture, found.signed) == (0, 20, 0)
    with pytest.raises(ValueError, match="equal length"):
        delta_colorfulness([1, 2, 3], [1, 2])


def test_js_divergence_in_nats_and_without_a_root() -> None:
    one, half, other = np.eye(256)[10], (np.eye(256)[10] + np.eye(256)[20]) / 2, np.eye(256)[20]
    assert float(js_divergence(one, half)) == pytest.approx(0.215762, abs=5e-7)
    assert float(js_divergence(one, other)) == pytest.approx(0.693147, abs=5e-7)


def test_cdc_of_black_and_white_in_turn() -> None:
    clip = Consistency()
    for value in (0, 255, 0, 255, 0):
        clip.update(code_histograms(flat(value, value, value)))
    assert clip.compute() == pytest.approx(0.231049, abs=5e-7)


def test_cdc_is_not_measured_on_too_short_clips_or_across_a_cut() -> None:
    clip = Consistency()
    for t in range(6):
        clip.update(code_histograms(flat(t, t, t)), shot=t // 3)
    assert clip.compute() is None


def test_warping_error_of_a_static_step() -> None:
    error = WarpingError()
    error.update(
        np.full((16, 16, 3), 100 / 255, np.float32), np.full((16, 16, 3), 110 / 255, np.float32), still()
    )
    assert error.compute() == pytest.approx(0.00153787, abs=1e-8)


def test_a_pair_that_shows_nothing_is_skipped_and_counted_not_scored_as_perfect() -> None:
    error, step = WarpingError(), still()
    frame = np.zeros((16, 16, 3), np.float32)
    error.update(frame, frame + 1, Step(0, 1, step.flow, np.zeros((16, 16), bool)))
    assert error.compute() is None
    assert error.skipped == 1


@pytest.mark.parametrize(("back", "hidden"), [(-5.0, False), (-3.0, True)])
def test_occlusion_by_forward_and_backward_flow(back: float, hidden: bool) -> None:
    forward = np.full((1, 1, 2), (5.0, 0.0), np.float32)
    assert bool(occluded(forward, np.full((1, 1, 2), (back, 0.0), np.float32))[0, 0]) is hidden


def test_frechet_of_two_normal_distributions() -> None:
    one = np.ones((1, 1))
    assert frechet(np.zeros(1), one, np.ones(1), 4 * one) == pytest.approx(2.0)


def test_drift_grows_with_the_lag() -> None:
    drift = Drift()
    for lag in (1, 8, 32):
        first = np.zeros((16, 16, 2), np.float32)
        later = first + np.array([0.1 * lag, 0], np.float32)
        drift.update(first, later, still(lag=lag))
    assert drift.compute() == pytest.approx({1: 0.1, 8: 0.8, 32: 3.2}, abs=1e-6)
    assert drift.slope() == pytest.approx(0.1, abs=1e-6)
    assert drift.relative(1.9) is None


def test_flicker_counts_shaking_and_not_steady_change() -> None:
    shaking, rising = Flicker(), Flicker()
    for t in range(6):
        shaking.update(np.full((4, 4, 3), (50.0, 6.0 if t % 2 else -6.0, 0.0)))
        rising.update(np.full((4, 4, 3), (50.0, 2.0 * t, 0.0)))
    assert shaking.compute() == pytest.approx(24.0)
    assert rising.compute() == pytest.approx(0.0, abs=1e-12)


def test_frames_left_gray_are_counted_only_in_a_colored_clip() -> None:
    assert gray_frames([10, 12, 0.5, 11, 1.0]) == 2
    assert gray_frames([3, 2.5, 0.5]) == 0


def test_every_clip_weighs_the_same_in_a_mean() -> None:
    mean = Average()
    for clip, frames, value in (("long", 90, 30.0), ("short", 10, 20.0)):
        for _ in range(frames):
            mean.update(value, clip)
    assert (mean.compute(), mean.over_frames(), mean.frames, mean.clips) == (25.0, 29.0, 100, 2)
