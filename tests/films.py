"""Small films for tests: uneven times, several codecs, sound, subtitles, chapters. Made in a moment."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.filter import Graph

UNEVEN = (0, 3, 4, 9, 10, 11, 17, 18, 22, 23, 30, 31)
"""PTS that a constant-rate rewrite would not survive."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a test film is. times: PTS in time_base. cuts: frames with which another shot begins. fields: tff or bff.
    title: of the film. track: name of its picture.
    """

    times: Sequence[int] = UNEVEN
    time_base: Fraction = Fraction(1, 25)
    cuts: Sequence[int] = ()
    size: tuple[int, int] = (64, 48)
    codec: str = "ffv1"
    pixel_format: str = "yuv420p"
    options: tuple[tuple[str, str], ...] = ()
    color_range: int = 1
    aspect: Fraction = Fraction(1)
    matrix: tuple[int, ...] = ()
    sound: str | None = None
    language: str | None = None
    subtitles: bool = False
    chapters: bool = False
    attachment: bool = False
    fields: str | None = None
    title: str | None = None
    track: str = ""


def luma_at(index: int, width: int, height: int, bits: int = 8) -> npt.NDArray[Any]:
    """Return a moving ramp with fine grain, (height, width), limited range code values; each frame differs."""
    noise = np.random.default_rng(index).integers(-6, 7, (height, width))
    ramp = 40 + (np.arange(width)[None, :] * 2 + np.arange(height)[:, None] + 7 * index) % 150
    code = (ramp + noise) << (bits - 8)
    if bits > 8:
        code = code + index % 3  # depth that an 8-bit round trip would lose
    return code.astype(np.uint8 if bits == 8 else np.uint16)


def picture_of(luma: npt.NDArray[Any], pixel_format: str) -> av.VideoFrame:
    """Return a picture with this luma and neutral chroma."""
    height, width = luma.shape
    frame = av.VideoFrame(width, height, pixel_format)
    neutral = 128 if luma.dtype == np.uint8 else 1 << (frame.format.components[0].bits - 1)
    for index, plane in enumerate(frame.planes):
        rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
        values = rows[:, : plane.width * luma.itemsize].view(luma.dtype)
        values[:] = luma if index == 0 else neutral
    return frame


def make_film(path: Path, recipe: Recipe | None = None) -> Path:
    """Write the film of `recipe` to `path` (its suffix names the container) and return the path."""
    wanted = recipe or Recipe()
    width, height = wanted.size
    with av.open(str(path), "w") as film:
        video = film.add_stream(wanted.codec, rate=25, options=dict(wanted.options))
        video.width, video.height, video.pix_fmt = width, height, wanted.pixel_format
        video.time_base = video.codec_context.time_base = wanted.time_base
        video.codec_context.color_range = wanted.color_range
        video.codec_context.sample_aspect_ratio = wanted.aspect
        if wanted.track:
            video.metadata["title"] = wanted.track
        if wanted.matrix:
            video.set_display_matrix(wanted.matrix)
        sound = None
        if wanted.sound:
            sound = film.add_stream(wanted.sound, rate=8000, layout="mono")
            if wanted.language:
                sound.metadata["language"] = wanted.language
        text = None
        if wanted.subtitles:
            text = film.add_mux_stream("subrip")
            text.time_base = Fraction(1, 1000)
        if wanted.attachment:
            film.add_attachment("font.ttf", "application/x-truetype-font", b"not really a font")
        if wanted.title:
            film.metadata["title"] = wanted.title
        if wanted.chapters:
            film.set_chapters(
                [
                    {"id": k, "start": 500 * k, "end": 500 * (k + 1), "time_base": Fraction(1, 1000),
                     "metadata": {"title": f"part {k}"}}
                    for k in range(2)
                ]
            )  # fmt: skip
        if sound is not None:
            _write_sound(film, sound, max(wanted.times) * wanted.time_base)
        if text is not None:
            for start, words in ((100, "first"), (600, "second")):
                packet = av.Packet(words.encode())
                packet.pts = packet.dts = start
                packet.duration, packet.time_base, packet.stream = 300, Fraction(1, 1000), text
                film.mux(packet)
        bits = av.VideoFormat(wanted.pixel_format).components[0].bits
        for index, pts in enumerate(wanted.times):
            luma = luma_at(index, width, height, bits)
            shot = sum(index >= cut for cut in wanted.cuts)
            if shot:
                grounds = np.random.default_rng(shot).integers(40, 200, (-(-height // 12), -(-width // 12)))
                luma[:] = luma // 8 + (grounds.repeat(12, 0).repeat(12, 1)[:height, :width] << (bits - 8))
            frame = picture_of(luma, wanted.pixel_format)
            if wanted.fields:
                frame = flagged(frame, wanted.fields)
            frame.pts, frame.time_base = pts, wanted.time_base
            film.mux(video.encode(frame))
        film.mux(video.encode(None))
    return path


def write_frames(
    path: Path,
    frames: Iterable[av.VideoFrame],
    *,
    codec: str = "ffv1",
    rate: Fraction = Fraction(25),
    time_base: Fraction | None = None,
    times: Iterable[int] | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Write frames as a film and return its path. times: PTS in `time_base`; default: one tick of `rate` a frame."""
    unit = time_base or 1 / rate
    with av.open(str(path), "w") as film:
        stream = film.add_stream(codec, rate=rate, options=options or {})
        stream.time_base = stream.codec_context.time_base = unit
        for index, (frame, pts) in enumerate(zip(frames, times or itertools.count(), strict=False)):
            if not index:
                stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, frame.format.name
            frame.pts, frame.time_base = pts, unit
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return path


def flagged(frame: av.VideoFrame, order: str) -> av.VideoFrame:
    """Return the frame with its fields flagged. order: tff or bff."""
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 25)
    )
    setter, sink = graph.add("setparams", f"field_mode={order}"), graph.add("buffersink")
    source.link_to(setter)
    setter.link_to(sink)
    graph.configure()
    graph.push(frame)
    found = graph.pull()
    assert isinstance(found, av.VideoFrame)
    return found


def _write_sound(film: Any, stream: Any, seconds: Fraction) -> None:
    for block in range(int(seconds * 8000) // 400 + 1):
        wave = 8000 * np.sin(np.arange(block * 400, block * 400 + 400) / 7.0)
        frame = av.AudioFrame.from_ndarray(wave.astype(np.int16)[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts = 8000, block * 400
        film.mux(stream.encode(frame))
    film.mux(stream.encode(None))


def times_of(path: Path) -> list[Fraction]:
    """Return the times of all frames of a film in seconds, in presentation order."""
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        return [f.pts * Fraction(f.time_base) for f in film.decode(stream) if f.pts is not None]


def lumas_of(path: Path) -> list[npt.NDArray[Any]]:
    """Return the luma planes of all frames of a film, by their own bytes."""
    found = []
    with av.open(str(path)) as film:
        for frame in film.decode(film.streams.video[0]):
            kind = np.dtype("u1") if frame.format.components[0].bits == 8 else np.dtype("<u2")
            plane = frame.planes[0]
            rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
            found.append(rows[: frame.height, : frame.width * kind.itemsize].view(kind).copy())
    return found


def packets_of(path: Path, kind: str) -> list[tuple[Fraction, bytes]]:
    """Return (time in seconds, bytes) of all packets of the first stream of a kind."""
    with av.open(str(path)) as film:
        stream = next(s for s in film.streams if s.type == kind)
        return [(p.pts * Fraction(p.time_base), bytes(p)) for p in film.demux(stream) if p.size]
