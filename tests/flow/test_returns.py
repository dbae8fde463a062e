"""What was covered for a while takes the color that it had; what never left is not touched."""

import cv2
import numpy as np

from filmcolor.flow.agree import agree
from filmcolor.flow.compose import Floats
from filmcolor.flow.estimate import Motion, estimate_motion

HEIGHT, WIDTH, FRAMES = 96, 128, 60
ANCHORS = range(0, FRAMES, 6)


def _rough(seed: int, width: int) -> np.ndarray:
    rough = np.random.default_rng(seed).integers(20, 235, (HEIGHT // 6, width // 6)).astype(np.uint8)
    return cv2.resize(rough, (width, HEIGHT), interpolation=cv2.INTER_CUBIC)


def _motion(*, covered: bool) -> Motion:
    """A slow pan; a textured board passes before it from frame 8 to frame 40."""
    wide, board = _rough(1, WIDTH + 24), _rough(2, 96)
    frames = []
    for t in range(FRAMES):
        frame = wide[:, t // 5 : t // 5 + WIDTH].copy()
        left = -96 + round(224 * (t - 8) / 32)
        start, stop = max(0, left), min(WIDTH, left + 96)
        if covered and stop > start:
            frame[:, start:stop] = board[:, start - left : stop - left]
        frames.append(frame)
    return estimate_motion(frames)


def _network(size: tuple[int, int]) -> Floats:
    """Changes its mind while the board is there."""
    ab = np.zeros((len(ANCHORS), 2, *size), np.float32)
    ab[:, 0] = np.array([30.0 if t < 24 else 10.0 for t in ANCHORS], np.float32)[:, None, None]
    return ab


def test_what_comes_back_has_its_former_color() -> None:
    motion = _motion(covered=True)
    given = _network(motion.size)
    without = agree(given, ANCHORS, motion)
    ab = agree(given, ANCHORS, motion, returns=True)
    left = slice(4, 20)  # covered from frame 8 to 24, and seen again behind it
    before = float(without[0, 0, 8:-8, left].mean())
    assert before - float(without[-1, 0, 8:-8, left].mean()) > 10
    assert before - float(ab[-1, 0, 8:-8, left].mean()) < 6


def test_nothing_returns_where_nothing_left() -> None:
    motion = _motion(covered=False)
    given = _network(motion.size)
    assert np.array_equal(agree(given, ANCHORS, motion, returns=True), agree(given, ANCHORS, motion))
