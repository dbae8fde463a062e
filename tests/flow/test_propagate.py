import numpy as np
import pytest

from filmcolor.flow.estimate import Motion, estimate_motion
from filmcolor.flow.propagate import agree, choose_anchors, smooth, spread
from tests.flow.scenes import Lumas, object_over_ground, pan, texture

RED, BLUE, GREEN = (50.0, 30.0), (10.0, -50.0), (-40.0, 30.0)


def flat(color: tuple[float, float], motion: Motion) -> np.ndarray:
    return np.broadcast_to(np.array(color, np.float32)[:, None, None], (2, *motion.size)).copy()


def colored(lumas: Lumas, places: list[slice]) -> np.ndarray:
    """Exact ab on half the lines: the square red, the ground blue."""
    out = np.empty((len(lumas), 2, 48, 80), np.float32)
    for ab, place in zip(out, places):
        ab[:] = np.array(BLUE)[:, None, None]
        ab[:, 16:32, place.start // 2 : place.stop // 2] = np.array(RED)[:, None, None]
    return out


def test_color_rides_with_a_moving_object_and_leaves_no_trail() -> None:
    lumas, places = object_over_ground(13)
    truth, motion = colored(lumas, places), estimate_motion(lumas)
    frames = np.stack(list(spread(truth[[0, 12]], [0, 12], motion)))
    error = np.abs(frames - truth).mean(1)
    assert error.mean() < 1.0
    for t in range(1, 12):
        start, stop = places[t].start // 2, places[t].stop // 2
        assert error[t, 18:30, start + 2 : stop - 2].mean() < 2  # the object is red
        assert error[t, 18:30, : start - 2].mean() < 3  # where it was the ground is blue again
        assert error[t, 18:30, stop + 2 :].mean() < 3


def test_anchor_frames_keep_exactly_their_own_color() -> None:
    motion = estimate_motion(pan(9))
    ab = np.random.default_rng(0).normal(0, 30, (2, 2, *motion.size)).astype(np.float32)
    frames = list(spread(ab, [0, 8], motion))
    assert len(frames) == 9
    np.testing.assert_array_equal(frames[0], ab[0])
    np.testing.assert_array_equal(frames[8], ab[1])


def test_the_last_anchor_may_lie_behind_the_frames() -> None:
    motion = estimate_motion(pan(9))
    ab = np.stack([flat(RED, motion), flat(BLUE, motion)])
    whole = list(spread(ab, [0, 8], motion))
    part = list(spread(ab, [0, 8], motion, 8))
    assert len(part) == 8
    np.testing.assert_array_equal(np.stack(part), np.stack(whole[:8]))


def test_frames_behind_the_last_and_before_the_first_anchor_take_its_color() -> None:
    motion = estimate_motion(pan(7))
    frames = np.stack(list(spread(flat(GREEN, motion)[None], [3], motion)))
    np.testing.assert_allclose(frames, np.broadcast_to(flat(GREEN, motion), frames.shape), atol=0.05)


def test_every_frame_may_be_an_anchor() -> None:
    motion = estimate_motion(pan(4))
    ab = np.random.default_rng(0).normal(0, 30, (4, 2, *motion.size)).astype(np.float32)
    np.testing.assert_array_equal(np.stack(list(spread(ab, range(4), motion))), ab)


def test_a_still_shot_is_exactly_still() -> None:
    motion = estimate_motion([pan(1)[0]] * 40)
    assert choose_anchors(motion) == [0, 39]
    rng = np.random.default_rng(0)
    ab = rng.normal(0, 30, (3, 2, *motion.size)).astype(np.float32)
    for agreed in (agree(ab, [0, 20, 39], motion), agree(ab, [0, 20, 39], motion, fixed_first=True)):
        frames = np.stack(list(spread(agreed, [0, 20, 39], motion)))
        assert (frames == frames[0]).all()
    each = smooth(rng.normal(0, 30, (40, 2, *motion.size)).astype(np.float32), motion)
    assert (each == each[0]).all()


def test_repeated_frames_within_a_moving_shot_keep_the_color_of_the_one_repeated() -> None:
    lumas = [luma for luma in pan(8) for _ in range(3)]
    motion = estimate_motion(lumas)
    ab = np.stack([flat(RED, motion), flat(BLUE, motion)])
    frames = list(spread(ab, [0, 23], motion))
    for t in range(0, 24, 3):
        np.testing.assert_array_equal(frames[t], frames[t + 1])
        np.testing.assert_array_equal(frames[t], frames[t + 2])
    assert not np.array_equal(frames[3], frames[6])


def test_color_passes_evenly_from_one_anchor_to_the_next() -> None:
    motion = estimate_motion(
        pan(11, step=0, seed=3)[:1]
        + [luma + np.uint8(i % 2) for i, luma in enumerate(pan(10, step=0, seed=3))]
    )
    ab = np.stack([flat((40.0, 0.0), motion), flat((0.0, 40.0), motion)])
    frames = np.stack(list(spread(ab, [0, 10], motion)))
    steps = np.abs(np.diff(frames, axis=0)).mean((1, 2, 3))
    assert steps.max() < 8
    chroma = np.hypot(frames[:, 0], frames[:, 1])
    assert chroma.min() > 38  # a mean would have 28 in the middle


@pytest.mark.parametrize("fixed_first", [False, True])
def test_what_is_common_to_all_weights_has_no_say(fixed_first: bool) -> None:
    motion = estimate_motion(pan(41, step=1))
    anchors = [0, 10, 20, 30, 40]
    ab = np.random.default_rng(2).normal(0, 20, (5, 2, *motion.size)).astype(np.float32)
    alike = agree(ab, anchors, motion, fixed_first=fixed_first)
    for weight in (0.05, 20):
        weights = np.full((5, *motion.size), weight, np.float32)
        made = agree(ab, anchors, motion, weights=weights, fixed_first=fixed_first)
        np.testing.assert_allclose(made, alike, atol=0.02)
    weights[2] = 400  # one is surer than all others
    surer = agree(ab, anchors, motion, weights=weights, fixed_first=fixed_first)
    assert np.abs(surer[2] - ab[2]).mean() < (0.6 if fixed_first else 0.3) * np.abs(alike[2] - ab[2]).mean()
    with pytest.raises(ValueError, match="weights"):
        agree(ab, anchors, motion, weights=weights[:3])


def test_unlike_anchors_agree_and_keep_their_chroma() -> None:
    motion = estimate_motion(pan(41, step=1))
    anchors = [0, 10, 20, 30, 40]
    angle = np.deg2rad([0, 50, 0, 50, 0])
    ab = np.stack([flat((40 * np.cos(a), 40 * np.sin(a)), motion) for a in angle])
    agreed = agree(ab, anchors, motion)
    inner = agreed[:, :, 6:-6, 24:-24]
    assert np.abs(np.diff(inner, axis=0)).mean() < 0.25 * np.abs(np.diff(ab, axis=0)).mean()
    assert np.hypot(inner[:, 0], inner[:, 1]).mean() == pytest.approx(40, rel=0.01)


def test_a_settled_first_anchor_comes_back_unchanged_and_the_others_follow_it() -> None:
    motion = estimate_motion(pan(31, step=1))
    anchors = [0, 10, 20, 30]
    ab = np.stack([flat(RED, motion)] + [flat(BLUE, motion)] * 3)
    agreed = agree(ab, anchors, motion, fixed_first=True)
    np.testing.assert_array_equal(agreed[0], ab[0])
    distance = np.abs(agreed - ab[0])[:, :, 8:-8, 24:-24].mean((1, 2, 3))
    assert (np.diff(distance) >= 0).all()
    assert distance[1] < 0.3 * np.abs(ab[1] - ab[0]).mean()
    first = smooth(np.repeat(ab, 8, axis=0)[:31], motion, fixed_first=True)[0]
    np.testing.assert_array_equal(first, ab[0])


def test_nothing_is_shared_where_the_pictures_have_nothing_in_common() -> None:
    lumas = [texture(96, 160, seed) for seed in range(4)]
    motion = estimate_motion(lumas)
    ab = np.stack([flat(c, motion) for c in (RED, BLUE, RED, BLUE)])
    each = smooth(ab, motion)
    assert np.abs(each - ab).mean() < 0.1 * np.abs(ab[0] - ab[1]).mean()


def test_flicker_of_the_network_is_smoothed_without_fading() -> None:
    motion = estimate_motion(pan(16, step=1))
    rng = np.random.default_rng(0)
    angle = rng.normal(0.5, 0.4, 16)
    ab = np.stack([flat((40 * np.cos(a), 40 * np.sin(a)), motion) for a in angle])
    each = smooth(ab, motion)
    inner = each[:, :, 6:-6, 20:-20]
    assert np.abs(np.diff(inner, axis=0)).mean() < 0.15 * np.abs(np.diff(ab, axis=0)).mean()
    assert np.hypot(inner[:, 0], inner[:, 1]).mean() == pytest.approx(40, rel=0.01)


def test_what_no_anchor_saw_is_handed_to_the_fill() -> None:
    lumas = [texture(96, 160, 5), texture(96, 160, 6), texture(96, 160, 7)]
    motion = estimate_motion(lumas)
    ab = np.stack([flat(RED, motion), flat(RED, motion)])
    asked: list[int] = []

    def fill(t: int, ab: np.ndarray, known: np.ndarray) -> np.ndarray:
        asked.append(t)
        assert known.mean() < 0.5
        return np.where(known > 0.5, ab, flat(GREEN, motion))

    frames = list(spread(ab, [0, 2], motion, fill=fill))
    assert asked == [1]
    assert np.abs(frames[1] - flat(GREEN, motion)).mean() < 30


def test_wrong_numbers_of_anchors_and_frames_are_refused() -> None:
    motion = estimate_motion(pan(3))
    ab = np.stack([flat(RED, motion)] * 2)
    with pytest.raises(ValueError, match="anchors"):
        list(spread(ab, [0], motion))
    with pytest.raises(ValueError, match="anchors"):
        agree(ab, [0], motion)
    with pytest.raises(ValueError, match="frames"):
        smooth(ab, motion)


def test_anchors_are_far_apart_where_the_flow_holds_and_near_where_it_is_lost() -> None:
    calm, fast = estimate_motion(pan(49, step=0, width=160)), estimate_motion(pan(49, step=12))
    noisy = [luma + np.uint8(i % 2) for i, luma in enumerate(pan(49, step=1))]
    slow = estimate_motion(noisy)
    assert choose_anchors(calm) == [0, 48]
    assert choose_anchors(slow) == [0, 16, 32, 48]
    near = choose_anchors(fast)
    assert len(near) >= 6
    assert min(np.diff(near)) >= 4


def test_the_last_frame_is_an_anchor_where_it_is_wanted() -> None:
    motion = estimate_motion(pan(20, step=1))
    assert choose_anchors(motion)[-1] == 19
    assert choose_anchors(motion, last=False) == [0, 16]
    assert choose_anchors(motion, 18)[-1] == 17
    assert choose_anchors(motion, 1) == [0]
    assert all(8 <= gap <= 16 for gap in np.diff(choose_anchors(motion)))


def test_anchors_do_not_depend_on_what_comes_later() -> None:
    motion = estimate_motion(pan(40, step=5))
    whole = choose_anchors(motion, last=False)
    for frames in range(1, 40, 7):
        assert choose_anchors(motion, frames, last=False) == [a for a in whole if a < frames]


def test_the_step_into_a_new_piece_is_no_larger_than_those_within() -> None:
    motion = estimate_motion(pan(33, step=1))
    rng = np.random.default_rng(0)
    settled, rest = flat(RED, motion), [flat((30 + rng.normal(0, 8), -20.0), motion) for _ in range(32)]
    each = smooth(np.stack([settled, *rest]), motion, fixed_first=True)
    steps = np.abs(np.diff(each[:, :, 8:-8, 24:-24], axis=0)).mean((1, 2, 3))
    assert steps[0] <= steps.max()
    assert steps.max() < 0.15 * np.abs(rest[0] - settled).mean()
