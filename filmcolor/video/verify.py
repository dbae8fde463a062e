"""The result, read again: whether it holds every frame at its time, and what the container dropped."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition, Stream

from filmcolor.errors import OutputError
from filmcolor.film import FilmInfo
from filmcolor.video.metadata import descriptive
from filmcolor.video.probe import is_cover

_FLAGS = ("forced", "comment", "hearing_impaired", "visual_impaired", "original", "dub")


def verify(out: Path, ticks: Sequence[int], unit: Fraction, sounds: int, name: str) -> None:
    """Check that the picture of `out` has exactly the frames at `ticks` of `unit`, and all its sound.

    A common shift of all times is allowed: containers begin where they can. name: of the result, for
    the message. Raises OutputError.
    """
    try:
        with av.open(f"file:{out.absolute()}", "r", metadata_errors="replace") as file:
            pictures = [s for s in file.streams.video if not is_cover(s)]
            heard = len(file.streams.audio)
            stream = pictures[0]
            times = sorted(
                p.pts * Fraction(p.time_base) for p in file.demux(stream) if p.size and p.pts is not None
            )
    except (av.error.FFmpegError, OSError, IndexError) as error:
        raise OutputError(f"{name}: the result cannot be read again: {error}") from error
    if len(times) != len(ticks):
        raise OutputError(f"{name}: the container kept {len(times)} of {len(ticks)} frames; try .mkv")
    for time, tick in zip(times, ticks, strict=True):
        if time - times[0] != (tick - ticks[0]) * unit:
            raise OutputError(f"{name}: the container moved a frame at {float(time):.3f} s; try .mkv")
    if heard != sounds:
        raise OutputError(f"{name}: the container kept {heard} of {sounds} sound tracks; try .mkv")


def losses(info: FilmInfo, out: Path, title: str) -> list[str]:
    """Return one warning for each word of the source that the result in `out` no longer says."""
    lines: list[str] = []
    name = info.path.name
    with (
        av.open(f"file:{info.path.absolute()}", "r", metadata_errors="replace") as source,
        av.open(f"file:{out.absolute()}", "r", metadata_errors="replace") as result,
    ):
        said = {k.lower(): v.strip() for k, v in descriptive(source.metadata).items()}
        kept = {k.lower(): v.strip() for k, v in result.metadata.items()}
        lost = sorted(k for k in said if said[k] and not _same(k, said[k], kept.get(k, "")))
        if lost:
            lines.append(f"{name}: metadata not kept by {title}: {', '.join(lost)}")
        codes = _timecodes(source)
        if codes and not codes & _timecodes(result) and "timecode" not in lost:
            lines.append(f"{name}: start timecode {min(codes)} is not kept by {title}")
        if _covers(source) > _covers(result):
            lines.append(f"{name}: the attached cover picture is not kept by {title}")
        for kind in ("video", "audio", "subtitle"):
            theirs, ours = _of_kind(source, kind), _of_kind(result, kind)
            if len(theirs) == len(ours):
                for before, after in zip(theirs, ours, strict=True):
                    lines += _stream_losses(before, after, f"{name}: {kind} stream {before.index}", title)
    return lines


def _timecodes(container: InputContainer) -> set[str]:
    said = [container.metadata.get("timecode"), *(s.metadata.get("timecode") for s in container.streams)]
    return {value for value in said if value}


def _covers(container: InputContainer) -> int:
    return sum(bool(s.disposition & Disposition.attached_pic) for s in container.streams.video)


def _same(key: str, before: str, after: str) -> bool:
    if key == "creation_time":
        return before[:19].replace(" ", "T") == after[:19].replace(" ", "T")
    return before == after


def _of_kind(container: InputContainer, kind: str) -> list[Stream]:
    streams = [s for s in container.streams if s.type == kind and s.codec_context is not None]
    return [s for s in streams if not s.disposition & Disposition.attached_pic]


def _stream_losses(before: Stream, after: Stream, name: str, title: str) -> list[str]:
    lines = []
    language = before.metadata.get("language", "")
    if language and language != "und" and language != after.metadata.get("language", ""):
        lines.append(f"{name}: language {language!r} is not kept by {title}")
    caption = before.metadata.get("title", "")
    if caption and caption != after.metadata.get("title", ""):
        lines.append(f"{name}: title {caption!r} is not kept by {title}")
    for flag in _FLAGS:
        mark = Disposition[flag]
        if before.disposition & mark and not after.disposition & mark:
            lines.append(f"{name}: disposition {flag!r} is not kept by {title}")
    return lines
