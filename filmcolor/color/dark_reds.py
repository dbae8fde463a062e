"""Dark reds and purples, of which a generator gives more than the truth has."""

import numpy as np
import numpy.typing as npt

Map = npt.NDArray[np.float32]

# Hues within 50 degrees of magenta red are meant wholly, beyond 75 not at all; L* under 30 wholly, over 48 not at all.
_HUE, _WHOLLY, _NOT = 330.0, 50.0, 75.0
_DARK, _LIGHT = 30.0, 48.0


def restrained(ab: Map, lightness: Map, factor: float) -> Map:
    """Return ab (2, h, w), Lab units, with the chroma of dark reds and purples times `factor`; hues stay.

    lightness: L* (h, w), 0..100. Dark cloth is mostly black, gray or blue, and a generator that is unsure of it says
    maroon (docs/training.md, "Dark reds").
    """
    if factor == 1.0:
        return ab
    hue = np.degrees(np.arctan2(ab[1], ab[0]))
    apart = np.abs((hue - _HUE + 180) % 360 - 180)
    meant = np.clip((_NOT - apart) / (_NOT - _WHOLLY), 0, 1)
    meant *= np.clip((_LIGHT - lightness) / (_LIGHT - _DARK), 0, 1)
    return np.asarray(ab * (1 - (1 - factor) * meant), np.float32)
