from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from filmcolor.errors import InputError
from filmcolor.video.decode import decode, sample_luma
from filmcolor.video.luma import change_depth, read_planes
from filmcolor.video.probe import probe
from tests.films import UNEVEN, Recipe, luma_at, make_film

WEIGHTS = (0.299, 0.114)


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p10le", "yuv444p12le", "gray", "gray16le"])
def test_luma_and_times_come_as_coded(tmp_path: Path, pixel_format: str) -> None:
    film = make_film(tmp_path / "a.mkv", Recipe(pixel_format=pixel_format))
    info = probe(film)
    frames = list(decode(info))
    bits = av.VideoFormat(pixel_format).components[0].bits
    assert [f.pts * f.time_base for f in frames] == [Fraction(t, 25) for t in UNEVEN]
    for index, frame in enumerate(frames):
        np.testing.assert_array_equal(frame.luma, luma_at(index, 64, 48, bits))
        assert not frame.luma.flags.writeable


def test_a_gray_pixel_coded_as_rgb_keeps_its_value() -> None:
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    frame = av.VideoFrame.from_ndarray(np.stack([values] * 3, axis=-1), format="rgb24")
    luma, alpha = read_planes(frame, WEIGHTS)
    np.testing.assert_array_equal(luma, values)
    assert alpha is None


def test_a_frame_kept_is_not_overwritten_by_the_decoder(tmp_path: Path) -> None:
    info = probe(make_film(tmp_path / "a.mkv"))
    film = decode(info)
    first = next(film).luma
    copy = first.copy()
    list(film)
    np.testing.assert_array_equal(first, copy)


@pytest.mark.parametrize(("start", "end"), [(0.1, 0.5), (None, 0.4), (0.41, None)])
def test_start_and_end_are_exact(tmp_path: Path, start: float | None, end: float | None) -> None:
    info = probe(make_film(tmp_path / "a.mkv"))
    kept = [t for t in UNEVEN if (start is None or t / 25 >= start) and (end is None or t / 25 < end)]
    assert [f.pts * f.time_base * 25 for f in decode(info, start=start, end=end)] == kept


def test_a_late_start_gives_the_same_frames_as_the_whole_film(tmp_path: Path) -> None:
    film = make_film(
        tmp_path / "a.mkv", Recipe(times=range(0, 1000, 5), codec="libx264", options=(("g", "50"),))
    )
    info = probe(film)
    whole = [f for f in decode(info) if f.pts * f.time_base >= 30]
    part = list(decode(info, start=30.0))
    assert [f.pts for f in part] == [f.pts for f in whole]
    assert all((a.luma == b.luma).all() for a, b in zip(part, whole, strict=True))


def test_damaged_packets_are_left_out_counted_and_strict_stops(tmp_path: Path) -> None:
    film = make_film(tmp_path / "a.mp4", Recipe(times=range(40), size=(160, 128), codec="libx264"))
    with av.open(str(film)) as file:
        places = [(p.pos, p.size) for p in file.demux(file.streams.video[0]) if p.size and p.pos]
    data = bytearray(film.read_bytes())
    for begin, size in places[20:24]:
        data[begin : begin + size] = bytes(size)
    film.write_bytes(data)
    info = probe(film)
    said: list[str] = []
    frames = list(decode(info, warn=said.append))
    assert 20 <= len(frames) <= 40
    assert said
    assert all("damaged" in line for line in said)
    with pytest.raises(InputError, match="strict"):
        list(decode(info, strict=True))


def test_a_film_without_times_gets_those_of_its_rate(tmp_path: Path) -> None:
    raw = make_film(tmp_path / "a.h264", Recipe(times=range(8), codec="libx264"))
    info = probe(raw)
    pts = [f.pts for f in decode(info)]
    assert len(pts) == 8
    assert len({b - a for a, b in pairwise(pts)}) == 1


def test_samples_are_spread_over_the_film(tmp_path: Path) -> None:
    info = probe(make_film(tmp_path / "a.mkv", Recipe(times=range(60), options=(("g", "1"),))))
    samples = sample_luma(info, 4)
    assert len(samples) == 4
    assert len({s.tobytes() for s in samples}) == 4


def test_dither_keeps_the_mean_of_a_value_between_two_steps() -> None:
    plane = np.full((64, 64), 402, np.uint16)  # 100.5 at 8 bit
    assert abs(float(change_depth(plane, 10, 8, full_range=False).mean()) - 100.5) < 0.01
    np.testing.assert_array_equal(
        change_depth(change_depth(plane, 10, 16, full_range=False), 16, 10, full_range=False), plane
    )
