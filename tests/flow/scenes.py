"""Made films of small luma with known motion."""

import cv2
import numpy as np
import numpy.typing as npt

Lumas = list[npt.NDArray[np.uint8]]


def texture(height: int, width: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    noise = np.random.default_rng(seed).normal(size=(height, width)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2.5)
    return np.clip(128 + 45 * smooth / smooth.std(), 0, 255).astype(np.uint8)


def pan(frames: int, step: int = 2, height: int = 96, width: int = 160, seed: int = 0) -> Lumas:
    """The picture moves `step` pixels to the left a frame."""
    wide = texture(height, width + step * frames, seed)
    return [wide[:, step * i : step * i + width].copy() for i in range(frames)]


def object_over_ground(
    frames: int, step: int = 4, height: int = 96, width: int = 160
) -> tuple[Lumas, list[slice]]:
    """A bright textured square moves right over a dark textured ground; returns its columns, lines 32..64."""
    ground, square = texture(height, width, 1) // 3, 150 + texture(32, 32, 2) // 3
    out, places = [], []
    for i in range(frames):
        place = slice(12 + step * i, 44 + step * i)
        frame = ground.copy()
        frame[32:64, place] = square
        out.append(frame)
        places.append(place)
    return out, places
