"""What one pass over a source tells before any work: the pass that `run` makes just ahead of its own."""

import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from filmcolor.color.colored import SHORT_SIDE, Small, find_color
from filmcolor.errors import InputError, OutputError
from filmcolor.film import FilmInfo, Frame
from filmcolor.pipeline.disk import DiskNeed, disk_need
from filmcolor.pipeline.estimate import PICTURE_SECONDS, START_SECONDS, film_seconds, machine_speed
from filmcolor.pipeline.kinds import kind_of
from filmcolor.pipeline.progress import Progress, Report, silent
from filmcolor.pipeline.scan import scan, sight_of
from filmcolor.settings import RunSettings
from filmcolor.video.choose import choose_encoding, result_suffix
from filmcolor.video.damage import Damage
from filmcolor.video.decode import decode
from filmcolor.video.picture_color import small_color
from filmcolor.video.probe import probe
from filmcolor.video.still import StillPicture, read_still
from filmcolor.video.telecine import FieldFindings, FieldWatch
from filmcolor.video.timing import Clock, Timing

_EVERY = 10
"""Frames between two moments of progress."""


@dataclass(frozen=True, slots=True)
class FoundShot:
    """Frames `start <= i < stop` between two cuts; the second at which they begin, on the film's own clock.

    colored: in color already, so that `run` passes them through.
    """

    start: int
    stop: int
    second: float
    colored: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a film is, counted by decoding it once.

    seconds: that coloring it may take here; disk: bytes that it may take (None: cannot be told); free: bytes that are free beside it. took: seconds
    of this pass.
    """

    info: FilmInfo
    timing: Timing
    shots: tuple[FoundShot, ...]
    damage: Damage
    fields: FieldFindings
    seconds: float
    disk: DiskNeed | None
    free: int | None
    took: float
    warnings: tuple[str, ...]

    @property
    def partial(self) -> bool:
        """Whether frames of the film are missing."""
        return self.damage.partial


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSurvey:
    """What a still picture is. colored: in color already (its first page); None where that cannot be told."""

    path: Path
    format: str
    width: int
    height: int
    pages: int
    bits: int
    colored: bool | None
    seconds: float
    warnings: tuple[str, ...]


def survey_source(source: Path, settings: RunSettings, progress: Report = silent) -> Survey | PictureSurvey:
    """Tell what a film or a picture is. Raises InputError."""
    kind = kind_of(source)
    if kind == "sequence":
        raise InputError(
            f"{source}: scan reads films and pictures, not a folder or a numbered series of pictures"
        )
    if kind == "picture":
        return survey_picture(source, settings, progress)
    return survey_film(source, settings, progress)


def survey_film(source: Path, settings: RunSettings, progress: Report = silent) -> Survey:
    """Decode a film once and tell what it is. Only the source is read, nothing is written.

    settings: those of `run` that matter: what is kept of the film (start, end), how shots are found, what
    comes out. Raises InputError.
    """
    began = time.perf_counter()
    info = probe(source)
    warnings: list[str] = []

    def say(line: str) -> None:
        if line not in warnings:
            warnings.append(line)
            progress(Progress("scan", warning=line))

    for line in info.warnings:
        say(line)
    damage = Damage(source, settings.strict)
    watch = _Watch(info)
    shots: list[FoundShot] = []
    film = decode(
        info,
        warn=say,
        strict=settings.strict,
        start=settings.start,
        end=settings.end,
        damage=damage,
        chroma=True,
    )
    sight = sight_of(info, settings.size)

    def watched() -> Iterator[Frame]:
        for frame in film:
            watch.see(frame)
            if watch.clock.frames % _EVERY == 0:
                progress(Progress("scan", watch.clock.frames, info.frames, len(shots)))
            yield frame

    with closing(film):
        for piece in scan(watched(), sight, info.bits, pyscenedetect=settings.pyscenedetect):
            if piece.shot == len(shots):
                begin = float(piece.pts[0] * info.time_base)
                shots.append(FoundShot(piece.start, piece.stop, begin, piece.colored))
            else:
                shots[-1] = replace(shots[-1], stop=piece.stop)
    fields = watch.fields.found()
    for line in fields.warnings(info):
        say(line)
    progress(Progress("done", watch.clock.frames, watch.clock.frames, len(shots)))
    return Survey(
        info=info,
        timing=watch.clock.found(),
        shots=tuple(shots),
        damage=damage,
        fields=fields,
        seconds=(START_SECONDS + film_seconds(watch.clock.frames, info.width, info.height)) / machine_speed(),
        disk=_disk(info, watch.clock, settings),
        free=_free(source.absolute().parent),
        took=time.perf_counter() - began,
        warnings=tuple(warnings),
    )


def survey_picture(source: Path, settings: RunSettings, progress: Report = silent) -> PictureSurvey:
    """Read a still picture and tell what it is. Raises InputError."""
    picture = read_still(source, settings.max_pixels, strict=settings.strict)
    for line in picture.warnings:
        progress(Progress("scan", warning=line))
    height, width = picture.pages[0].shape
    return PictureSurvey(
        path=source,
        format=picture.format,
        width=width,
        height=height,
        pages=len(picture.pages),
        bits=picture.bits,
        colored=_in_color(picture, settings.max_pixels),
        seconds=(START_SECONDS + PICTURE_SECONDS * len(picture.pages)) / machine_speed(),
        warnings=picture.warnings,
    )


def _in_color(picture: StillPicture, max_pixels: int) -> bool | None:
    planes = small_color(picture.path, picture.format, max_pixels, SHORT_SIDE)
    if planes is None:
        return None
    small = Small(*planes)
    return find_color([(small, small)]).colored


class _Watch:
    """Looks at each frame on its way to the scan."""

    def __init__(self, info: FilmInfo) -> None:
        self.clock = Clock(info)
        self.fields = FieldWatch(info.bits)

    def see(self, frame: Frame) -> None:
        self.clock.see(frame)
        self.fields.see(frame)


def _disk(info: FilmInfo, clock: Clock, settings: RunSettings) -> DiskNeed | None:
    """Return the bytes that coloring the film takes, its length being known by now."""
    out = info.path.with_name(f"{info.path.stem}.color{result_suffix(info, settings)}")
    timing = clock.found()
    known = replace(info, frames=timing.frames, duration=timing.end - timing.first)
    whole = replace(settings, start=None, end=None)  # the frames that were counted are those that are kept
    try:
        return disk_need(known, choose_encoding(info, settings, out), whole, info.path.stat().st_size)
    except OutputError:
        return None


def _free(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
