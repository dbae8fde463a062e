from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from filmcolor.errors import InputError
from filmcolor.video.rgb import rate_of, read_rgb_frames, write_gray_film, write_photographic_film

RAMP = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (48, 1))


def test_a_gray_film_comes_back_bit_for_bit(tmp_path: Path) -> None:
    assert write_gray_film(tmp_path / "gray.mkv", [RAMP, RAMP[::-1, ::-1]], Fraction(30000, 1001)) == 2
    first, second = read_rgb_frames(tmp_path / "gray.mkv")
    assert (first.rgb == RAMP[..., None]).all()
    assert (second.luma == RAMP[::-1, ::-1]).all()
    assert rate_of(tmp_path / "gray.mkv") == Fraction(30000, 1001)


def test_limited_range_is_undone_in_luma_and_in_rgb_alike(tmp_path: Path) -> None:
    write_photographic_film(tmp_path / "film.mkv", [RAMP] * 3, Fraction(24))
    frames = list(read_rgb_frames(tmp_path / "film.mkv", limit=2))
    assert len(frames) == 2
    assert np.abs(frames[0].luma - RAMP).max() < 6  # H.264 at crf 18
    assert np.abs(frames[0].rgb[..., 1] - np.clip(frames[0].luma, 0, 255)).max() <= 0.51


def test_what_is_no_film_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "notes.mkv").write_text("not a film")
    with pytest.raises(InputError, match=r"notes\.mkv"):
        list(read_rgb_frames(tmp_path / "notes.mkv"))
