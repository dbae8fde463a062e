"""Color stays inside edges, keeps its amount and its place."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from filmcolor.color.resample import resize
from filmcolor.color.sight import choose_sight
from filmcolor.color.siting import ChromaGrid
from filmcolor.color.upsample import upsample


def disks() -> tuple[np.ndarray, np.ndarray]:
    """Luma (h, w) in 0..1 and ab (2, h, w) of colored disks on a ground, edges between samples."""
    rng = np.random.default_rng(6)
    luma, ab = np.full((360, 640), 0.5, np.float32), np.zeros((2, 360, 640), np.float32)
    ab[1] = 15
    rows, columns = np.mgrid[:360, :640]
    for _ in range(25):
        inside = (rows - rng.uniform(0, 360)) ** 2 + (columns - rng.uniform(0, 640)) ** 2 < 45**2
        luma[inside] = rng.uniform(0.1, 0.9)
        ab[:, inside] = rng.uniform(-50, 50, (2, 1))
    luma += rng.normal(0, 0.01, luma.shape).astype(np.float32)
    return luma, ab


def test_color_bleeds_less_over_edges_than_linear_enlarging() -> None:
    luma, ab = disks()
    sight = choose_sight(640, 360, Fraction(1), 0, 192)
    small = np.stack([resize(plane, sight.rows // 2, sight.columns // 2) for plane in ab])
    made = upsample(small, luma, sight, ChromaGrid(height=360, width=640, subsampling=(0, 0)))
    linear = np.stack([resize(plane, 360, 640) for plane in small])
    edges = cv2.Canny((luma * 255).clip(0, 255).astype(np.uint8), 60, 150)
    near = cv2.dilate(edges, np.ones((7, 7), np.uint8)) > 0
    error, before = (np.abs(made - ab).mean(axis=0), np.abs(linear - ab).mean(axis=0))
    assert error[near].mean() < 0.75 * before[near].mean()
    assert error.mean() < before.mean()
    assert abs(np.hypot(*made).mean() / np.hypot(*small).mean() - 1) < 0.02
    assert np.abs(made.mean(axis=(1, 2)) - small.mean(axis=(1, 2))).max() < 0.1


def test_flat_color_stays_flat_over_grain() -> None:
    luma = np.random.default_rng(7).normal(0.5, 0.05, (108, 192)).astype(np.float32)
    sight = choose_sight(384, 216, Fraction(1), 0, 64)
    small = np.full((2, sight.rows // 2, sight.columns // 2), 25, np.float32)
    made = upsample(small, luma, sight, ChromaGrid(height=216, width=384))
    np.testing.assert_allclose(made, 25, atol=1e-3)


@pytest.mark.parametrize("siting", ["left", "center", "topleft"])
def test_a_ramp_of_color_lies_where_the_siting_says(siting: str) -> None:
    grid = ChromaGrid(height=240, width=480, siting=siting)  # type: ignore[arg-type]
    sight = choose_sight(480, 240, Fraction(1), 0, 96)
    rows, columns = sight.rows // 2, sight.columns // 2
    small = np.empty((2, rows, columns), np.float32)
    small[0] = (np.arange(columns) + 0.5) * (480 / columns) - 0.5  # a: the column of the film
    small[1] = ((np.arange(rows) + 0.5) * (240 / rows) - 0.5)[:, None]  # b: the row
    made = upsample(small, np.full(grid.shape, 0.5, np.float32), sight, grid)
    inside = (slice(8, -8), slice(8, -8))
    down, across = grid.offset
    places = np.mgrid[: grid.shape[0], : grid.shape[1]]
    np.testing.assert_allclose(made[0][inside], (across + 2 * places[1])[inside], atol=0.02)
    np.testing.assert_allclose(made[1][inside], (down + 2 * places[0])[inside], atol=0.02)


def test_bars_stay_neutral() -> None:
    sight = choose_sight(160, 120, Fraction(1), 0, 64, (20, 101, 10, 150))
    small = np.full((2, sight.rows // 2, sight.columns // 2), 30, np.float32)
    made = upsample(small, np.full((60, 80), 0.5, np.float32), sight, ChromaGrid(height=120, width=160))
    assert (made[:, :10] == 0).all()
    assert (made[:, 51:] == 0).all()
    assert (made[:, :, :5] == 0).all()
    assert (made[:, :, 75:] == 0).all()
    np.testing.assert_allclose(made[:, 10:50, 5:75], 30, rtol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (16, 16), (3, 700), (101, 77)])
@pytest.mark.parametrize("subsampling", [(1, 1), (2, 2), (2, 0), (0, 0)])
def test_tiny_and_odd_films_are_filled(size: tuple[int, int], subsampling: tuple[int, int]) -> None:
    grid = ChromaGrid(height=size[0], width=size[1], subsampling=subsampling)
    sight = choose_sight(size[1], size[0], Fraction(1), 0, 64)
    small = np.full((2, sight.rows // 2, sight.columns // 2), -12, np.float32)
    made = upsample(small, np.full(grid.shape, 0.3, np.float32), sight, grid)
    np.testing.assert_allclose(made, -12, rtol=1e-5)
    with pytest.raises(ValueError, match="expected luma"):
        upsample(small, np.zeros((99, 99), np.float32), sight, grid)
