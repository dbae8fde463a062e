"""Resizing with every choice made: area averaging where a side shrinks, linear where it grows."""

from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

Picture = TypeVar("Picture", npt.NDArray[np.uint8], npt.NDArray[np.uint16], npt.NDArray[np.float32])


def resize(picture: Picture, rows: int, columns: int) -> Picture:
    """Return `picture` (h, w) or (h, w, c) in its own type at (rows, columns), edges on edges.

    OpenCV's area mode turns linear, and aliases, as soon as one side grows: so each side has its turn.
    """
    height, width = picture.shape[:2]
    small = (min(height, rows), min(width, columns))
    if small != (height, width):
        picture = _to(picture, small, cv2.INTER_AREA)
    if small != (rows, columns):
        picture = _to(picture, (rows, columns), cv2.INTER_LINEAR)
    return picture


def _to(picture: Picture, shape: tuple[int, int], interpolation: int) -> Picture:
    made = cv2.resize(picture, (shape[1], shape[0]), interpolation=interpolation)
    return np.asarray(made, picture.dtype)


def shift(picture: npt.NDArray[np.float32], down: float, across: float) -> npt.NDArray[np.float32]:
    """Return `picture` read `down` and `across` samples further on, linear, edges repeated."""
    if abs(down) < 1e-6 and abs(across) < 1e-6:
        return picture
    way = np.array([[1.0, 0.0, across], [0.0, 1.0, down]])
    moved = cv2.warpAffine(
        picture,
        way,
        (picture.shape[1], picture.shape[0]),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(moved, np.float32)
