"""MD5 of every decoded frame, in the format of FFmpeg's `-f framemd5`: fixity for archives.

Two sidecars: one of the result's pictures (luma and chroma), one of the source's luma. The hashes are those of
    ffmpeg -i RESULT -map 0:v:0 -f framemd5 -
    ffmpeg -i SOURCE -map 0:v:0 -vf extractplanes=y -f framemd5 -
Where the result is lossless, its luma has the hashes of the source's.
"""

import hashlib
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from filmcolor import __version__
from filmcolor.errors import OutputError, cannot_write
from filmcolor.files import replacing
from filmcolor.film import FilmInfo, Frame
from filmcolor.video.probe import is_cover
from filmcolor.video.source import open_film

Line = tuple[int, int, bytes]
"""PTS and duration in ticks, and the frame's samples, rows and planes back to back."""


def sidecars_of(out: Path) -> tuple[Path, Path]:
    """Return where the sidecars of a result go: of its pictures, and of the source's luma."""
    return out.with_name(f"{out.name}.framemd5"), out.with_name(f"{out.name}.source-luma.framemd5")


def write_result_md5(result: Path, target: Path) -> None:
    """Decode the film `result` and write the MD5 of its pictures. Raises OutputError."""
    with open_film(result) as film:
        stream = next(s for s in film.streams.video if not is_cover(s))
        context = stream.codec_context
        head = _head(
            Fraction(stream.time_base or 1),
            (context.width, context.height),
            stream.sample_aspect_ratio or Fraction(1),
        )
        pictures = (
            (p.pts or 0, p.duration or 0, b"".join(_planes(p)))
            for p in film.decode(stream)
            if isinstance(p, av.VideoFrame)
        )
        _write(head, pictures, target)


def write_luma_md5(info: FilmInfo, frames: Iterable[Frame], target: Path) -> None:
    """Write the MD5 of luma, as coded, of all `frames` of the film `info`. Raises OutputError."""
    head = _head(info.time_base, (info.width, info.height), info.aspect)
    _write(
        head, ((f.pts, f.duration, f.luma.astype(_little(f.luma.dtype)).tobytes()) for f in frames), target
    )


def _little(kind: np.dtype[np.generic]) -> np.dtype[np.generic]:
    return kind.newbyteorder("<")


def _planes(picture: av.VideoFrame) -> Iterator[bytes]:
    for plane, component in zip(picture.planes, picture.format.components, strict=False):
        width = plane.width * (2 if component.bits > 8 else 1)
        rows = np.frombuffer(plane, np.uint8)[: plane.height * plane.line_size]  # type: ignore[call-overload]
        yield np.ascontiguousarray(rows.reshape(plane.height, plane.line_size)[:, :width]).tobytes()


def _head(unit: Fraction, size: tuple[int, int], aspect: Fraction) -> list[str]:
    return [
        "#format: frame checksums",
        "#version: 2",
        "#hash: MD5",
        f"#software: filmcolor {__version__}",
        f"#tb 0: {unit.numerator}/{unit.denominator}",
        "#media_type 0: video",
        "#codec_id 0: rawvideo",
        f"#dimensions 0: {size[0]}x{size[1]}",
        f"#sar 0: {aspect.numerator}/{aspect.denominator}",
        "#stream#, dts,        pts, duration,     size, hash",
    ]


def _write(head: list[str], frames: Iterable[Line], target: Path) -> None:
    try:
        with replacing(target) as part, part.open("w", encoding="ascii", newline="\n") as file:
            file.writelines(f"{line}\n" for line in head)
            for pts, duration, data in frames:
                digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
                file.write(f"0, {pts:10d}, {pts:10d}, {duration:8d}, {len(data):8d}, {digest}\n")
    except av.error.FFmpegError as error:
        raise OutputError(f"{target}: the result cannot be read again: {error}") from error
    except OSError as error:
        raise cannot_write(target, error) from error
