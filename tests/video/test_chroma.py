"""Chroma as it was coded, from every kind of frame."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from filmcolor.video.chroma import read_chroma
from filmcolor.video.decode import decode
from filmcolor.video.probe import probe
from tests.films import Recipe, make_film

WEIGHTS = (0.299, 0.114)


def planar(name: str, seed: int = 1) -> tuple[av.VideoFrame, np.ndarray, np.ndarray]:
    """Return a frame of 22 x 16 whose chroma is noise, and that chroma."""
    frame = av.VideoFrame(22, 16, name)
    bits = frame.format.components[0].bits
    rng = np.random.default_rng(seed)
    kind = np.uint8 if bits == 8 else np.dtype("<u2")
    made = []
    for plane in frame.planes:
        rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height]
        values = rows[:, : plane.width * np.dtype(kind).itemsize].view(kind)
        values[:] = rng.integers(30, (1 << bits) - 20, values.shape)
        made.append(values.copy())
    return frame, made[1], made[2]


@pytest.mark.parametrize(
    "name", ["yuv420p", "yuvj422p", "yuv444p", "yuv411p", "yuva420p", "yuv420p10le", "yuv422p12le"]
)
def test_planar_chroma_is_bit_for_bit(name: str) -> None:
    frame, cb, cr = planar(name)
    got = read_chroma(frame, WEIGHTS)
    assert got is not None
    np.testing.assert_array_equal(got[0], cb)
    np.testing.assert_array_equal(got[1], cr)
    assert got[0].dtype == (np.uint8 if cb.dtype == np.uint8 else np.uint16)


@pytest.mark.parametrize(
    ("name", "plain"),
    [("nv12", "yuv420p"), ("nv21", "yuv420p"), ("nv16", "yuv422p"), ("p010le", "yuv420p10le"), ("uyvy422", "yuv422p"),
     ("yuyv422", "yuv422p"), ("y210le", "yuv422p10le")],
)  # fmt: skip
def test_packed_chroma_is_bit_for_bit(name: str, plain: str) -> None:
    frame, cb, cr = planar(plain)
    got = read_chroma(
        frame.reformat(format=name, threads=1), WEIGHTS
    )  # with more, swscale packs 1 of 800 wrong
    assert got is not None
    np.testing.assert_array_equal(got[0], cb)
    np.testing.assert_array_equal(got[1], cr)


@pytest.mark.parametrize("name", ["gray", "gray10le", "monow", "ya8", "yuv420p", "gbrp", "rgb24", "bgr0"])
def test_neutral_is_none(name: str) -> None:
    frame = av.VideoFrame(22, 16, "gray")
    rows = np.frombuffer(frame.planes[0], np.uint8).reshape(16, -1)
    rows[:] = np.arange(rows.size).reshape(rows.shape) % 251
    made = av.VideoFrame.from_ndarray(np.repeat(rows[:, :22, None], 3, 2).copy(), format="rgb24")
    if name == "yuv420p":
        made = av.VideoFrame(22, 16, name)
        for plane in made.planes:
            plane.update(bytes([128]) * plane.buffer_size)
    elif name != "rgb24":
        made = made.reformat(format=name) if name in ("gbrp", "bgr0") else frame.reformat(format=name)
    assert read_chroma(made, WEIGHTS) is None


def test_rgb_has_the_chroma_of_its_matrix() -> None:
    rgb = np.zeros((4, 6, 3), np.uint8)
    rgb[:, :, 0] = 255
    got = read_chroma(av.VideoFrame.from_ndarray(rgb, format="rgb24"), WEIGHTS)
    assert got is not None
    assert got[0].shape == (4, 6)
    assert abs(int(got[0][0, 0]) - (128 - 0.299 / 1.772 * 255)) <= 0.5
    assert got[1][0, 0] == 255  # 128 + 127.5


def test_a_film_gives_chroma_only_where_asked(tmp_path: Path) -> None:
    film = make_film(tmp_path / "a.mkv", Recipe(pixel_format="yuv420p"))
    info = probe(film)
    assert all(frame.chroma is None for frame in decode(info, chroma=True))  # neutral


@pytest.mark.parametrize("second", [("rgb24", 24, 16), ("pal8", 12, 8)])
def test_a_palette_that_turns_to_rgb_or_to_another_size_is_read(
    tmp_path: Path, second: tuple[str, int, int]
) -> None:
    path = tmp_path / "palette.mov"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("png", rate=25)
        stream.width, stream.height, stream.pix_fmt = 24, 16, "pal8"
        for n, (form, width, height) in enumerate((("pal8", 24, 16), second)):
            png = av.CodecContext.create("png", "w")
            png.width, png.height, png.pix_fmt, png.time_base = width, height, form, Fraction(1, 25)
            frame = av.VideoFrame(width, height, form)
            for plane in frame.planes:
                plane.update((np.arange(plane.buffer_size) * 37 % 256).astype(np.uint8).tobytes())
            frame.pts, frame.time_base = n, Fraction(1, 25)
            for packet in (*png.encode(frame), *png.encode(None)):
                packet.stream, packet.time_base = stream, Fraction(1, 25)
                packet.pts = packet.dts = n
                out.mux(packet)
    frames = list(decode(probe(path), chroma=True))
    assert [frame.luma.shape for frame in frames] == [(16, 24)] * 2
    assert [frame.chroma[0].shape for frame in frames if frame.chroma] == [(16, 24)] * 2
