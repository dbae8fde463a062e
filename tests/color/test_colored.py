"""What is color, and what is only the tone of a print or the noise of a tape."""

import cv2
import numpy as np
import pytest

from filmcolor.color.colored import LEAST, Small, find_color

SHAPE = (96, 128)


def scene(seed: int = 0) -> np.ndarray:
    """Return luma with soft and hard edges, code values."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(30, 220, (8, 11)).astype(np.float32)
    soft = cv2.resize(blocks, SHAPE[::-1], interpolation=cv2.INTER_CUBIC)
    return np.clip(soft + rng.normal(0, 4, SHAPE), 16, 235).astype(np.float32)


def toned(luma: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Return Cb and Cr of a print in one tone."""
    share = (luma - 16) / 219
    if kind == "sepia":
        return -18 - 20 * share * (1 - share), 12 + 10 * share * (1 - share)
    if kind == "tint":
        return np.full_like(luma, 30), np.full_like(luma, -14)
    if kind == "split":  # blue shadows, yellow lights
        return 22 * (1 - 2 * share), -14 * (1 - 2 * share)
    return np.zeros_like(luma), np.zeros_like(luma)


def tape_noise(seed: int, strength: float) -> np.ndarray:
    """Return chroma noise as of a tape: streaks of some samples along a line, each line its own."""
    noise = cv2.GaussianBlur(
        np.random.default_rng(seed).standard_normal((384, 512)).astype(np.float32),
        (0, 0),
        sigmaX=8,
        sigmaY=0.01,
    )
    return cv2.resize(noise * strength / noise.std(), SHAPE[::-1], interpolation=cv2.INTER_AREA)


def pairs_of(kind: str, noise: float = 0.0) -> list[tuple[Small, Small]]:
    found = []
    for place in range(5):
        luma = scene(place)
        cb, cr = toned(luma, kind)
        found.append(
            tuple(
                Small(
                    luma,
                    cb + tape_noise(100 * place + 2 * i, noise),
                    cr + tape_noise(100 * place + 2 * i + 1, noise),
                )
                for i in (0, 1)
            )
        )
    return found


@pytest.mark.parametrize("kind", ["gray", "sepia", "tint", "split"])
@pytest.mark.parametrize("noise", [0.0, 8.0])
def test_a_tone_and_the_noise_of_a_tape_are_no_color(kind: str, noise: float) -> None:
    assert not find_color(pairs_of(kind, noise)).colored


def test_objects_of_several_colors_are() -> None:
    pairs = pairs_of("sepia", 4.0)
    for first, _ in pairs:
        first.cb[20:60, 10:50] += 14
        first.cr[50:90, 70:120] -= 11
    for first, second in pairs:
        second.cb[:], second.cr[:] = first.cb + tape_noise(1, 2.0), first.cr + tape_noise(2, 2.0)
    assert find_color(pairs).colored


def test_a_logo_is_not_enough() -> None:
    pairs = pairs_of("gray")
    for pair in pairs:
        for frame in pair:
            frame.cr[4:14, 110:122] += 70
    found = find_color(pairs)
    assert found.strength > LEAST
    assert not found.colored


def test_a_frame_alone_and_tiny_frames_are_judged() -> None:
    assert not find_color([]).colored
    tiny = Small(*(np.zeros((1, 1), np.float32) for _ in range(3)))
    assert not find_color([(tiny, tiny)]).colored
    luma = scene()
    frame = Small(
        luma, 20 * np.sign(np.linspace(-1, 1, SHAPE[1]) * np.ones(SHAPE)) * (scene(9) > 120), 0 * luma
    )
    assert find_color([(frame, frame)]).colored
