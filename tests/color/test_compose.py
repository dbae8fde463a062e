"""The color of a given luma: against an exact solve, in and out of gamut."""

from fractions import Fraction

import numpy as np
import pytest

from filmcolor.color.compose import ChromaComposer, compose_rgb
from filmcolor.color.sight import choose_sight
from filmcolor.color.siting import ChromaGrid
from filmcolor.color.srgb import lab_from_rgb, rgb_from_lab
from filmcolor.color.ycbcr import code_from_ypbpr, luma_range, rgb_from_ypbpr, ypbpr_from_code, ypbpr_from_rgb

MATRICES = [(0.2126, 0.0722), (0.299, 0.114), (0.2627, 0.0593)]


def composer(kr: float = 0.2126, kb: float = 0.0722, **options: object) -> ChromaComposer:
    given = {"full_range": False, "bits": 8, "grid": ChromaGrid(height=2, width=2, subsampling=(0, 0))}
    return ChromaComposer(kr=kr, kb=kb, **{**given, **options})  # type: ignore[arg-type]


def decode(luma: np.ndarray, cb: np.ndarray, cr: np.ndarray, by: ChromaComposer) -> np.ndarray:
    """Return R'G'B' of luma 0..1 and code values."""
    coded = np.stack((np.zeros_like(luma), cb, cr), axis=-1)
    values = ypbpr_from_code(coded, by.bits, by.full_range)
    values[..., 0] = luma
    return rgb_from_ypbpr(values, by.kr, by.kb)


