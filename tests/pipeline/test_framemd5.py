"""The sidecars hold FFmpeg's own hashes: of the result's pictures, and of the source's luma."""

import hashlib
import io
from pathlib import Path

import av
import pytest

from filmcolor.pipeline.run import color_film
from filmcolor.settings import RunSettings
from tests.films import UNEVEN, Recipe, lumas_of, make_film


def hashes(text: str) -> list[tuple[int, int, str]]:
    """Return (PTS, bytes, MD5) of each line."""
    lines = [line.split(",") for line in text.splitlines() if not line.startswith("#")]
    return [(int(part[2]), int(part[4]), part[5].strip()) for part in lines]


def by_ffmpeg(path: Path) -> list[tuple[int, int, str]]:
    """Let FFmpeg's own muxer hash the pictures."""
    buffer = io.BytesIO()
    with av.open(str(path)) as film, av.open(buffer, "w", format="framemd5") as target:
        source = film.streams.video[0]
        stream = target.add_stream("rawvideo", rate=25)
        stream.width, stream.height, stream.pix_fmt = source.width, source.height, source.pix_fmt
        stream.time_base = stream.codec_context.time_base = source.time_base
        for frame in film.decode(source):
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return hashes(buffer.getvalue().decode())


@pytest.mark.parametrize(("pixel_format", "size"), [("yuv420p", (64, 48)), ("yuv422p10le", (70, 50))])
def test_the_sidecars_hold_ffmpegs_hashes(tmp_path: Path, pixel_format: str, size: tuple[int, int]) -> None:
    film = make_film(tmp_path / "gray.mkv", Recipe(pixel_format=pixel_format, size=size))
    out = tmp_path / "color.mkv"
    color_film(film, out, RunSettings(size=64, mirrored=False, preset="archive", framemd5=True))
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "color.mkv",
        "color.mkv.framemd5",
        "color.mkv.source-luma.framemd5",
        "gray.mkv",
    ]
    pictures = hashes((tmp_path / "color.mkv.framemd5").read_text())
    assert pictures == by_ffmpeg(out)
    luma = hashes((tmp_path / "color.mkv.source-luma.framemd5").read_text())
    assert [line[0] for line in luma] == [40 * pts for pts in UNEVEN]
    lossless = [hashlib.md5(plane.tobytes()).hexdigest() for plane in lumas_of(out)]
    assert [line[2] for line in luma] == lossless, "archive keeps the source's luma"
