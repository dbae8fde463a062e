import numpy as np

from filmcolor.flow.fill import fill_from_around


def test_a_hole_takes_the_color_of_places_of_its_own_lightness() -> None:
    luma = np.full((48, 80), 60, np.uint8)
    luma[:, 40:] = 200
    ab = np.zeros((2, 48, 80), np.float32)
    ab[0, :, :40], ab[1, :, 40:] = 40, -40
    known = np.ones((48, 80), np.float32)
    known[20:28, 34:46] = 0
    wrong = np.where(known == 0, 99, ab).astype(np.float32)
    filled, share = fill_from_around(wrong, known, luma)
    hole = known == 0
    assert (share[hole] > 0.9).all()
    assert (share[~hole] == 0).all()
    np.testing.assert_allclose(filled[:, hole], ab[:, hole], atol=2)


def test_nothing_is_invented_where_nothing_is_known() -> None:
    _, share = fill_from_around(
        np.ones((2, 16, 16), np.float32), np.zeros((16, 16), np.float32), np.zeros((16, 16), np.uint8)
    )
    assert (share == 0).all()


def test_a_known_frame_comes_back() -> None:
    ab = np.random.default_rng(0).normal(size=(2, 9, 7)).astype(np.float32)
    filled, share = fill_from_around(ab, np.ones((9, 7), np.float32), np.zeros((9, 7), np.uint8))
    np.testing.assert_array_equal(filled, ab)
    assert not share.any()
