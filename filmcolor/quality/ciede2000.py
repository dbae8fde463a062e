"""CIEDE2000, the color difference that people agree with best: about 1 is just visible."""

import numpy as np

from filmcolor.quality.frames import Array

_25_TO_7 = 25.0**7


def ciede2000(made: Array, truth: Array) -> Array:
    """Return dE00 (...) of CIELAB (..., 3) against CIELAB (..., 3), kL = kC = kH = 1.

    Source: Sharma, Wu, Dalal 2005, "The CIEDE2000 Color-Difference Formula", equations 2 to 22.
    Angles are kept in degrees, the mean hue goes the short way around.
    """
    l1, a1, b1 = (made[..., i] for i in range(3))
    l2, a2, b2 = (truth[..., i] for i in range(3))
    c7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(c7 / (c7 + _25_TO_7))  # 1 + G: a is stretched near the neutral axis
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360

    neutral = c1 * c2 == 0
    turn = h2 - h1
    turn = np.where(turn > 180, turn - 360, np.where(turn < -180, turn + 360, turn))
    turn = np.where(neutral, 0.0, turn)
    dl, dc = l2 - l1, c2 - c1
    dh = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))

    total = h1 + h2
    far = np.abs(h1 - h2) > 180
    hue = np.where(far, np.where(total < 360, total + 360, total - 360), total) / 2
    hue = np.where(neutral, total, hue)
    lightness, c = (l1 + l2) / 2, (c1 + c2) / 2
    t = (
        1
        - 0.17 * np.cos(np.radians(hue - 30))
        + 0.24 * np.cos(np.radians(2 * hue))
        + 0.32 * np.cos(np.radians(3 * hue + 6))
        - 0.20 * np.cos(np.radians(4 * hue - 63))
    )
    off = (lightness - 50) ** 2
    sl, sc, sh = 1 + 0.015 * off / np.sqrt(20 + off), 1 + 0.045 * c, 1 + 0.015 * c * t
    c7 = c**7
    blue = 60 * np.exp(-(((hue - 275) / 25) ** 2))  # 2 * d theta
    rotation = -2 * np.sqrt(c7 / (c7 + _25_TO_7)) * np.sin(np.radians(blue))
    y, x, z = dl / sl, dc / sc, dh / sh
    square = y**2 + x**2 + z**2 + rotation * x * z
    return np.asarray(np.sqrt(np.maximum(square, 0.0)), dtype=np.float64)