def real_colors(count: int = 40_000) -> np.ndarray:
    """R'G'B' of which a part lies on the gamut's border (a primary at 0 or 1), (1, n, 3)."""
    rng = np.random.default_rng(8)
    rgb = rng.random((1, count, 3))
    rgb[0, : count // 8, rng.integers(0, 3)] = 0.0
    rgb[0, count // 8 : count // 4, rng.integers(0, 3)] = 1.0
    return rgb.reshape(-1, 1000, 3)


@pytest.mark.parametrize(("kr", "kb"), MATRICES)
def test_real_colors_come_back(kr: float, kb: float) -> None:
    rgb = real_colors()
    exact = ypbpr_from_rgb(rgb, kr, kb)
    luma, ab = exact[..., 0].astype(np.float32), lab_from_rgb(rgb)[..., 1:].transpose(2, 0, 1)
    by = composer(kr, kb, bits=16)  # 16 bit, so that rounding does not hide the table's error
    cb, cr = by.compose_at(luma, ab.astype(np.float32))
    wanted = (exact[..., 1:] * 224 + 128) * 256
    error = np.abs(np.stack((cb, cr), axis=-1) - wanted).max(axis=-1) / 256  # in 8-bit codes
    got = lab_from_rgb(decode(luma, cb, cr, by).clip(0, 1))[..., 1:].transpose(2, 0, 1)
    away = np.hypot(*(got - ab))
    lit = luma > 0.14  # below, chroma is limited on purpose
    inside = lit & (rgb.min(axis=-1) > 0.2)
    assert error[inside].mean() < 0.04
    assert np.percentile(error[inside], 99.8) < 0.5
    # Where a primary is nearly spent, sRGB's toe makes one Lab unit of a worth 14 codes of Cr:
    # half a code is 0.03 Lab units there, which nobody sees. So the border is judged in Lab too.
    assert error[lit].mean() < 0.15
    assert np.percentile(error[lit], 99) < 1.0
    assert away[lit].mean() < 0.05
    assert np.percentile(away[lit], 99.8) < 0.5


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("dither", [False, True])
def test_neutral_is_exactly_neutral_at_every_luma(bits: int, full_range: bool, dither: bool) -> None:
    luma = np.linspace(-0.07, 1.09, 4096, dtype=np.float32).reshape(64, 64)
    by = composer(bits=bits, full_range=full_range, dither=dither)
    cb, cr = by.compose_at(luma, np.zeros((2, 64, 64), np.float32))
    assert cb.dtype == (np.uint8 if bits == 8 else np.uint16)
    assert (cb == 128 << (bits - 8)).all()
    assert (cr == 128 << (bits - 8)).all()


def test_black_and_white_stay_neutral_whatever_is_wanted() -> None:
    luma = np.array([[-0.05, 0.0, 1.0, 1.08]], np.float32).repeat(8, axis=0)
    wanted = np.random.default_rng(9).uniform(-90, 90, (2, 8, 4)).astype(np.float32)
    cb, cr = composer(bits=10).compose_at(luma, wanted)
    assert (cb == 512).all()
    assert (cr == 512).all()


def test_chroma_fades_into_black_without_a_step() -> None:
    luma = np.linspace(0, 0.2, 400, dtype=np.float32)[None]
    wanted = np.stack((np.full_like(luma, 30), np.full_like(luma, -60)))
    cb, _ = composer(bits=16).compose_at(luma, wanted)
    assert np.abs(np.diff(cb.astype(int))).max() < 256 * 1.5


def test_near_black_takes_little_chroma_even_where_the_gamut_has_it() -> None:
    luma = np.full((1, 1), 0.02, np.float32)  # the gamut reaches a chroma of 40 to 50 toward blue here
    by = composer(bits=16)
    got = lab_from_rgb(decode(luma, *by.compose_at(luma, np.array([[[50.0]], [[-80.0]]], np.float32)), by))
    assert 15 < np.hypot(got[0, 0, 1], got[0, 0, 2]) < 21


@pytest.mark.parametrize(("kr", "kb"), MATRICES[:2])
def test_out_of_gamut_luma_and_hue_stay_and_chroma_gives_way(kr: float, kb: float) -> None:
    rng = np.random.default_rng(10)
    luma = rng.uniform(0.15, 0.97, (40, 500)).astype(np.float32)
    angle = rng.uniform(-np.pi, np.pi, luma.shape)
    ab = (160 * np.stack((np.cos(angle), np.sin(angle)))).astype(np.float32)
    by = composer(kr, kb, bits=16)
    rgb = decode(luma, *by.compose_at(luma, ab), by)
    assert rgb.min() > -0.04  # the table's error beside the border, where sRGB is steepest
    assert rgb.max() < 1.04
    np.testing.assert_allclose(ypbpr_from_rgb(rgb, kr, kb)[..., 0], luma, atol=1e-6)
    lab = lab_from_rgb(rgb.clip(0, 1))
    turned = np.degrees(np.angle(np.exp(1j * (np.arctan2(lab[..., 2], lab[..., 1]) - angle))))
    aside = np.hypot(lab[..., 1], lab[..., 2]) * np.abs(np.radians(turned))
    assert np.percentile(aside, 99) < 1.0  # Lab units across the wanted hue
    # as much chroma as there is: 5 % more would leave the gamut
    more = lab.copy()
    more[..., 1:] *= 1.05
    beyond = brighten_to(more, luma, kr, kb)
    assert (np.maximum(-beyond, beyond - 1).max(axis=-1) > 0).mean() > 0.99


def brighten_to(lab: np.ndarray, luma: np.ndarray, kr: float, kb: float) -> np.ndarray:
    """R'G'B' of the same a and b at this luma, by bisection on L (the exact solve)."""
    low, high = np.full(luma.shape, -5.0), np.full(luma.shape, 115.0)
    for _ in range(30):
        lab[..., 0] = (low + high) / 2
        below = ypbpr_from_rgb(rgb_from_lab(lab), kr, kb)[..., 0] < luma
        low, high = np.where(below, lab[..., 0], low), np.where(below, high, lab[..., 0])
    return rgb_from_lab(lab)


def test_smooth_ramps_have_no_bands() -> None:
    x = np.linspace(0, 1, 2000, dtype=np.float32)[None]
    luma, ab = 0.4 + 0.3 * x, np.stack((10 + 20 * x, 5 + 30 * x))
    cb, cr = composer(bits=16).compose_at(luma, ab)
    wanted = ypbpr_from_rgb(
        brighten_to(np.stack((x, *ab), axis=-1).astype(np.float64), luma, 0.2126, 0.0722), 0.2126, 0.0722
    )
    for plane, exact in ((cb, wanted[..., 1]), (cr, wanted[..., 2])):
        assert np.abs(plane / 256 - (exact * 224 + 128)).max() < 0.25  # of an 8-bit code


def test_saturation_scales_ab() -> None:
    luma = np.full((1, 50), 0.5, np.float32)
    ab = np.random.default_rng(11).uniform(-20, 20, (2, 1, 50)).astype(np.float32)
    half = composer(saturation=0.5).compose_at(luma, ab)
    np.testing.assert_array_equal(half, composer().compose_at(luma, ab / 2))
    assert (np.array(composer(saturation=0.0).compose_at(luma, ab)) == 128).all()


def test_dither_only_moves_by_one_code_and_keeps_the_mean() -> None:
    luma = np.full((64, 64), 0.5, np.float32)
    ab = np.full((2, 64, 64), 11.3, np.float32)
    plain, dithered = composer().compose_at(luma, ab)[0], composer(dither=True).compose_at(luma, ab)[0]
    fine = composer(bits=16).compose_at(luma, ab)[0].mean() / 256
    assert np.abs(plain.astype(int) - dithered).max() <= 1
    assert abs(dithered.mean() - fine) < 0.02


@pytest.mark.parametrize("bits", [8, 10])
@pytest.mark.parametrize("full_range", [False, True])
def test_a_film_frame_gets_the_color_that_was_wanted(bits: int, full_range: bool) -> None:
    grid = ChromaGrid(height=120, width=160)
    by = composer(bits=bits, full_range=full_range, grid=grid)
    black, span = luma_range(bits, full_range)
    luma = np.full((120, 160), round(black + 0.5 * span), np.uint8 if bits == 8 else np.uint16)
    sight = choose_sight(160, 120, Fraction(1), 0, 64)
    ab = np.empty((2, sight.rows // 2, sight.columns // 2), np.float32)
    ab[0], ab[1] = 22, -14
    cb, cr = by.compose(luma, ab, sight)
    assert cb.shape == cr.shape == (60, 80)
    got = lab_from_rgb(decode(np.full((60, 80), (luma[0, 0] - black) / span), cb, cr, by))
    np.testing.assert_allclose(got[..., 1], 22, atol=1.0)
    np.testing.assert_allclose(got[..., 2], -14, atol=1.0)
    assert len(np.unique(cb)) == 1


def test_a_strip_of_the_picture_is_composed_as_the_whole() -> None:
    rng = np.random.default_rng(12)
    luma = rng.random((40, 33_000), np.float32)  # wider than OpenCV's remap takes
    ab = rng.uniform(-60, 60, (2, 40, 33_000)).astype(np.float32)
    by = composer()
    whole, part = by.compose_at(luma, ab)[0], by.compose_at(luma[17:19, :900], ab[:, 17:19, :900])[0]
    np.testing.assert_array_equal(whole[17:19, :900], part)


def test_still_pictures_keep_their_luma_exactly() -> None:
    rng = np.random.default_rng(13)
    luma = rng.random((60, 200), np.float32)
    ab = rng.uniform(-110, 110, (2, 60, 200)).astype(np.float32)
    rgb = compose_rgb(luma, ab)
    assert rgb.dtype == np.float32
    assert rgb.min() >= 0
    assert rgb.max() <= 1
    np.testing.assert_allclose(rgb @ np.float32([0.299, 0.587, 0.114]), luma, atol=1e-6)
    gray = compose_rgb(luma, np.zeros_like(ab))
    np.testing.assert_allclose(gray, luma[..., None].repeat(3, axis=-1), atol=1e-6)


def test_code_values_of_red_are_those_of_h273() -> None:
    red = lab_from_rgb(np.array([[[0.8, 0.1, 0.1]]]))
    exact = ypbpr_from_rgb([0.8, 0.1, 0.1], 0.299, 0.114)
    cb, cr = composer(0.299, 0.114).compose_at(
        np.full((1, 1), exact[0], np.float32), red[..., 1:].transpose(2, 0, 1).astype(np.float32)
    )
    assert abs(int(cb[0, 0]) - int(code_from_ypbpr(exact, 8, False)[1])) <= 1
    assert abs(int(cr[0, 0]) - int(code_from_ypbpr(exact, 8, False)[2])) <= 1


def test_no_torch_on_the_cpu_road() -> None:
    import subprocess
    import sys

    code = (
        "import sys, filmcolor.color.compose, filmcolor.color.sight, filmcolor.color.lightness, "
        "filmcolor.color.bars; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
