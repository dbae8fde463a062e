"""Small pictures, a known color for them, and the way through read and write."""

from pathlib import Path

import numpy as np

from filmcolor.video.still import StillPicture, read_still, write_still

LIMIT = 10_000_000


def photo(height: int = 45, width: int = 61, bits: int = 8) -> np.ndarray:
    """Return a smooth picture of odd size with noise, not touching black or white."""
    y, x = np.mgrid[0:height, 0:width]
    smooth = 0.5 + 0.3 * np.sin(x / 9) * np.cos(y / 7)
    noisy = smooth + np.random.default_rng(3).normal(0, 0.02, smooth.shape)
    return np.rint(np.clip(noisy, 0.1, 0.9) * ((1 << bits) - 1)).astype(np.uint8 if bits == 8 else np.uint16)


def tint(luma: np.ndarray, bits: int) -> np.ndarray:
    """Return R'G'B' of exactly this BT.601 luma, reddish at the right and bluish at the left."""
    y = luma / ((1 << bits) - 1)
    room = np.minimum(y, 1 - y) * np.linspace(-1, 1, luma.shape[1])
    red, blue = y + 0.5 * room, y - 0.5 * room
    return np.stack((red, (y - 0.299 * red - 0.114 * blue) / 0.587, blue), axis=2).astype(np.float32)


def colored(source: Path, target: Path) -> tuple[StillPicture, StillPicture, list[str]]:
    picture = read_still(source, LIMIT)
    warnings = write_still(picture, (tint(page, picture.bits) for page in picture.pages), target)
    return picture, read_still(target, LIMIT), warnings


def error_of(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other.astype(float)).mean())
