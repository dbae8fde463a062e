import numpy as np

from filmcolor.flow.compose import Way, chain, standing, warp


def shift(x: float, y: float, height: int = 24, width: int = 32) -> Way:
    flow = np.empty((2, height, width), np.float32)
    flow[0], flow[1] = x, y
    return Way(flow, np.ones((height, width), np.float32))


def test_no_motion_samples_the_very_same_values() -> None:
    values = np.random.default_rng(0).normal(size=(3, 24, 32)).astype(np.float32)
    np.testing.assert_array_equal(warp(values, standing(24, 32).flow), values)


def test_whole_pixels_of_motion_move_values_exactly() -> None:
    values = np.random.default_rng(0).normal(size=(2, 24, 32)).astype(np.float32)
    moved = warp(values, shift(3, -2).flow)
    np.testing.assert_array_equal(moved[:, 4:, :-4], values[:, 2:-2, 3:-1])


def test_chained_ways_add_up_and_multiply_confidence() -> None:
    half = Way(shift(2, 1).flow, np.full((24, 32), 0.5, np.float32))
    both = chain(half, half)
    np.testing.assert_allclose(both.flow[:, :-2, :-3], shift(4, 2).flow[:, :-2, :-3])
    np.testing.assert_allclose(both.confidence[:-2, :-4], 0.25)
    assert (both.confidence[:, -2:] == 0).all()  # has left the frame


def test_a_chain_follows_the_place_where_the_first_way_ends() -> None:
    second = standing(24, 32)
    second.flow[0, :, 16:] = 5
    second.confidence[:, 16:] = 0.25
    both = chain(shift(4, 0), second)
    assert (both.flow[0, :, 12:28] == 9).all()
    assert (both.flow[0, :, :12] == 4).all()
    assert (both.confidence[:, 12:23] == 0.25).all()
