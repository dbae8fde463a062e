"""Segments and all else that the film holds -> the result, by copying packets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from filmcolor.errors import OutputError, cannot_write
from filmcolor.film import FilmInfo
from filmcolor.settings import RunSettings
from filmcolor.video.aspect import display_size, reserve, set_display_size
from filmcolor.video.choose import Encoding
from filmcolor.video.damage import Damage
from filmcolor.video.metadata import copy_stream_metadata, cut_chapters, descriptive
from filmcolor.video.packets import read_packets
from filmcolor.video.segments import joined_packets, open_segment, presentation_order
from filmcolor.video.source import open_film
from filmcolor.video.streams import Route, route_stream
from filmcolor.video.timeline import Window, to_ticks
from filmcolor.video.verify import losses, verify


def join(
    segments: Sequence[Path],
    info: FilmInfo,
    encoding: Encoding,
    settings: RunSettings,
    out: Path,
    expected: Sequence[int],
    note: str = "",
    moved: Sequence[Fraction] = (),
) -> list[str]:
    """Write the film: the pictures of `segments` at the times `expected`, with everything else of the source.

    segments: in order, as SegmentWriter made them. expected: the PTS of all their frames, rising
    strictly, in units of info.time_base. note: a line that the result says of itself. moved: as Damage has it, where the
    source's times begin again. Packets of all streams are written together in decoding
    order; times stay as they are, exact where the container can hold them, and begin at zero where the
    film begins before it or was cut (settings.start). The result is read again. Returns warnings, one
    line each, of what it does not hold. Raises OutputError; an unfinished `out` is left to the caller.
    """
    if not segments or not expected:
        raise ValueError("nothing to join")
    container = encoding.container
    warnings: list[str] = []
    window = _window(info, settings, expected)
    unit = container.time_base or Fraction(1, info.time_base.denominator)
    ticks, rounded = to_ticks(expected, info.time_base, window.origin, unit)
    if rounded:
        warnings.append(f"{info.path.name}: times are rounded to {container.title}'s {unit} s")
    ranks = presentation_order(segments, encoding.codec, expected)
    pictures = joined_packets(
        segments, ranks, ticks, unit, expected, _last_duration(info, expected[-1], unit)
    )
    options = {"fflags": "+bitexact"} | _muxer_options(container.name, info, settings)
    damage = Damage(info.path)
    try:
        with (
            open_film(info.path) as source,
            av.open(
                f"file:{out.absolute()}", "w", format=container.name, container_options=options
            ) as target,
        ):
            chapters = cut_chapters(source.chapters(), window)
            picture, routes, said = _streams(source, target, info, encoding, window, segments[0], unit, moved)
            warnings += said
            title = picture.metadata.get("title", "")
            if _needs_aspect(info, encoding):
                picture.metadata["title"] = reserve(title)
            sounds = sum(s.type == "audio" for s in target.streams)
            target.metadata.update(descriptive(source.metadata))
            if note:  # MP4 has no place for entries of one's own
                target.metadata["encoding_tool" if container.name == "mp4" else "color_note"] = note
            _timecode(source, target, picture, container.name)
            if chapters:
                target.set_chapters(chapters)
            for packet in _merged(_on(picture, pictures), _others(source, routes, damage)):
                target.mux(packet)
    except (av.error.FFmpegError, OSError) as error:
        raise cannot_write(out.parent, error) from error
    if damage.unread:
        damage.tell(warnings.append)
    if _needs_aspect(info, encoding):
        size = display_size(info.width, info.height, info.aspect)
        if not set_display_size(out, title, size):
            warnings.append(
                f"{info.path.name}: the sample aspect ratio {info.aspect} is not kept by Matroska"
            )
    verify(out, ticks, unit, sounds, out.name)
    return warnings + losses(info, out, container.title)


def _needs_aspect(info: FilmInfo, encoding: Encoding) -> bool:
    """Whether only the container can say the aspect, and PyAV cannot make it."""
    silent = encoding.codec in ("ffv1", "prores_ks", "libvpx-vp9", "libsvtav1")
    return silent and info.aspect != 1 and encoding.container.time_base is not None


def _window(info: FilmInfo, settings: RunSettings, expected: Sequence[int]) -> Window:
    begin = expected[0] * info.time_base
    if settings.start is None and settings.end is None:
        # an edit list would cut off what lies before zero
        return Window(origin=min(begin, Fraction(0)))
    last = None
    if settings.end is not None:
        last = info.first_pts * info.time_base + Fraction(settings.end).limit_denominator(10**6)
    return Window(begin, None if settings.start is None else begin, last)


def _muxer_options(name: str, info: FilmInfo, settings: RunSettings) -> dict[str, str]:
    if name == "matroska":
        return {"default_mode": "passthrough"}
    if name not in ("mp4", "mov"):
        return {}
    # edit lists count in this scale; its default of 1/1000 s would move sound against picture
    scale = info.time_base.denominator
    while scale < 10000:
        scale *= 2
    options = {"movie_timescale": str(scale)} if scale < 2**31 else {}
    flags = "+faststart" if settings.preset in ("web", "small") else ""
    if name == "mov":
        flags += "+use_metadata_tags"  # cameras' own entries (com.apple.quicktime...), and our note
    return options | ({"movflags": flags} if flags else {})


def _streams(
    source: InputContainer,
    target: OutputContainer,
    info: FilmInfo,
    encoding: Encoding,
    window: Window,
    segment: Path,
    unit: Fraction,
    moved: Sequence[Fraction],
) -> tuple[VideoStream, dict[int, Route], list[str]]:
    """Add the streams of the result in the source's order."""
    routes: dict[int, Route] = {}
    warnings: list[str] = []
    picture: VideoStream | None = None
    has_chapters = bool(source.chapters())
    for stream in list(source.streams):
        if stream.index == info.stream:
            picture = _picture(target, info, segment, unit)
            copy_stream_metadata(stream, picture)
            continue
        route, warning = route_stream(
            stream, target, encoding.container, window, info.path, chapters=has_chapters, moved=moved
        )
        if route is not None:
            routes[stream.index] = route
        if warning is not None:
            warnings.append(warning)
    if picture is None:
        raise OutputError(f"{info.path}: changed while it was colored; run again with --fresh")
    return picture, routes, warnings


