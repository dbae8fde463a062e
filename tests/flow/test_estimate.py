import cv2
import numpy as np
import pytest

from filmcolor.flow.estimate import confidence_of, estimate_flow, estimate_motion, match_exposure
from tests.flow.scenes import object_over_ground, pan


def test_flow_of_a_pan_is_its_step() -> None:
    first, second = pan(2, step=3)
    flow = estimate_flow(first, second)
    assert flow.shape == (2, 96, 160)
    assert flow.dtype == np.float32
    inner = flow[:, 8:-8, 12:-12]
    assert np.abs(inner[0] + 3).mean() < 0.1
    assert np.abs(inner[1]).mean() < 0.1


def test_flow_is_the_same_each_time_and_for_any_number_of_threads() -> None:
    first, second = object_over_ground(2)[0]
    wanted = estimate_flow(first, second)
    threads = cv2.getNumThreads()
    try:
        for count in (1, 2, 4):
            cv2.setNumThreads(count)
            estimate_flow(second, first)
            np.testing.assert_array_equal(estimate_flow(first, second), wanted)
    finally:
        cv2.setNumThreads(threads)


def test_an_exactly_repeated_frame_has_exactly_no_motion_and_full_confidence() -> None:
    first, second = pan(2)
    motion = estimate_motion([first, first.copy(), second])
    assert motion.repeated == (False, True, False)
    assert not motion.forward[0].any()
    assert not motion.backward[0].any()
    assert (motion.forward_confidence[0] == 1).all()
    assert motion.forward[1].any()


def test_motion_is_stored_on_half_the_lines_in_its_own_pixels() -> None:
    motion = estimate_motion(pan(3, step=4, height=97, width=161))
    assert motion.size == (49, 81)
    assert motion.forward.shape == motion.backward.shape == (2, 2, 49, 81)
    assert abs(float(motion.forward[:, 0, 8:-8, 8:-8].mean()) + 2) < 0.1
    assert abs(float(motion.backward[:, 0, 8:-8, 8:-8].mean()) - 2) < 0.1


def test_one_frame_has_no_motion_and_none_is_refused() -> None:
    motion = estimate_motion(pan(1))
    assert motion.frames == 1
    assert len(motion.forward) == len(motion.backward_confidence) == 0
    with pytest.raises(ValueError, match="no frame"):
        estimate_motion([])


def test_exposure_flicker_is_not_motion() -> None:
    still = pan(1)[0]
    darker = np.clip(still * 0.8 + 4, 0, 255).astype(np.uint8)
    assert np.abs(match_exposure(darker, still).astype(int) - still).mean() < 2
    motion = estimate_motion([still, darker, still])
    assert np.abs(motion.forward).max() < 0.2
    assert motion.forward_confidence.mean() > 0.97


def test_confidence_is_low_where_a_moving_object_hides_the_ground_and_high_elsewhere() -> None:
    hidden, elsewhere = [], []
    for step in (4, 6, 8, 10, 12):
        lumas, places = object_over_ground(2, step=step)
        confidence = estimate_motion(lumas).forward_confidence[0]
        hidden.append(confidence[17:31, places[0].stop // 2 : places[1].stop // 2].mean())
        elsewhere.append(confidence[36:].mean())
    assert np.mean(hidden) < 0.5
    assert min(elsewhere) > 0.95


def test_confidence_is_none_outside_the_frame() -> None:
    flow = np.zeros((2, 20, 30), np.float32)
    flow[0] = -5
    sure = confidence_of(flow, -flow)
    assert (sure[:, :4] == 0).all()
    assert (sure[:, 5:] == 1).all()


@pytest.mark.parametrize("shape", [(1, 1), (9, 40), (16, 16), (31, 33), (32, 32)])
def test_tiny_pictures_have_motion_too(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    motion = estimate_motion([rng.integers(0, 255, shape).astype(np.uint8) for _ in range(3)])
    assert motion.frames == 3
    assert np.isfinite(motion.forward.astype(np.float32)).all()


def test_flat_and_black_frames_are_no_trouble() -> None:
    black, flat = np.zeros((64, 96), np.uint8), np.full((64, 96), 200, np.uint8)
    motion = estimate_motion([black, flat, black, texture_like(flat)])
    assert np.isfinite(motion.backward.astype(np.float32)).all()


def texture_like(flat: np.ndarray) -> np.ndarray:
    return pan(1, height=flat.shape[0], width=flat.shape[1])[0]


def test_lumas_of_unlike_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        estimate_flow(np.zeros((20, 20), np.uint8), np.zeros((20, 24), np.uint8))
    with pytest.raises(ValueError, match="expected luma"):
        estimate_motion([np.zeros((20, 20), np.uint8), np.zeros((20, 24), np.uint8)])


def test_motion_is_the_same_for_any_number_of_threads() -> None:
    lumas = [*object_over_ground(6)[0]]
    lumas.insert(3, lumas[3].copy())
    threads = cv2.getNumThreads()
    made = []
    try:
        for count in (1, 2, 5):
            cv2.setNumThreads(count)
            made.append(estimate_motion(lumas))
    finally:
        cv2.setNumThreads(threads)
    for motion in made[1:]:
        np.testing.assert_array_equal(motion.forward, made[0].forward)
        np.testing.assert_array_equal(motion.backward_confidence, made[0].backward_confidence)
        assert motion.repeated == made[0].repeated
    assert made[0].repeated == (False, False, False, False, True, False, False)
