"""Each metric against an independent library (scikit-image 0.26, SciPy 1.17), on noise and on photographs."""

import numpy as np
import pytest

from filmcolor.quality.baselines import gray, half
from filmcolor.quality.cdc import js_divergence
from filmcolor.quality.ciede2000 import ciede2000
from filmcolor.quality.cielab import fit_to_gamut, lab_to_rgb, rgb_to_lab
from filmcolor.quality.colorfulness import colorfulness
from filmcolor.quality.frechet import SetDistance, frechet
from filmcolor.quality.psnr import psnr
from filmcolor.quality.ssim import ssim

skimage = pytest.importorskip("skimage", reason="scikit-image is a test oracle")


@pytest.fixture(scope="module")
def pictures() -> tuple[np.ndarray, np.ndarray]:
    from skimage.data import astronaut

    truth = astronaut()[:200, 100:330]
    noise = np.random.default_rng(3).normal(0, 12, truth.shape)
    return np.clip(truth * 0.9 + noise, 0, 255).astype(np.uint8), truth


def test_psnr_and_ssim_agree(pictures: tuple[np.ndarray, np.ndarray]) -> None:
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    made, truth = pictures
    assert psnr(made, truth) == pytest.approx(peak_signal_noise_ratio(truth, made), abs=1e-9)
    _, places = structural_similarity(
        truth.astype(float), made.astype(float), channel_axis=2, data_range=255, full=True,
        gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
    )  # fmt: skip
    assert ssim(made, truth) == pytest.approx(places[5:-5, 5:-5].mean(), abs=1e-9)


def test_lab_and_ciede2000_agree(pictures: tuple[np.ndarray, np.ndarray]) -> None:
    from skimage.color import deltaE_ciede2000, rgb2lab

    made, truth = (rgb_to_lab(p) for p in pictures)
    assert np.abs(made - rgb2lab(pictures[0])).max() < 0.02  # its white differs in the fifth digit
    assert np.abs(ciede2000(made, truth) - deltaE_ciede2000(made, truth)).max() < 1e-9


def test_lab_comes_back_as_it_went() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    assert np.abs(lab_to_rgb(rgb_to_lab(rgb)) - rgb).max() < 1e-3


def test_a_color_that_does_not_fit_loses_chroma_and_not_lightness() -> None:
    wanted = np.array([[60.0, 80.0, 60.0]])
    there = rgb_to_lab(lab_to_rgb(fit_to_gamut(wanted))[None])[0, 0]
    assert there[0] == pytest.approx(60.0, abs=0.05)
    assert there[1] / there[2] == pytest.approx(80 / 60, abs=0.01)
    clipped = rgb_to_lab(lab_to_rgb(wanted)[None])[0, 0]
    assert clipped[0] < 57  # what clipping does


def test_gray_scores_high_in_psnr_and_has_no_color(pictures: tuple[np.ndarray, np.ndarray]) -> None:
    truth = pictures[1]
    assert 14 < psnr(gray(truth), truth) < 24
    assert colorfulness(gray(truth)) == 0
    assert colorfulness(half(rgb_to_lab(truth))) == pytest.approx(colorfulness(truth) / 2, rel=0.15)


def test_js_is_the_square_of_scipys_distance() -> None:
    distance = pytest.importorskip("scipy.spatial.distance").jensenshannon
    p, q = np.random.default_rng(1).dirichlet(np.ones(256), 2)
    assert float(js_divergence(p, q)) == pytest.approx(distance(p, q) ** 2, abs=1e-12)


def test_frechet_agrees_with_a_general_matrix_root() -> None:
    sqrtm = pytest.importorskip("scipy.linalg").sqrtm
    random = np.random.default_rng(2)
    x, y = random.normal(size=(60, 8)), random.normal(1.0, 2.0, size=(50, 8)) @ random.normal(size=(8, 8))
    s1, s2 = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    expected = ((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(s1 + s2 - 2 * np.real(sqrtm(s1 @ s2)))
    assert frechet(x.mean(0), s1, y.mean(0), s2) == pytest.approx(expected, rel=1e-9)


def test_set_distances_are_zero_on_one_distribution_symmetric_and_pooled() -> None:
    random = np.random.default_rng(4)
    a, b = random.normal(size=(80, 5)), random.normal(0.5, 1, size=(80, 5))

    def distance(x: np.ndarray, y: np.ndarray) -> SetDistance:
        found = SetDistance()
        for i in range(0, 80, 20):  # clip by clip, but one distance over all
            found.update(x[i : i + 20], y[i : i + 20])
        return found

    assert distance(a, a).compute_frechet() == pytest.approx(0, abs=1e-3)
    assert distance(a, b).compute_frechet() == pytest.approx(distance(b, a).compute_frechet(), rel=1e-9)
    per_clip = np.mean(
        [
            frechet(u.mean(0), np.cov(u.T), v.mean(0), np.cov(v.T))
            for u, v in zip(np.split(a, 4), np.split(b, 4))
        ]
    )
    assert per_clip > distance(a, b).compute_frechet() * 1.2  # the published mistake is biased upward
    kernel, same = distance(a, b).compute_kernel(), distance(a, random.normal(size=(80, 5))).compute_kernel()
    assert kernel.low < kernel.value < kernel.high
    assert same.low < 0 < kernel.low
