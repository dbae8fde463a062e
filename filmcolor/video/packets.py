"""A film's packets and pictures, one by one, whatever is broken between them."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from fractions import Fraction

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from filmcolor.video.damage import Damage
from filmcolor.video.ffv1 import SliceSums

# A reader that fails this often in a row has come to the end of what can be read.
HOPELESS = 64

_WRAP = 1 << 32
"""FLV's times are signed 32-bit numbers of milliseconds; FFmpeg reads them without the sign."""


def read_packets(
    container: InputContainer, streams: list[Stream], damage: Damage
) -> Iterator[Packet[Stream]]:
    """Yield the packets of `streams`, going on behind damage. The last of each stream is empty (flush).

    Times of FLV before zero are given back their sign.
    """
    failures = 0
    signed = container.format.name == "flv"
    while failures < HOPELESS:
        try:
            for packet in container.demux(streams):
                if packet.size:
                    failures = 0
                if signed:
                    packet.pts, packet.dts = _signed(packet.pts), _signed(packet.dts)
                yield packet
            return
        except av.error.FFmpegError:
            failures += 1
            if failures == 1:  # once per place, not once per try
                damage.unreadable()
    for stream in streams:
        if stream.type in ("video", "audio"):
            flush: Packet[Stream] = Packet()
            flush.stream = stream
            yield flush


def read_pictures(
    container: InputContainer, stream: VideoStream, damage: Damage
) -> Generator[av.VideoFrame, None, None]:
    """Yield the pictures of a stream in presentation order; packets that cannot be decoded are counted."""
    sums = SliceSums() if stream.codec_context.name == "ffv1" else None
    for packet in read_packets(container, [stream], damage):
        if packet.size and not packet.is_discard:
            second = _second(packet.pts, packet.time_base)
            flagged = packet.is_corrupt or (sums is not None and sums.wrong(bytes(packet)))
            damage.sent(packet.pts, second, dts=packet.dts, keyframe=packet.is_keyframe, flagged=flagged)
        elif packet.size:
            damage.discarded += 1
        try:
            pictures = packet.decode()
        except (av.error.FFmpegError, EOFError):
            if packet.size and not packet.is_discard:
                damage.failed()
            continue
        for picture in pictures:
            if isinstance(picture, av.VideoFrame):
                damage.came(picture.pts, _second(picture.pts, picture.time_base), corrupt=picture.is_corrupt)
                yield picture
    damage.ended()


def _signed(time: int | None) -> int | None:
    return time - _WRAP if time is not None and _WRAP // 2 <= time < _WRAP else time


def _second(pts: int | None, time_base: Fraction | None) -> Fraction | None:
    return None if pts is None or not time_base else pts * time_base
