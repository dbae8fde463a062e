"""Color that runs over an edge counts there, and nowhere else."""

import numpy as np

from filmcolor.quality.edges import REACH, edge_error, near_edges

HEIGHT, WIDTH, EDGE = 32, 64, 32


def _picture() -> tuple[np.ndarray, np.ndarray]:
    luma = np.full((HEIGHT, WIDTH), 60.0)
    luma[:, EDGE:] = 180.0
    lab = np.zeros((HEIGHT, WIDTH, 3))
    lab[:, EDGE:, 1] = 40.0
    return luma, lab


def test_only_pixels_within_reach_of_the_edge_count() -> None:
    luma, _ = _picture()
    columns = np.flatnonzero(near_edges(luma).all(0))
    assert columns.min() >= EDGE - REACH - 1
    assert columns.max() <= EDGE + REACH
    assert len(columns) == 2 * REACH + 1


def test_bleeding_raises_it_and_an_error_far_away_does_not() -> None:
    luma, truth = _picture()
    assert edge_error(truth, truth, luma) == 0.0
    far = truth.copy()
    far[:, :10, 2] = 30.0
    assert edge_error(far, truth, luma) == 0.0
    bled = truth.copy()
    bled[:, EDGE - 2 : EDGE, 1] = 40.0
    found = edge_error(bled, truth, luma)
    assert found is not None
    assert found > 40.0 * 1 / (2 * REACH + 1)


def test_a_picture_without_edges_has_none() -> None:
    _, lab = _picture()
    assert edge_error(lab, lab, np.full((HEIGHT, WIDTH), 90.0)) is None
