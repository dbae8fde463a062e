"""What a film is: path -> FilmInfo, from its header and its first pictures."""

from fractions import Fraction
from itertools import islice
from math import atan2, pi
from pathlib import Path

import av
from av.container import InputContainer
from av.filter import Graph
from av.stream import Disposition
from av.video.stream import VideoStream

from filmcolor.errors import InputError
from filmcolor.film import FilmInfo
from filmcolor.video.color_tags import (
    read_display_matrix,
    read_light_level,
    read_mastering,
    read_tags,
    side_data,
)
from filmcolor.video.damage import Damage
from filmcolor.video.luma import pixel_layout
from filmcolor.video.packets import read_pictures
from filmcolor.video.source import open_film

# Streams lie about interlacing (DV in MOV, telecine in Matroska): the first pictures are asked.
_PICTURES = 6
_MAY_BE_INTERLACED = {
    "dvvideo",
    "ffv1",
    "h264",
    "hevc",
    "mpeg2video",
    "mpeg4",
    "prores",
    "vc1",
    "dnxhd",
    "mjpeg",
}
HIGHEST_RATE = 240
"""Frames per second above which a stated rate is taken for a time base."""


def probe(path: Path) -> FilmInfo:
    """Return what can be known of the film at `path` before its pictures are colored.

    Raises InputError where it is missing, no film, has no video stream or no decodable picture.
    """
    with open_film(path) as container:
        stream = film_stream(container, path)
        damage = Damage(path)
        wanted = _PICTURES if stream.codec_context.name in _MAY_BE_INTERLACED else 1
        pictures = list(islice(read_pictures(container, stream, damage), wanted))
        if not pictures:
            raise InputError(
                f"{path}: not one picture can be decoded: encrypted, damaged or of an unknown codec"
            )
        return _describe(path, container, stream, pictures)


def film_stream(container: InputContainer, path: Path) -> VideoStream:
    """Return the stream that is colored: the first video stream that is no cover picture.

    Raises InputError where there is none, or no decoder for it.
    """
    streams = [s for s in container.streams.video if not is_cover(s)]
    if not streams:
        raise InputError(f"{path}: has no video stream")
    for stream in streams:
        if stream.codec_context is not None:
            return stream
    raise InputError(f"{path}: the codec of its video stream is unknown")


def is_cover(stream: VideoStream) -> bool:
    """Whether a video stream is an attached picture."""
    return bool(stream.disposition & Disposition.attached_pic)


def container_name(container: InputContainer) -> str:
    """Return mp4, mov, matroska, webm, or FFmpeg's own name of another container."""
    name = container.format.name
    if name.startswith("mov,"):
        return "mov" if container.metadata.get("major_brand", "").startswith("qt") else "mp4"
    if name.startswith("matroska"):
        return "webm" if str(container.name).lower().endswith(".webm") else "matroska"
    return name


def _describe(
    path: Path, container: InputContainer, stream: VideoStream, pictures: list[av.VideoFrame]
) -> FilmInfo:
    first, context = pictures[0], stream.codec_context
    layout = pixel_layout(first.format.name)
    interlaced = any(p.interlaced_frame for p in pictures)
    rate = stream.guessed_rate or stream.average_rate
    matrix = read_display_matrix(first)
    warnings = []
    has_alpha = layout.has_alpha
    if container.format.name == "gif" and has_alpha:
        has_alpha = False  # FFmpeg decodes every GIF with alpha
    if side_data(first, "DOVI_METADATA") or side_data(first, "DOVI_RPU_BUFFER"):
        warnings.append(f"{path.name}: Dolby Vision metadata is not kept; the HDR base picture is")
    others = [s for s in container.streams.video if not is_cover(s)]
    if len(others) > 1:
        warnings.append(f"{path.name}: only the first of {len(others)} video tracks is colored")
    time_base = stream.time_base or Fraction(1, 1000)
    span = (
        (stream.duration, time_base) if stream.duration else (container.duration, Fraction(1, av.time_base))
    )
    first_pts = first.pts if first.pts is not None else first.dts
    return FilmInfo(
        path=path,
        container=container_name(container),
        stream=stream.index,
        codec=context.codec.canonical_name,
        width=first.width,
        height=first.height,
        pixel_format=first.format.name,
        bits=layout.bits,
        subsampling=layout.subsampling,
        tags=read_tags(first, context, layout),
        time_base=time_base,
        rate=Fraction(rate) if rate and rate <= HIGHEST_RATE else None,
        aspect=_aspect(stream),
        rotation=_rotation(matrix),
        interlaced=interlaced,
        top_field_first=not interlaced or _top_first(next(p for p in pictures if p.interlaced_frame)),
        has_alpha=has_alpha,
        is_rgb=layout.is_rgb,
        frames=stream.frames or None,
        duration=span[0] * span[1] if span[0] else None,
        first_pts=first_pts or 0,
        display_matrix=matrix,
        mastering=read_mastering(first),
        light_level=read_light_level(first),
        warnings=tuple(warnings),
    )


def _aspect(stream: VideoStream) -> Fraction:
    # the container's word first, as players do
    for ratio in (stream.sample_aspect_ratio, stream.codec_context.sample_aspect_ratio):
        if ratio and ratio > 0:
            return Fraction(ratio)
    return Fraction(1)


def _rotation(matrix: tuple[int, ...]) -> int:
    """Degrees counter-clockwise by which a display matrix turns, to the nearest quarter."""
    if not matrix:
        return 0
    mirrored = matrix[0] * matrix[4] < matrix[1] * matrix[3]
    across = -matrix[0] if mirrored else matrix[0]
    down = -matrix[1] if mirrored else matrix[1]
    quarter = round(-atan2(down, across) / (pi / 2)) if across or down else 0
    return quarter % 4 * 90


def _top_first(picture: av.VideoFrame) -> bool:
    """Whether the top field of an interlaced picture is first; PyAV shows that flag to filters only."""
    graph = Graph()
    source = graph.add_buffer(
        width=picture.width,
        height=picture.height,
        format=picture.format,
        time_base=picture.time_base or Fraction(1, 1000),
    )
    select = graph.add("select", "eq(interlace_type,TOPFIRST)")
    sink = graph.add("buffersink")
    source.link_to(select)
    select.link_to(sink)
    graph.configure()
    graph.push(picture)
    graph.push(None)
    try:
        graph.pull()
    except (av.error.BlockingIOError, av.error.EOFError):
        return False
    return True
