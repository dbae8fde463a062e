"""Everything of a film that is not its picture: each stream's way into the result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import AttachmentStream, Stream
from av.video.stream import VideoStream

from filmcolor.video.captions import TEXT_CODECS, caption_data, caption_text
from filmcolor.video.containers import Container
from filmcolor.video.metadata import copy_stream_metadata
from filmcolor.video.probe import is_cover
from filmcolor.video.sound import Reencoder
from filmcolor.video.source import open_film
from filmcolor.video.timeline import Window

# A step back by more seconds than this is a new beginning (two recordings in one file).
JUMP = 1
EXPECTED_JUMP = 0.2
"""The same, where the pictures are known to begin again."""
FARTHEST = 10
"""Seconds by which the sound of a recording may be longer than its picture, where another one follows."""
HELD = 32
"""Packets without DTS that may wait for the first one that has it."""
_IMAGE_TYPES = {"mjpeg": ("jpg", "image/jpeg"), "png": ("png", "image/png"), "bmp": ("bmp", "image/bmp"),
                "gif": ("gif", "image/gif"), "webp": ("webp", "image/webp")}  # fmt: skip
_REFUSED = {"mov": ("opus", "flac", "truehd", "vorbis"), "mp4": ("truehd", "vorbis")}
_CAPTIONS = {"mp4": "mov_text", "mov": "mov_text", "matroska": "subrip", "webm": "webvtt"}


class Route(Protocol):
    """The way of one stream: packets of the source in, packets of the result out."""

    def take(self, packet: Packet[Any]) -> Iterable[Packet[Any]]:
        """Give what comes of one packet of the source."""

    def finish(self) -> Iterable[Packet[Any]]:
        """Give what is left at the end."""


@dataclass(slots=True)
class Copy:
    """Packets as they are, on the result's clock. strict: DTS must rise, not only not fall.

    moved: where the film's times begin again, by how many seconds its pictures were moved from there on. What
    begins again here is moved by as much, so that it stays with its picture: a hole is left, or what would overlap
    is left out.
    """

    target: Stream
    window: Window
    strict: bool
    is_subtitle: bool = False
    is_video: bool = False
    moved: Sequence[Fraction] = ()
    _held: list[Packet[Any]] = field(default_factory=list)
    _last: int | None = None
    _seen: int | None = None
    _offset: int = 0
    _begun: int = 0
    _overlaps: bool = False

    def take(self, packet: Packet[Any]) -> Iterator[Packet[Any]]:
        """Yield the packet at its new time, or nothing where it is cut away."""
        if not packet.size:
            return
        if self.is_video and packet.dts is None and self._last is None and len(self._held) < HELD:
            self._held.append(packet)
            return
        # Matroska states no DTS for the first pictures of a reordered stream: count back from the first
        known = packet.dts
        for early in reversed(self._held):
            known = None if known is None else known - max(early.duration or 0, 1)
            early.dts = known
        for early in self._held:
            yield from self._place(early)
        self._held.clear()
        yield from self._place(packet)

    def _place(self, packet: Packet[Any]) -> Iterator[Packet[Any]]:
        unit = Fraction(packet.time_base)
        stated = packet.pts if packet.pts is not None else packet.dts
        if stated is None:  # it follows on the one before
            stated = round(self.window.origin / unit)
            if self._seen is not None:
                stated = self._seen - self._offset + max(packet.duration or 0, 1)
        if not self.is_subtitle or self.moved:
            self._look_back(
                packet.dts if packet.dts is not None else stated, unit, max(packet.duration or 0, 1)
            )
        begin = (stated + self._offset) * unit
        if self.is_subtitle:
            part = self.window.clip(begin, begin + max(packet.duration or 0, 1) * unit)
            if part is None:
                return
            begin, end = part
            packet.duration = round((end - begin) / unit) if packet.duration else 0
        elif not self.window.holds(begin):
            return
        shift = round(self.window.origin / unit)
        dts = packet.dts if packet.dts is not None else packet.pts
        pts = round(begin / unit) - shift
        dts = pts if dts is None or self.is_subtitle else dts + self._offset - shift
        if self._last is not None and dts < self._last + self.strict and not self.is_subtitle:
            if self._overlaps and dts + max(packet.duration or 0, 1) <= self._last:
                return
            dts = self._last + self.strict
            pts = max(pts, dts)
        self._overlaps = False
        self._last = dts
        packet.pts, packet.dts = pts, min(dts, pts)
        packet.stream = self.target
        yield packet

    def _look_back(self, time: int, unit: Fraction, duration: int) -> None:
        """See whether times begin again at `time`, and how far what follows is moved then."""
        if self._seen is not None:
            least = EXPECTED_JUMP if self.moved[self._begun :] else JUMP
            behind = self._seen + duration - time - self._offset
            if time + self._offset < self._seen and behind * unit > least:
                self._offset += behind
                for known in self.moved[self._begun :]:
                    self._begun += 1
                    if (self._seen - time) * unit - known <= FARTHEST:
                        self._offset, self._overlaps = round(known / unit), True
                        break
        self._seen = time + self._offset

    def finish(self) -> Iterator[Packet[Any]]:
        """Yield what waits for a packet that never came."""
        for early in self._held:
            yield from self._place(early)


@dataclass(slots=True)
class Captions:
    """Text subtitles written as another kind of text subtitles."""

    target: Stream
    window: Window
    source_codec: str
    codec: str

    def take(self, packet: Packet[Any]) -> Iterator[Packet[Any]]:
        """Yield one packet with the same text and time; empty ones are gaps and fall away."""
        if not packet.size or packet.pts is None:
            return
        text = caption_text(self.source_codec, bytes(packet))
        if not text.strip():
            return
        unit = Fraction(packet.time_base)
        part = self.window.clip(packet.pts * unit, (packet.pts + max(packet.duration or 0, 1)) * unit)
        if part is None:
            return
        made: Packet[Any] = Packet(caption_data(self.codec, text))
        made.time_base = unit
        made.pts = made.dts = round((part[0] - self.window.origin) / unit)
        made.duration = round((part[1] - part[0]) / unit)
        made.stream = self.target
        yield made

    def finish(self) -> Iterator[Packet[Any]]:
        """Nothing is held back."""
        yield from ()


def route_stream(
    stream: Stream,
    target: OutputContainer,
    container: Container,
    window: Window,
    path: Path,
    *,
    chapters: bool,
    moved: Sequence[Fraction] = (),
) -> tuple[Route | None, str | None]:
    """Give a stream of the source its place in the result; return its route and a warning, if any.

    chapters: the film has chapters, whose text track in MP4 is no stream of its own. moved: as in `Copy`.
    """
    title = f"{path.name}: {stream.type} stream {stream.index}"
    if stream.type == "attachment":
        return None, _attach(stream, target, container, title)
    if stream.type in ("data", "unknown") or stream.codec_context is None:
        text_track = chapters and (
            "text" in _tag(stream) or _handler(stream).startswith(("subtitle", "chapter"))
        )
        if stream.metadata.get("timecode") or text_track:
            return None, None  # written with the picture, or with the chapters
        kind = stream.metadata.get("handler_name") or _tag(stream) or "of unknown kind"
        return (
            None,
            f"{path.name}: data track {stream.index} ({kind.strip()}) is not kept by {container.title}",
        )
    if isinstance(stream, VideoStream) and is_cover(stream) and container.name in ("matroska", "webm"):
        return None, _cover(stream, target, container, path, title)
    strict = container.name in ("mp4", "mov")
    try:
        if stream.codec_context.codec.canonical_name in _REFUSED.get(container.name, ()):
            raise ValueError("this muxer says yes and fails")
        copied = target.add_stream_from_template(stream, opaque=True)
    except (ValueError, av.error.FFmpegError):
        return _other_way(stream, target, container, window, title)
    copy_stream_metadata(stream, copied)
    return Copy(copied, window, strict, stream.type == "subtitle", stream.type == "video", moved), None


def _other_way(
    stream: Stream, target: OutputContainer, container: Container, window: Window, title: str
) -> tuple[Route | None, str | None]:
    name = stream.codec_context.codec.canonical_name
    if isinstance(stream, AudioStream):
        sound = Reencoder(stream, target, container, window)
        copy_stream_metadata(stream, sound.stream)
        return sound, f"{title}: re-encoded from {name} to {sound.codec}; {container.title} cannot hold it"
    if stream.type == "subtitle" and name in TEXT_CODECS:
        codec = _CAPTIONS[container.name]
        made = target.add_mux_stream(codec)
        made.time_base = Fraction(1, 1000)
        copy_stream_metadata(stream, made)
        return Captions(made, window, name, codec), f"{title}: converted from {name} to {codec}"
    if isinstance(stream, VideoStream) and is_cover(stream):
        return None, f"{title}: the attached cover picture ({name}) is not kept by {container.title}"
    if isinstance(stream, VideoStream):
        return None, f"{title}: this other video track ({name}) is not kept by {container.title}"
    return None, f"{title} ({name}) is not kept by {container.title}"


def _attach(stream: Stream, target: OutputContainer, container: Container, title: str) -> str | None:
    assert isinstance(stream, AttachmentStream)
    name = stream.name or stream.metadata.get("filename") or "attachment"
    if container.name != "matroska":
        return f"{title}: attachment {name!r} is not kept by {container.title}"
    target.add_attachment(name, stream.mimetype or "application/octet-stream", bytes(stream.data))
    return None


def _cover(
    stream: VideoStream, target: OutputContainer, container: Container, path: Path, title: str
) -> str | None:
    """A cover becomes an attachment: Matroska keeps it there."""
    if container.name != "matroska":
        return f"{title}: the attached cover picture is not kept by {container.title}"
    ending, kind = _IMAGE_TYPES.get(
        stream.codec_context.codec.canonical_name, ("bin", "application/octet-stream")
    )
    data = b""
    with open_film(path) as again:
        for packet in again.demux(again.streams[stream.index]):
            if packet.size:
                data = bytes(packet)
                break
    name = stream.metadata.get("filename") or f"cover.{ending}"
    target.add_attachment(name, stream.metadata.get("mimetype") or kind, data)
    return None


def _tag(stream: Stream) -> str:
    try:
        return str(stream.codec_tag).strip("\0 ")
    except AttributeError:  # a stream without a codec
        return ""


def _handler(stream: Stream) -> str:
    return stream.metadata.get("handler_name", "").lower()
