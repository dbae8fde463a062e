"""Finished segments as one stream of packets, in decoding order, with the film's times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from filmcolor.errors import OutputError
from filmcolor.video.encode import FIRST_PTS
from filmcolor.video.timeline import decoding_time, reorder_delay

# The other encoders hand out packets in presentation order.
_REORDER = ("libx264", "libx265")


def open_segment(path: Path) -> InputContainer:
    """Open a segment that filmcolor wrote. Raises OutputError where it is damaged."""
    try:
        return av.open(f"file:{path.absolute()}", "r", format="matroska")
    except (av.error.FFmpegError, OSError) as error:
        raise _damaged(path) from error


def presentation_order(segments: Sequence[Path], codec: str, expected: Sequence[int]) -> list[int] | None:
    """Return the rank of each packet in presentation order, or None where the codec never reorders.

    Raises OutputError where a segment does not hold the frames that were planned.
    """
    if codec not in _REORDER:
        return None
    ranks: list[int] = []
    for path in segments:
        with open_segment(path) as file:
            stream = file.streams.video[0]
            times = [p.pts for p in file.demux(stream) if p.size and p.pts is not None]
        place = {pts: rank for rank, pts in enumerate(sorted(times))}
        if len(place) != len(times):
            raise _damaged(path)
        before = len(ranks)
        ranks.extend(before + place[pts] for pts in times)
    if len(ranks) != len(expected):
        raise OutputError(
            f"{segments[0].parent}: the segments hold {len(ranks)} frames, the film {len(expected)};"
            " run again with --fresh"
        )
    return ranks


def joined_packets(
    segments: Sequence[Path],
    ranks: Sequence[int] | None,
    ticks: Sequence[int],
    unit: Fraction,
    expected: Sequence[int],
    last_duration: int,
) -> Iterator[Packet[VideoStream]]:
    """Yield the packets of all segments with PTS, DTS and duration in ticks of `unit` seconds.

    ticks: of each frame in presentation order. expected: their PTS in the film. last_duration: of
    the last frame, in ticks. Raises OutputError where segments and film do not agree.
    """
    delay = 0 if ranks is None else reorder_delay(ranks)
    index = 0
    header: bytes | None = None
    for path in segments:
        with open_segment(path) as file:
            stream = file.streams.video[0]
            extradata = bytes(stream.codec_context.extradata or b"")
            if header is not None and extradata != header:
                raise OutputError(f"{path}: encoded otherwise than the first segment; run again with --fresh")
            header = extradata
            first = file.metadata.get(FIRST_PTS)
            if index >= len(expected) or first != str(expected[index]):
                raise _damaged(path)
            for packet in file.demux(stream):
                if not packet.size:
                    continue
                rank = index if ranks is None else ranks[index]
                if rank >= len(ticks):
                    raise _damaged(path)
                packet.time_base = unit
                packet.pts = ticks[rank]
                packet.dts = decoding_time(index, ticks, delay)
                packet.duration = ticks[rank + 1] - ticks[rank] if rank + 1 < len(ticks) else last_duration
                index += 1
                yield packet
    if index != len(expected):
        raise OutputError(
            f"{segments[0].parent}: the segments hold {index} frames, the film {len(expected)};"
            " run again with --fresh"
        )


def _damaged(path: Path) -> OutputError:
    return OutputError(f"{path}: this segment is damaged or another film's; run again with --fresh")
