"""Dark reds and purples are held back; light ones, other hues and grays stay."""

import numpy as np
import pytest

from filmcolor.color.dark_reds import restrained


def factor_of(hue: float, lightness: float, factor: float = 0.4) -> float:
    angle = np.radians(hue)
    ab = (20 * np.array([np.cos(angle), np.sin(angle)], np.float32)).reshape(2, 1, 1)
    out = restrained(ab, np.full((1, 1), lightness, np.float32), factor)
    assert out.dtype == np.float32
    assert np.arctan2(out[1], out[0]).item() == pytest.approx(np.arctan2(ab[1], ab[0]).item(), abs=1e-5)
    return float(np.hypot(*out[:, 0, 0])) / 20


@pytest.mark.parametrize("hue", [285.0, 310.0, 330.0, 0.0, 15.0])
def test_dark_reds_and_purples_lose_chroma(hue: float) -> None:
    assert factor_of(hue, 20) == pytest.approx(0.4, abs=1e-5)
    assert factor_of(hue, 39) == pytest.approx(0.7, abs=1e-5)
    assert factor_of(hue, 50) == pytest.approx(1.0, abs=1e-5)
    assert factor_of(hue, 20, 1.0) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("hue", [50.0, 90.0, 150.0, 220.0, 250.0])
def test_other_hues_stay(hue: float) -> None:
    assert factor_of(hue, 10) == pytest.approx(1.0, abs=1e-5)


def test_gray_stays_gray() -> None:
    gray = np.zeros((2, 4, 4), np.float32)
    assert not restrained(gray, np.full((4, 4), 10, np.float32), 0.4).any()
