"""What can be said of a frame's color without its truth: how strong it is, and where luma did not allow it."""

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from filmcolor.color.compose import compose_rgb
from filmcolor.color.gamut import HUES, LEVELS, tables
from filmcolor.color.resample import resize

Map = npt.NDArray[np.float32]

GAVE_WAY = 1.0
"""C*ab by which a color must have given way to be called out of gamut; less cannot be seen."""


class FrameColor(NamedTuple):
    """Means over one frame: a, b and C*ab as made, C*ab as wanted, share (0..1) of places out of gamut."""

    a: float
    b: float
    chroma: float
    wanted: float
    outside: float


def judge(luma: Map, ab: Map, saturation: float, kr: float, kb: float) -> FrameColor:
    """Return the figures of a frame: luma (h, w), Y' in 0..1, and ab (2, h, w) before `saturation`."""
    limit = tables(kr, kb).limit
    chroma, hue = cv2.cartToPolar(ab[0], ab[1], angleInDegrees=True)
    level = np.rint(luma * np.float32(LEVELS - 1)).clip(0, LEVELS - 1).astype(np.intp)
    allowed = limit[level, np.rint(hue * np.float32(HUES / 360)).astype(np.intp)]
    wanted = chroma * np.float32(saturation)
    made = np.minimum(wanted, allowed)
    share = made / np.maximum(chroma, np.float32(1e-6))
    return FrameColor(
        float((ab[0] * share).mean()),
        float((ab[1] * share).mean()),
        float(made.mean()),
        float(wanted.mean()),
        float((wanted > allowed + GAVE_WAY).mean()),
    )


def thumbnails(
    luma: Map, ab: Map, saturation: float, weights: tuple[float, float], turns: int, rows: int
) -> tuple[bytes, bytes]:
    """Return the gray and the colored picture as small JPEG files, at most `rows` high as the film lies.

    luma: (h, w), Y' in 0..1, pixels square. ab: (2, h', w'). weights: KR and KB. turns: quarter turns
    counter-clockwise that set it upright.
    """
    height, width = luma.shape
    down = min(rows, height)
    across = max(1, round(width * down / height))
    small = resize(np.asarray(luma, np.float32), down, across)
    color = np.stack([resize(np.ascontiguousarray(plane, np.float32), down, across) for plane in ab])
    rgb = compose_rgb(small, color, saturation, *weights)
    gray = np.repeat(small.clip(0.0, 1.0)[..., None], 3, axis=2)
    return _jpeg(gray, turns), _jpeg(rgb, turns)


def _jpeg(rgb: Map, turns: int) -> bytes:
    codes = np.rint(np.rot90(rgb, turns)[..., ::-1] * 255).astype(np.uint8)
    done, packed = cv2.imencode(".jpg", np.ascontiguousarray(codes), (cv2.IMWRITE_JPEG_QUALITY, 82))
    assert done
    return packed.tobytes()
