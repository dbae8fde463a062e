import numpy as np
import pytest

from filmcolor.flow.merge import weights_of


def test_pictures_as_sure_as_each_other_count_as_one_each_however_sure() -> None:
    place = np.linspace(1.0, 4.0, 120, dtype=np.float32)[None, None].repeat(30, 1)
    weights = weights_of(place.repeat(3, 0))
    assert weights.shape == (3, 30, 120)
    np.testing.assert_allclose(weights[:, :, 30:-30], 1, rtol=0.02)
    np.testing.assert_allclose(weights_of(np.full((2, 30, 40), 3.0, np.float32)), 1, rtol=1e-3)


def test_a_surer_picture_counts_for_more_within_a_limit() -> None:
    entropy = np.full((2, 30, 40), 3.0, np.float32)
    entropy[0] -= 0.1
    assert weights_of(entropy)[0] == pytest.approx(np.exp(0.5), rel=0.01)
    assert weights_of(entropy)[1] == pytest.approx(np.exp(-0.5), rel=0.01)
    entropy[0] = 0.1
    assert weights_of(entropy).max() == pytest.approx(20)
    assert weights_of(entropy).min() == pytest.approx(1 / 20)
