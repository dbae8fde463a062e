"""Decode a film, encode it again, nothing else: what `bench speed` holds a run against."""

import contextlib
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.video.stream import VideoStream

from filmcolor.video.source import open_film


def transcode(source: Path, out: Path, codec: str, pixel_format: str, options: Mapping[str, str]) -> int:
    """Write the picture of `source` to `out` with the given encoder; return the number of frames.

    Frames keep their times; pixels are converted only where `pixel_format` differs. Raises InputError
    where the source cannot be opened, FFmpegError where the encoder refuses.
    """
    count = 0
    with contextlib.ExitStack() as stack:
        container = stack.enter_context(open_film(source))
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        target = stack.enter_context(av.open(str(out), "w"))
        rate = stream.average_rate or Fraction(24)
        written = cast(VideoStream, target.add_stream(codec, rate=rate, options=dict(options)))
        written.width, written.height, written.pix_fmt = stream.width, stream.height, pixel_format
        written.time_base = stream.time_base
        for frame in container.decode(stream):
            if frame.format.name != pixel_format:
                frame = frame.reformat(format=pixel_format, threads=1)
            frame.pict_type = 0  # the encoder chooses, not the decoder's picture types
            target.mux(written.encode(frame))
            count += 1
        target.mux(written.encode(None))
    return count
