"""A film's frames: decoded in order, each with its luma as coded and its own time."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from filmcolor.errors import InputError
from filmcolor.film import Chroma, FilmInfo, Frame, Plane
from filmcolor.video.chroma import read_chroma
from filmcolor.video.cut_off import is_cut_off
from filmcolor.video.damage import Damage
from filmcolor.video.gaps import judge_holes
from filmcolor.video.holes import Holes
from filmcolor.video.luma import change_depth, pixel_layout, planar_name, read_planes
from filmcolor.video.packets import read_pictures
from filmcolor.video.source import open_film

Warn = Callable[[str], None]

SEEK_MARGIN = 10
"""Seconds before a wanted start from which decoding begins, so that no reference is missing."""
JUMP = 10
"""Steps back in time that are a new beginning (two recordings in one file), not a slip."""

# Containers that list their frames: a missing end is counted, not guessed.
_INDEXED = ("mp4", "mov", "avi")
# Codecs whose every packet is a picture, where no two fields come apart. Others hide pictures (VP8),
# or have packets that say only that nothing changed (MPEG-4).
_ONE_TO_ONE = (
    "h264", "hevc", "av1", "mpeg1video", "mpeg2video", "ffv1", "mjpeg", "prores", "dnxhd", "huffyuv"
)  # fmt: skip


def decode(
    info: FilmInfo,
    *,
    warn: Warn | None = None,
    strict: bool = False,
    start: float | None = None,
    end: float | None = None,
    damage: Damage | None = None,
    chroma: bool = False,
) -> Generator[Frame, None, None]:
    """Yield the frames of a film in presentation order; times rise strictly, in units of info.time_base.

    start, end: seconds from the first frame, end exclusive. Packets that cannot be decoded are left
    out (the frames behind them keep their times), counted and told to `warn` at the end; with `strict`
    the first is an error. damage: where to count them, for who wants to know more than the warnings
    say. chroma: whether frames have it. A picture whose size or depth differs from the first is brought
    to it, with a warning. Threads share the slices of one picture only, so that an error shows at its own
    packet. Raises InputError where not one frame can be decoded.
    """
    tell = warn or _silent
    damage = damage or Damage(info.path, strict)
    first = (
        None if start is None else info.first_pts + Fraction(start).limit_denominator(10**6) / info.time_base
    )
    stop = None if end is None else info.first_pts + Fraction(end).limit_denominator(10**6) / info.time_base
    count = seen = 0
    with open_film(info.path) as container:
        stream = container.streams[info.stream]
        assert isinstance(stream, VideoStream)
        damage.one_to_one = info.codec in _ONE_TO_ONE and not info.interlaced
        cut = stop is None and is_cut_off(info.path, info.container)
        if cut and info.container not in _INDEXED:
            damage.cut_off()
        pictures = _from(container, stream, damage, first, info)
        reader = _Reader(info, tell, chroma)
        holes = Holes()
        for picture, pts in _timed(pictures, info, tell, damage):
            seen += 1
            if stop is not None and pts >= stop:
                break
            if first is not None and pts < first:
                continue
            count += 1
            holes.see(pts)
            yield reader.frame(picture, pts)
        else:
            damage.ended(_missing(stream, damage, info, cut) if start is None else 0)
            if start is None:
                judge_holes(holes, damage, info, tell)
    if start is not None:
        damage.early = 0  # decoding began in the middle
    damage.tell(tell)
    if not count:
        raise InputError(f"{info.path}: not one frame can be decoded between these times" if seen else
                         f"{info.path}: not one frame can be decoded")  # fmt: skip


def sample_luma(info: FilmInfo, count: int = 9) -> list[Plane]:
    """Return luma (h, w) of up to `count` frames spread over the film, for a look at its borders.

    Files that cannot be searched give frames from their start.
    """
    samples: list[Plane] = []
    weights = info.tags.luma_weights(info.height)
    with open_film(info.path) as container:
        stream = container.streams[info.stream]
        assert isinstance(stream, VideoStream)
        damage = Damage(info.path)
        length = 0 if info.duration is None else int(info.duration / info.time_base)
        for k in range(count):
            if k and length:
                try:
                    container.seek(info.first_pts + length * k // count, stream=stream)
                except av.error.FFmpegError:
                    break
            with closing(read_pictures(container, stream, damage)) as pictures:
                picture = next(pictures, None)
                if picture is None:
                    break
                if (picture.width, picture.height, pixel_layout(picture.format.name).bits) == (
                    info.width,
                    info.height,
                    info.bits,
                ):
                    samples.append(read_planes(picture, weights)[0])
            if not length:
                break
    return samples


@dataclass(slots=True)
class _Reader:
    """Makes frames of the film's size and depth of decoded pictures."""

    info: FilmInfo
    warn: Warn
    chroma: bool
    said: bool = False

    def frame(self, picture: av.VideoFrame, pts: int) -> Frame:
        info = self.info
        if (picture.width, picture.height) != (info.width, info.height):
            self._say("the picture size")
            whole = "gbrp" if picture.format.has_palette else None  # swscale makes no palettes
            picture = picture.reformat(info.width, info.height, whole, interpolation="BICUBIC", threads=1)
        elif picture.format.name != info.pixel_format:
            self._say("the pixel format")
        layout = pixel_layout(picture.format.name)
        try:
            luma, alpha = read_planes(picture, info.tags.luma_weights(info.height))
        except ValueError as error:
            raise InputError(
                f"{info.path}: cannot read a picture of {picture.format.name}: {error}"
            ) from error
        if layout.bits != info.bits:
            full = info.tags.full_range
            luma = change_depth(luma, layout.bits, info.bits, full_range=full)
            alpha = None if alpha is None else change_depth(alpha, layout.bits, info.bits, full_range=True)
        ticks = (picture.duration or 0) * (picture.time_base or info.time_base) / info.time_base
        return Frame(
            luma=luma,
            pts=pts,
            time_base=info.time_base,
            duration=int(ticks),
            alpha=alpha if info.has_alpha else None,
            interlaced=picture.interlaced_frame,
            chroma=self._chroma(picture) if self.chroma else None,
        )

    def _chroma(self, picture: av.VideoFrame) -> Chroma | None:
        info = self.info
        if picture.format.name != info.pixel_format:
            depth = "" if info.bits == 8 else f"{info.bits}le"
            usual = f"gbrp{depth}" if info.is_rgb else planar_name(info.subsampling, info.bits)
            picture = picture.reformat(format=usual, threads=1)
        return read_chroma(picture, info.tags.luma_weights(info.height))

    def _say(self, what: str) -> None:
        if not self.said:
            self.said = True
            self.warn(f"{self.info.path.name}: damaged: {what} changes in the middle; brought to the first")


