"""Frames and their chroma -> a segment file, ready to be joined by copying its packets."""

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import cv2
import numpy as np
from av.filter import Graph
from av.video.stream import VideoStream

from filmcolor.errors import OutputError, cannot_write
from filmcolor.film import FilmInfo, Frame, Plane
from filmcolor.video.choose import (
    ENCODER_THREADS,
    Encoding,
    available_encoders,
    choose_encoding,
)
from filmcolor.video.color_tags import FULL, LIMITED
from filmcolor.video.luma import change_depth

__all__ = ["Encoding", "SegmentWriter", "available_encoders", "choose_encoding"]

_AVX512 = 13  # CV_CPU_AVX_512F, for which OpenCV has no name in Python

FIRST_PTS = "FILMCOLOR_FIRST_PTS"
"""Metadata key of a segment: the PTS of its first frame, in the film's time base."""
TICK = Fraction(1, 1000)
"""Segments are Matroska (it keeps every tag that a join needs) and count frames, one tick each: the
times are the join's, exact whatever the time base."""


class SegmentWriter:
    """Writes one segment. The first frame opens the encoder, leaving the `with` block finishes the file.

    Raises OutputError where the encoder or the disk refuses. An unfinished file is the caller's to remove.
    """

    def __init__(self, path: Path, encoding: Encoding, info: FilmInfo) -> None:
        self._path = path
        self._encoding = encoding
        self._info = info
        self._count = 0
        self._rate = info.rate or Fraction(25)
        self._stream: VideoStream | None = None
        self._graph: Graph | None = None
        if encoding.codec == "libsvtav1":
            os.environ.setdefault("SVT_LOG", "1")  # it writes its settings to stderr otherwise
        try:
            self._file = av.open(
                f"file:{path.absolute()}", "w", format="matroska", container_options={"fflags": "+bitexact"}
            )
        except (av.error.FFmpegError, OSError) as error:
            raise cannot_write(path, error) from error

    def write(self, frame: Frame, cb: Plane, cr: Plane) -> None:
        """Encode one frame: its own luma (and alpha) with the chroma given.

        cb, cr: (ch, cw) code values at the encoding's depth and subsampling. Luma is converted only
        where the encoding has another depth than the film. Raises ValueError on other shapes.
        """
        encoding, info = self._encoding, self._info
        expected = _chroma_shape(info, encoding.subsampling)
        if cb.shape != expected or cr.shape != expected or frame.luma.shape != (info.height, info.width):
            raise ValueError(f"expected chroma {expected}, got {cb.shape}, {cr.shape} and {frame.luma.shape}")
        luma = change_depth(frame.luma, info.bits, encoding.bits, full_range=encoding.full_range)
        planes = [luma, cb, cr]
        if encoding.has_alpha:
            alpha = frame.alpha
            if alpha is None:
                alpha = np.full(luma.shape, (1 << info.bits) - 1, frame.luma.dtype)
            planes.append(change_depth(alpha, info.bits, encoding.bits, full_range=True))
        if encoding.narrowed:
            planes[:3] = [
                _to_limited(plane, encoding.bits, chroma=k > 0) for k, plane in enumerate(planes[:3])
            ]
        picture = self._picture(planes)
        if self._stream is None:
            self._file.metadata[FIRST_PTS] = str(frame.pts)
            self._stream = self._open()
        for ready in self._flagged(picture):
            self._mux(self._stream, ready)

    def _picture(self, planes: list[Plane]) -> av.VideoFrame:
        encoding = self._encoding
        picture = av.VideoFrame(self._info.width, self._info.height, encoding.pixel_format)
        for plane, values in zip(picture.planes, planes, strict=True):
            kind = np.dtype("u1") if encoding.bits == 8 else np.dtype("<u2")
            rows = np.frombuffer(plane, np.uint8)[: plane.line_size * values.shape[0]]  # type: ignore[call-overload]
            target = rows.reshape(values.shape[0], plane.line_size)[:, : values.shape[1] * kind.itemsize]
            target.view(kind)[:] = values
        picture.colorspace = encoding.matrix
        picture.color_primaries = encoding.primaries
        picture.color_trc = encoding.transfer
        picture.color_range = _range(encoding)
        picture.pts = self._count
        picture.time_base = 1 / self._rate
        self._count += 1
        return picture

    def _open(self) -> VideoStream:
        encoding, info = self._encoding, self._info
        options = dict(encoding.options)
        if encoding.codec == "libx264" and cv2.checkHardwareSupport(_AVX512):
            # by AVX-512 x264 gives other bytes now and then (one run in three at 64x64, one in 70 at 144x96), and is no
            # faster; not said to other processors, since it would use AVX2 where there is none
            options["x264-params"] = ":".join(filter(None, ("asm=avx2", options.get("x264-params"))))
        stream = self._file.add_stream(encoding.codec, rate=self._rate, options=options)
        assert isinstance(stream, VideoStream)
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = info.width, info.height, encoding.pixel_format
        context.time_base = 1 / self._rate
        context.sample_aspect_ratio = info.aspect
        context.color_range = _range(encoding)
        context.color_primaries = encoding.primaries
        context.color_trc = encoding.transfer
        context.colorspace = encoding.matrix
        if info.interlaced:  # AV_FIELD_TT, AV_FIELD_BB
            context.field_order = 2 if info.top_field_first else 3
        context.thread_count = ENCODER_THREADS
        # FRAME: PyAV's default cuts x264's pictures into slices
        context.thread_type = "SLICE" if encoding.codec in ("ffv1", "prores_ks") else "FRAME"
        return stream

    def _flagged(self, picture: av.VideoFrame) -> Iterator[av.VideoFrame]:
        """Yield the picture, flagged interlaced where the film is: PyAV leaves that to a filter."""
        if not self._info.interlaced:
            yield picture
            return
        if self._graph is None:
            self._graph = Graph()
            source = self._graph.add_buffer(
                width=picture.width,
                height=picture.height,
                format=picture.format,
                time_base=picture.time_base or TICK,
            )
            order = "tff" if self._info.top_field_first else "bff"
            setter = self._graph.add("setparams", f"field_mode={order}")
            sink = self._graph.add("buffersink")
            source.link_to(setter)
            setter.link_to(sink)
            self._graph.configure()
        self._graph.push(picture)
        flagged = self._graph.pull()
        assert isinstance(flagged, av.VideoFrame)
        yield flagged

    def _mux(self, stream: VideoStream, picture: av.VideoFrame | None) -> None:
        try:
            for packet in stream.encode(picture):
                # count frames in ticks, whatever the encoder's time base was
                unit = (packet.time_base or 1 / self._rate) * self._rate
                packet.pts = None if packet.pts is None else round(packet.pts * unit)
                packet.dts = None if packet.dts is None else round(packet.dts * unit)
                packet.duration = 1
                packet.time_base = TICK
                self._file.mux(packet)
        except OSError as error:
            raise cannot_write(self._path.parent, error) from error
        except av.error.FFmpegError as error:
            raise OutputError(
                f"{self._path}: {self._encoding.codec} cannot write: {error.strerror or error}"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None and self._stream is not None:
                self._mux(self._stream, None)
        finally:
            try:
                self._file.close()
            except (av.error.FFmpegError, OSError) as closing:
                if error is None:
                    raise cannot_write(self._path.parent, closing) from closing


def _range(encoding: Encoding) -> int:
    if not encoding.range_tagged:
        return 0
    return FULL if encoding.full_range and not encoding.narrowed else LIMITED


def _to_limited(plane: Plane, bits: int, *, chroma: bool) -> Plane:
    """Bring full-range code values to limited range (ITU-R BT.601, 8.2 quantization of 219 and 224 steps)."""
    unit, top = 1 << (bits - 8), (1 << bits) - 1
    if chroma:
        values = 128 * unit + (plane.astype(np.float32) - 128 * unit) * np.float32(224 * unit / top)
    else:
        values = 16 * unit + plane.astype(np.float32) * np.float32(219 * unit / top)
    narrow: Plane = np.rint(values).astype(np.uint16)
    return narrow


def _chroma_shape(info: FilmInfo, subsampling: tuple[int, int]) -> tuple[int, int]:
    x, y = subsampling
    return -(-info.height >> y), -(-info.width >> x)