def _picture(target: OutputContainer, info: FilmInfo, segment: Path, unit: Fraction) -> VideoStream:
    with open_segment(segment) as file:
        picture = target.add_stream_from_template(file.streams.video[0], opaque=True)
    assert isinstance(picture, VideoStream)
    picture.time_base = unit
    picture.codec_context.sample_aspect_ratio = info.aspect
    if info.display_matrix:
        picture.set_display_matrix(info.display_matrix)
    return picture


def _timecode(source: InputContainer, target: OutputContainer, picture: VideoStream, name: str) -> None:
    """Carry a start timecode over: a track of its own in QuickTime and MP4, an entry elsewhere."""
    said = [source.metadata.get("timecode"), *(s.metadata.get("timecode") for s in source.streams)]
    found = next((value for value in said if value), None)
    if found is None:
        return
    target.metadata["timecode"] = found
    if name in ("mov", "mp4"):
        picture.metadata["timecode"] = found


def _on(picture: VideoStream, packets: Iterator[Packet[VideoStream]]) -> Iterator[Packet[Any]]:
    for packet in packets:
        packet.stream = picture
        yield packet


def _others(source: InputContainer, routes: dict[int, Route], damage: Damage) -> Iterator[Packet[Any]]:
    wanted: list[Stream] = [s for s in source.streams if s.index in routes]
    if wanted:
        for packet in read_packets(source, wanted, damage):
            # not packet.stream_index: the last packet of each stream, which empties its decoder, has none
            yield from routes[packet.stream.index].take(packet)
    for route in routes.values():
        yield from route.finish()


def _merged(first: Iterator[Packet[Any]], second: Iterator[Packet[Any]]) -> Iterator[Packet[Any]]:
    """Yield the packets of both in decoding order, each keeping its own."""
    waiting = next(first, None)
    for packet in second:
        while waiting is not None and _time(waiting) <= _time(packet):
            yield waiting
            waiting = next(first, None)
        yield packet
    while waiting is not None:
        yield waiting
        waiting = next(first, None)


def _time(packet: Packet[Any]) -> Fraction:
    return Fraction(packet.dts or 0) * packet.time_base


def _last_duration(info: FilmInfo, pts: int, unit: Fraction) -> int:
    """Return how long the frame at `pts` shows, in ticks: as its packet says, else one step of the rate."""
    said = 0
    with open_film(info.path) as source:
        stream = source.streams[info.stream]
        try:
            source.seek(pts, stream=stream)
            for packet in source.demux(stream):
                if packet.pts == pts:
                    said = packet.duration or 0
                    break
        except av.error.FFmpegError:
            said = 0
    seconds = said * info.time_base if said else 1 / (info.rate or Fraction(25))
    return max(1, round(seconds / unit))
