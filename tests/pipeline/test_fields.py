"""Films of two fields a frame, and films shown with repeated fields, from end to end."""

import re
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from filmcolor.model.predict import Predictor
from filmcolor.pipeline.run import color_film, load_predictor
from filmcolor.video.probe import probe
from tests.films import Recipe, flagged, lumas_of, make_film, picture_of, times_of, write_frames
from tests.pipeline.test_run import SMALL, planes


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return load_predictor(SMALL)


def film_of_two_fields(path: Path, order: str | None) -> Path:
    """Write a film whose top field is black and whose bottom field has blocks of gray."""
    ground = np.random.default_rng(3).integers(60, 200, (5, 6)).repeat(16, 0).repeat(16, 1).astype(np.uint8)
    ground[0::2] = 16
    frames = [picture_of(ground, "yuv420p") for _ in range(3)]
    return write_frames(path, [flagged(frame, order) if order else frame for frame in frames])


@pytest.mark.parametrize("order", ["tff", "bff"])
def test_each_chroma_row_has_the_color_of_its_own_field(
    tmp_path: Path, predictor: Predictor, order: str
) -> None:
    film = film_of_two_fields(tmp_path / "fields.mkv", order)
    out = color_film(film, tmp_path / "out.mkv", SMALL, predictor=predictor).path
    info = probe(out)
    assert (info.interlaced, info.top_field_first) == (True, order == "tff")
    with av.open(str(out)) as made:
        assert all(frame.interlaced_frame for frame in made.decode(video=0))
    for _, luma, cb in planes(out):
        assert (luma[0::2] == 16).all()
        assert (cb[0::2] == 128).all(), "the black field has no color"
        assert (cb[1::2] != 128).mean() > 0.5, "the other field has"


def test_the_same_picture_without_fields_has_color_in_every_row(tmp_path: Path, predictor: Predictor) -> None:
    film = film_of_two_fields(tmp_path / "frames.mkv", None)
    out = color_film(film, tmp_path / "out.mkv", SMALL, predictor=predictor).path
    assert not probe(out).interlaced
    for _, _, cb in planes(out):
        assert (cb[0::2] != 128).mean() > 0.5


def test_the_times_of_soft_telecine_stay(tmp_path: Path, predictor: Predictor) -> None:
    times = (
        0,
        50,
        83,
        133,
        167,
        217,
        250,
        300,
        333,
        383,
    )  # frames of three fields and of two, 1/59.94 s each
    even = make_film(
        tmp_path / "even.mkv", Recipe(times=range(len(times)), codec="mpeg2video", options=(("bf", "0"),))
    )
    film = tmp_path / "telecine.mkv"
    with av.open(str(even)) as source, av.open(str(film), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for index, packet in enumerate(p for p in source.demux(video=0) if p.size):
            packet.pts = packet.dts = times[index]
            packet.duration, packet.time_base, packet.stream = 33, Fraction(1, 1000), stream
            target.mux(packet)
    data = bytearray(film.read_bytes())
    found = [m.end() + 2 for m in re.finditer(rb"\x00\x00\x01\xb5[\x80-\x8f]", data)]
    assert len(found) == len(times)
    for at in found[::2]:
        data[at] |= 0b10  # repeat_first_field of the picture coding extension
    film.write_bytes(data)
    lumas = lumas_of(film)
    out = color_film(film, tmp_path / "out.mkv", SMALL, predictor=predictor)
    assert out.frames == len(times)
    assert times_of(out.path) == times_of(film) == [Fraction(t, 1000) for t in times]
    for before, after in zip(lumas, lumas_of(out.path), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize(("size", "pixel_format", "what"), [
    ((48, 32), "yuv420p", "the picture size"), ((64, 48), "yuv422p", "the pixel format"),
])  # fmt: skip
def test_a_film_that_changes_its_mind_is_brought_to_the_first_and_told(
    tmp_path: Path, predictor: Predictor, size: tuple[int, int], pixel_format: str, what: str
) -> None:
    first = make_film(tmp_path / "a.ts", Recipe(times=range(25), codec="libx264", options=(("bf", "0"),)))
    later = Recipe(
        times=range(25, 50), codec="libx264", size=size, pixel_format=pixel_format, options=(("bf", "0"),)
    )
    joined = tmp_path / "joined.ts"
    joined.write_bytes(first.read_bytes() + make_film(tmp_path / "b.ts", later).read_bytes())
    result = color_film(joined, tmp_path / "out.mkv", SMALL, predictor=predictor)
    assert result.frames == 50
    assert any(f"{what} changes in the middle" in line for line in result.warnings)
    assert {luma.shape for luma in lumas_of(result.path)} == {(48, 64)}
    found = times_of(result.path)
    assert all(abs(b - a - Fraction(1, 25)) <= Fraction(1, 1000) for a, b in pairwise(found))
