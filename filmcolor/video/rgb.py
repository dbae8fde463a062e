"""Films as R'G'B' frames, for measuring and showing; the way to a colored film never comes through here."""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from av.video.stream import VideoStream

from filmcolor.errors import InputError
from filmcolor.video.source import open_film

Picture = npt.NDArray[np.uint8]
_MATRICES = {1: Colorspace.ITU709, 4: Colorspace.FCC, 5: Colorspace.ITU601, 6: Colorspace.ITU601,
             7: Colorspace.SMPTE240M, 9: Colorspace.BT2020, 10: Colorspace.BT2020}  # fmt: skip
# Without these flags swscale is off by one for two codes in five.
_EXACT = int(Interpolation.BILINEAR) | int(Interpolation.ACCURATE_RND) | int(Interpolation.FULL_CHR_H_INT)


@dataclass(frozen=True, slots=True)
class RgbFrame:
    """rgb: (h, w, 3) uint8. luma: (h, w) float32, 0..255, the coded Y' with its range undone."""

    rgb: Picture
    luma: npt.NDArray[np.float32]


def read_rgb_frames(path: Path, limit: int | None = None) -> Iterator[RgbFrame]:
    """Yield the frames of a film in presentation order, at most `limit`; rotation is not applied.

    An untagged matrix is read as BT.709 from 720 lines on, else BT.601. Raises InputError.
    """
    with open_film(path) as container:
        if not container.streams.video:
            raise InputError(f"{path}: holds no picture")
        try:
            for i, frame in enumerate(container.decode(container.streams.video[0])):
                if i == limit:
                    return
                yield RgbFrame(_rgb(frame), _luma(frame))
        except (av.error.FFmpegError, OSError) as error:
            raise InputError(f"{path}: cannot read film: {error}") from error


def rate_of(path: Path) -> Fraction:
    """Return the frames per second of a film, 24 where it does not say. Raises InputError."""
    with open_film(path) as container:
        rate = container.streams.video[0].average_rate if container.streams.video else None
    return Fraction(rate) if rate else Fraction(24)


def _rgb(frame: VideoFrame) -> Picture:
    if frame.format.is_rgb or frame.format.name.startswith("pal"):
        return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    assumed = Colorspace.ITU709 if frame.height >= 720 else Colorspace.ITU601
    matrix = _MATRICES.get(int(frame.colorspace), assumed)
    source = ColorRange.JPEG if _full(frame) else ColorRange.MPEG
    out = frame.reformat(format="rgb24", src_colorspace=matrix, dst_colorspace=matrix, src_color_range=source,
                         dst_color_range=ColorRange.JPEG, interpolation=_EXACT)  # fmt: skip
    return np.asarray(out.to_ndarray(), np.uint8)


def _full(frame: VideoFrame) -> bool:
    return int(frame.color_range) == 2 or frame.format.name.startswith("yuvj")


def _luma(frame: VideoFrame) -> npt.NDArray[np.float32]:
    if frame.format.is_rgb or frame.format.name.startswith("pal"):
        weights = np.array([0.299, 0.587, 0.114], np.float32)
        return np.asarray(frame.to_ndarray(format="rgb24") @ weights, np.float32)
    bits = frame.format.components[0].bits
    plane = frame.planes[0]
    kind = np.dtype(np.uint8) if bits == 8 else np.dtype("<u2")
    rows = np.frombuffer(memoryview(plane), kind).reshape(plane.height, plane.line_size // kind.itemsize)
    y = rows[:, : frame.width].astype(np.float32)
    if _full(frame):
        return np.asarray(y * (255 / (2**bits - 1)), np.float32)
    return np.asarray((y / 2 ** (bits - 8) - 16) * (255 / 219), np.float32)


def write_gray_film(path: Path, lumas: Iterable[Picture], rate: Fraction) -> int:
    """Write frames (h, w) uint8 as a full-range gray FFV1 film, bit for bit; return their number."""
    return _write(path, lumas, rate, "ffv1", "gray", {"level": "3", "slicecrc": "1"}, full=True)


def write_photographic_film(path: Path, lumas: Iterable[Picture], rate: Fraction) -> int:
    """Write frames (h, w) uint8, full scale, as a usual H.264 film (4:2:0, limited range, no color)."""
    limited = (np.rint(16 + y.astype(np.float32) * np.float32(219 / 255)).astype(np.uint8) for y in lumas)
    options = {"crf": "18", "preset": "veryfast", "threads": "2"}
    return _write(path, limited, rate, "libx264", "yuv420p", options, full=False)


def _write(
    path: Path,
    lumas: Iterable[Picture],
    rate: Fraction,
    codec: str,
    kind: str,
    options: dict[str, str],
    *,
    full: bool,
) -> int:
    count = 0
    with contextlib.ExitStack() as stack:
        container = stack.enter_context(av.open(str(path), "w"))
        stream: VideoStream | None = None
        for luma in lumas:
            if stream is None:
                stream = cast(VideoStream, container.add_stream(codec, rate=rate, options=options))
                stream.height, stream.width = luma.shape
                stream.pix_fmt = kind
                stream.time_base = 1 / rate
                stream.codec_context.color_range = ColorRange.JPEG if full else ColorRange.MPEG
            frame = VideoFrame(luma.shape[1], luma.shape[0], kind)
            for i, plane in enumerate(frame.planes):
                rows = np.full((plane.height, plane.line_size), 128, np.uint8)
                if i == 0:
                    rows[:, : luma.shape[1]] = luma
                plane.update(rows.tobytes())
            frame.pts, frame.time_base = count, 1 / rate
            frame.color_range = ColorRange.JPEG if full else ColorRange.MPEG
            container.mux(stream.encode(frame))
            count += 1
        if stream is not None:
            container.mux(stream.encode(None))
    return count
