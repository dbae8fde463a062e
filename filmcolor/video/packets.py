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

# A reader that fails this often in a row has come to the end of what can be read.
HOPELESS = 64


def read_packets(
    container: InputContainer, streams: list[Stream], damage: Damage
) -> Iterator[Packet[Stream]]:
    """Yield the packets of `streams`, going on behind damage. The last of each stream is empty (flush)."""
    failures = 0
    while failures < HOPELESS:
        try:
            for packet in container.demux(streams):
                if packet.size:
                    failures = 0
                yield packet
            return
        except av.error.FFmpegError:
            failures += 1
            if failures == 1:  # once per place, not once per try
                damage.packet(None)
    for stream in streams:
        if stream.type in ("video", "audio"):
            flush: Packet[Stream] = Packet()
            flush.stream = stream
            yield flush


def read_pictures(
    container: InputContainer, stream: VideoStream, damage: Damage
) -> Generator[av.VideoFrame, None, None]:
    """Yield the pictures of a stream in presentation order; packets that cannot be decoded are counted."""
    for packet in read_packets(container, [stream], damage):
        damage.packets += bool(packet.size)
        if packet.is_corrupt:
            damage.packet(_second(packet.pts, packet.time_base))
        try:
            pictures = packet.decode()
        except (av.error.FFmpegError, EOFError):
            if packet.size:
                damage.packet(_second(packet.pts, packet.time_base))
            continue
        for picture in pictures:
            if isinstance(picture, av.VideoFrame):
                if picture.is_corrupt:
                    damage.picture(_second(picture.pts, picture.time_base))
                yield picture


def _second(pts: int | None, time_base: Fraction | None) -> Fraction | None:
    return None if pts is None or not time_base else pts * time_base
