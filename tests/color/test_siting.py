"""Where chroma samples lie, and which luma belongs to them."""

import numpy as np
import pytest

from filmcolor.color.siting import ChromaGrid
from filmcolor.film import Siting


@pytest.mark.parametrize("siting", ["left", "center", "topleft"])
@pytest.mark.parametrize("subsampling", [(1, 1), (1, 0), (0, 0), (2, 0), (2, 2)])
def test_luma_of_a_ramp_is_the_ramp_at_the_place_of_the_sample(
    siting: Siting, subsampling: tuple[int, int]
) -> None:
    grid = ChromaGrid(height=32, width=48, subsampling=subsampling, siting=siting)
    rows, columns = np.mgrid[:32, :48]
    made = grid.luma((40 + 100 * rows + 1000 * columns).astype(np.uint16))
    down, across = grid.offset
    places = np.mgrid[: grid.shape[0], : grid.shape[1]]
    wanted = 40 + 100 * (down + grid.step[0] * places[0]) + 1000 * (across + grid.step[1] * places[1])
    inside = (slice(1, -1), slice(1, -1))  # at the border the ramp has no other side
    np.testing.assert_allclose(made[inside], wanted[inside], rtol=1e-6)


def test_siting_moves_the_samples_as_h273_says() -> None:
    offsets = {s: ChromaGrid(height=8, width=8, siting=s).offset for s in ("left", "center", "topleft")}
    assert offsets == {"left": (0.5, 0.0), "center": (0.5, 0.5), "topleft": (0.0, 0.0)}


def test_an_edge_shows_on_the_chroma_sample_that_straddles_it() -> None:
    luma = np.zeros((4, 8), np.uint8)
    luma[:, 4:] = 200
    left = ChromaGrid(height=4, width=8, siting="left").luma(luma)
    center = ChromaGrid(height=4, width=8, siting="center").luma(luma)
    np.testing.assert_allclose(left[0], [0, 0, 150, 200])  # 1 2 1 around column 4
    np.testing.assert_allclose(center[0], [0, 0, 200, 200])


def test_interlaced_rows_are_made_from_their_own_field() -> None:
    luma = np.zeros((16, 8), np.uint8)
    luma[1::2] = 100  # bottom field
    made = ChromaGrid(height=16, width=8).luma(luma, interlaced=True)
    np.testing.assert_array_equal(made[0::2], 0)
    np.testing.assert_array_equal(made[1::2], 100)
    assert (ChromaGrid(height=16, width=8).luma(luma) == 50).all()


def test_interlaced_rows_lie_evenly_in_the_frame() -> None:
    luma = np.repeat(np.arange(16, dtype=np.uint8)[:, None] * 10, 8, axis=1)
    made = ChromaGrid(height=16, width=8).luma(luma, interlaced=True)
    np.testing.assert_allclose(made[:, 0], 10 * (0.5 + 2 * np.arange(8)))


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 5), (7, 9)])
@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("subsampling", [(1, 1), (2, 2), (1, 0)])
def test_odd_and_tiny_films_keep_their_level(
    size: tuple[int, int], interlaced: bool, subsampling: tuple[int, int]
) -> None:
    grid = ChromaGrid(height=size[0], width=size[1], subsampling=subsampling)
    made = grid.luma(np.full(size, 1000, np.uint16), interlaced)
    assert made.shape == grid.shape
    np.testing.assert_allclose(made, 1000, rtol=1e-6)
    with pytest.raises(ValueError, match="expected luma"):
        grid.luma(np.zeros((size[0] + 1, size[1]), np.uint8))
