"""A film of source and result side by side, for eyes: 8 bit, no sound, the times of the result."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.video.stream import VideoStream

from filmcolor.errors import OutputError
from filmcolor.files import replacing
from filmcolor.video.source import open_film

_LINES = 720  # most lines of the comparison


def comparison_of(out: Path) -> Path:
    """Return where the comparison with a result goes: `NAME.compare.mkv` beside it."""
    return out.with_name(f"{out.stem}.compare.mkv")


def write_comparison(source: Path, stream: int, result: Path, target: Path) -> None:
    """Write source (left, without its color) and result (right) to the Matroska file `target`.

    stream: index of the source's video stream. Pairs frames in order and ends with the shorter
    film. Raises OutputError where `target` cannot be written.
    """
    try:
        with replacing(target) as part:
            _write(source, stream, result, part)
    except (av.error.FFmpegError, OSError) as error:
        raise OutputError(f"{target}: cannot write the comparison: {error.strerror or error}") from error


def _write(source: Path, stream: int, result: Path, part: Path) -> None:
    options = {"fflags": "+bitexact"}
    with av.open(f"file:{part.absolute()}", "w", format="matroska", container_options=options) as film:
        picture: VideoStream | None = None
        last = -1
        for left, (right, time) in zip(_pictures(source, stream), _pictures(result, None), strict=False):
            both = _beside(left[0], right)
            if picture is None:
                picture = film.add_stream("libx264", options={"crf": "20", "preset": "veryfast"})
                picture.width, picture.height, picture.pix_fmt = both.width, both.height, "yuv420p"
                picture.time_base = picture.codec_context.time_base = Fraction(1, 1000)
            both.pts = last = max(last + 1, round(time * 1000))
            both.time_base = Fraction(1, 1000)
            film.mux(picture.encode(both))
        if picture is not None:
            film.mux(picture.encode(None))


def _pictures(path: Path, stream: int | None) -> Iterator[tuple[npt.NDArray[np.uint8], Fraction]]:
    """Yield yuv420p planes in one array (h * 3 / 2, w), at most 720 lines, and the time in seconds."""
    with open_film(path) as container:
        video = container.streams.video[0] if stream is None else container.streams[stream]
        for frame in container.decode(video):
            if not isinstance(frame, av.VideoFrame):
                continue
            scale = min(1.0, _LINES / frame.height)
            width, height = (max(4, round(side * scale / 4) * 4) for side in (frame.width, frame.height))
            small = frame.reformat(width=width, height=height, format="yuv420p")
            planes = small.to_ndarray().astype(np.uint8, copy=False)
            yield planes, (frame.pts or 0) * Fraction(frame.time_base or 1)


def _beside(left: npt.NDArray[np.uint8], right: npt.NDArray[np.uint8]) -> av.VideoFrame:
    lines = right.shape[0] * 2 // 3
    half = right.shape[1] // 2
    # packed 4:2:0: below the luma, Cb and then Cr, two chroma rows in each array row
    gray = np.full_like(right, 128)
    gray[:lines] = left[:lines]
    rows = [np.concatenate((gray[:lines], right[:lines]), axis=1)]
    for k in (0, 1):
        start, stop = lines + k * lines // 4, lines + (k + 1) * lines // 4
        sides = [side[start:stop].reshape(-1, half) for side in (gray, right)]
        rows.append(np.concatenate(sides, axis=1).reshape(-1, 4 * half))
    return av.VideoFrame.from_ndarray(np.concatenate(rows), format="yuv420p")