def _from(
    container: InputContainer, stream: VideoStream, damage: Damage, first: Fraction | None, info: FilmInfo
) -> Iterator[av.VideoFrame]:
    """Yield pictures from a little before `first` (PTS) on, where the container can be searched."""
    margin = Fraction(SEEK_MARGIN) / info.time_base
    searchable = info.container in ("mp4", "mov", "matroska", "webm")
    if first is None or first - margin <= info.first_pts or not searchable:
        return read_pictures(container, stream, damage)
    try:
        container.seek(int(first - margin), stream=stream)
        pictures = read_pictures(container, stream, damage)
        found = next(pictures, None)
    except av.error.FFmpegError:
        found = None
    if found is None or found.pts is None or found.pts > first - margin / 2:
        container.seek(info.first_pts, stream=stream)
        return read_pictures(container, stream, damage)
    return chain([found], pictures)


def _timed(
    pictures: Iterator[av.VideoFrame], info: FilmInfo, warn: Warn, damage: Damage
) -> Iterator[tuple[av.VideoFrame, int]]:
    """Give each picture its PTS: the film's own; one step on where the film has none or goes back."""
    step = 1 / ((info.rate or Fraction(25)) * info.time_base)
    waiting: list[av.VideoFrame] = []
    last: int | None = None
    exact = Fraction(0)
    offset = 0
    told = False
    for picture in pictures:
        stated = picture.pts if picture.pts is not None else picture.dts
        if stated is None and last is None and len(waiting) < 64:
            waiting.append(picture)
            continue
        if last is None:
            begin = Fraction(stated if stated is not None else 0)
            if stated is not None:
                begin -= step * len(waiting)
            for k, early in enumerate(waiting):
                last, exact = int(begin + step * k), begin + step * k
                yield early, last
        if stated is None:
            exact = exact + step if last is not None else Fraction(0)
            pts = int(exact)
        else:
            pts = stated + offset
        if last is not None and pts <= last:
            if stated is not None and last - pts > JUMP * step:
                offset += last + max(1, round(step)) - pts
                pts = last + max(1, round(step))
                damage.moved.append(offset * info.time_base)
            else:
                pts = last + 1
            if not told:
                told = True
                second = float(last * info.time_base)
                warn(f"{info.path.name}: damaged: times go back at {second:.3f} s; the rest follows on there")
        if stated is not None or pts != int(exact):
            exact = Fraction(pts)
        last = pts
        yield picture, pts
    for k, early in enumerate(waiting if last is None else ()):
        yield early, int(step * k)


def _missing(stream: VideoStream, damage: Damage, info: FilmInfo, cut: bool) -> int:
    """Return how many frames the container lists, but does not hold."""
    if info.container in ("mp4", "mov"):
        listed = len(stream.index_entries)
    elif info.container == "avi":
        listed = stream.frames if cut else sum(entry.size > 0 for entry in stream.index_entries)
    else:
        return 0
    if cut and not stream.frames:  # fragments: the list is cut off, too
        damage.cut_off()
    return max(0, listed - damage.packets - damage.discarded)


def _silent(line: str) -> None:
    """Take a warning and say nothing."""
