"""Made films of luma with known cuts. A scene is a still or moving texture of its own."""

import importlib.util
import itertools

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from filmcolor.film import Shot
from filmcolor.video.pyscenedetect import PySceneDetector
from filmcolor.video.shots import ShotDetector

Lumas = list[npt.NDArray[np.uint8]]


def scene(
    seed: int, frames: int, step: int = 2, height: int = 72, width: int = 128, grain: float = 4
) -> Lumas:
    """A camera pans over a picture of soft shapes by `step` pixels a frame, with grain."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(height, width + abs(step) * frames)).astype(np.float32)
    wide = cv2.GaussianBlur(noise, (0, 0), 9)
    wide = 120 + 50 * wide / wide.std()
    out = []
    for i in range(frames):
        view = wide[:, abs(step) * i : abs(step) * i + width] + rng.normal(0, grain, (height, width))
        out.append(np.clip(view, 0, 255).astype(np.uint8))
    return out


def shots_of(lumas: Lumas) -> list[Shot]:
    detector, shots = ShotDetector(), []
    for luma in lumas:
        shots += detector.push(luma)
    return shots + detector.finish()


def cuts_of(lumas: Lumas) -> list[int]:
    shots = shots_of(lumas)
    assert shots[0].start == 0
    assert shots[-1].stop == len(lumas)
    assert all(a.stop == b.start for a, b in itertools.pairwise(shots))
    return [shot.start for shot in shots[1:]]


def scaled(luma: npt.NDArray[np.uint8], gain: float, offset: float = 0) -> npt.NDArray[np.uint8]:
    return np.clip(luma * gain + offset, 0, 255).astype(np.uint8)


def mixed(first: Lumas, second: Lumas, length: int) -> Lumas:
    """`first` dissolves into `second` over `length` frames of both."""
    shares = np.arange(1, length + 1) / (length + 1)
    between = [
        cv2.addWeighted(a, 1 - s, b, s, 0)
        for a, b, s in zip(first[-length:], second[:length], shares, strict=True)
    ]
    return first[:-length] + between + second[length:]


def test_hard_cuts_are_found_at_their_frame() -> None:
    assert cuts_of(scene(1, 20) + scene(2, 9) + scene(3, 31)) == [20, 29]


@pytest.mark.parametrize("step", [0, 1, 5, 12])
def test_a_moving_camera_is_no_cut(step: int) -> None:
    assert cuts_of(scene(4, 60, step)) == []


def test_a_shaking_camera_is_no_cut() -> None:
    rng = np.random.default_rng(0)
    wide = scene(5, 1, height=100, width=170)[0]
    places = rng.integers(0, 9, (60, 2))
    assert cuts_of([wide[y : y + 72, x : x + 128].copy() for y, x in places]) == []


def test_exposure_flicker_is_no_cut_and_hides_none() -> None:
    rng = np.random.default_rng(0)
    film = scene(1, 30) + scene(2, 30)
    assert cuts_of(
        [scaled(y, g, o) for y, g, o in zip(film, rng.uniform(0.6, 1.2, 60), rng.uniform(-20, 20, 60))]
    ) == [30]


@pytest.mark.parametrize("length", [1, 2, 4])
@pytest.mark.parametrize("level", [0, 255])
def test_a_flash_or_a_gap_is_no_cut(length: int, level: int) -> None:
    film = scene(1, 50, step=1)
    for i in range(20, 20 + length):
        film[i] = np.full_like(film[i], level)
    assert cuts_of(film) == []


def test_a_splice_with_one_blended_frame_is_one_cut() -> None:
    cuts = cuts_of(mixed(scene(1, 30, 1), scene(2, 30, 1), 1))
    assert len(cuts) == 1
    assert abs(cuts[0] - 29) <= 1


@pytest.mark.parametrize("length", [6, 12, 24])
def test_a_dissolve_is_cut_once_in_its_middle(length: int) -> None:
    film = mixed(scene(1, 60, 1), scene(2, 60, 1), length)
    cuts = cuts_of(film)
    assert len(cuts) == 1
    assert abs(cuts[0] - (60 - length / 2)) <= max(2, length / 6)


def test_a_fade_through_black_parts_two_shots_in_the_dark() -> None:
    first, second = scene(1, 40), scene(2, 40)
    down = [scaled(y, g) for y, g in zip(first[-16:], np.linspace(1, 0, 16))]
    up = [scaled(y, g) for y, g in zip(second[:16], np.linspace(0, 1, 16))]
    black = [np.zeros_like(first[0])] * 8
    cuts = cuts_of(first[:-16] + down + black + up + second[16:])
    assert cuts
    assert all(36 <= cut <= 52 for cut in cuts)


def test_black_leader_is_a_shot_of_its_own() -> None:
    rng = np.random.default_rng(0)
    leader = [rng.integers(10, 16, (72, 128)).astype(np.uint8) for _ in range(24)]
    assert cuts_of(leader + scene(1, 30)) == [24]


def test_scratches_and_dirt_are_no_cut() -> None:
    rng = np.random.default_rng(0)
    film = scene(6, 60, 1)
    for luma in film:
        x, y = rng.integers(0, 120), rng.integers(0, 60)
        luma[:, x : x + 2] = 255
        luma[y : y + 10, x : x + 8] = 0
    assert cuts_of(film) == []


def test_an_object_passing_close_is_no_cut() -> None:
    film = scene(7, 50, 0)
    for i in range(10, 50):
        film[i][20:, max(0, 5 * (i - 10) - 40) : 5 * (i - 10)] = 20
    assert cuts_of(film) == []


def test_what_was_given_does_not_depend_on_what_comes_later_and_comes_in_time() -> None:
    film = scene(1, 40) + scene(2, 40) + scene(3, 40)
    detector, shots = ShotDetector(), []
    for count, luma in enumerate(film, 1):
        for shot in detector.push(luma):
            assert count == shot.stop + detector.look_ahead
            shots.append(shot)
    assert shots == [Shot(0, 40), Shot(40, 80)]
    other, again = ShotDetector(), []
    for luma in [*film[:70], *scene(9, 30)]:
        again += other.push(luma)
    assert again[0] == shots[0]


def test_a_detector_holds_few_thumbnails_of_a_long_shot() -> None:
    detector = ShotDetector()
    for luma in scene(1, 20, 0) * 20:
        assert detector.push(luma) == []
    assert len(detector._thumbs) < 64
    assert detector.finish() == [Shot(0, 400)]


def test_short_upright_and_empty_films() -> None:
    assert shots_of([]) == []
    assert shots_of(scene(1, 1)) == [Shot(0, 1)]
    assert shots_of(scene(1, 2)) == [Shot(0, 2)]
    upright = scene(1, 20, height=128, width=72) + scene(2, 20, height=128, width=72)
    assert cuts_of(upright) == [20]


def test_a_cut_near_either_end_is_found() -> None:
    assert cuts_of(scene(1, 3) + scene(2, 30)) == [3]
    assert cuts_of(scene(1, 30) + scene(2, 3)) == [30]


@pytest.mark.skipif(importlib.util.find_spec("scenedetect") is None, reason="extra [shots] is not installed")
def test_pyscenedetect_finds_hard_cuts_too() -> None:
    detector, shots = PySceneDetector(), []
    for luma in scene(1, 40) + scene(2, 40):
        shots += detector.push(luma)
    assert shots + detector.finish() == [Shot(0, 40), Shot(40, 80)]
