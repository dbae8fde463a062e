"""How much room a film's work needs on the disk, and whether it is there. The estimate is pure."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from filmcolor.errors import FullError
from filmcolor.files import size_text
from filmcolor.film import FilmInfo
from filmcolor.settings import RunSettings
from filmcolor.video.choose import Encoding

# Bits of a coded picture for each pixel of 8-bit luma, chroma included: the least and the most seen on five
# clips of 480x360 to 768x432, from a 1895 reel to leaves in the wind (2026-11-25, chroma made smooth, as ours
# is). The least is halved where the codec is lossy: a clean, still picture costs next to nothing.
_BITS = {
    "libx264": (0.08, 0.9),
    "libx265": (0.08, 0.9),
    "libsvtav1": (0.1, 0.8),
    "libvpx-vp9": (0.1, 1.2),
    "ffv1": (1.5, 5.7),
    "prores_ks": (3.5, 6.5),
}
# crf of those figures, and by how much it must rise to halve them
_AT_CRF = {"libx264": (16, 6), "libx265": (17, 6), "libsvtav1": (20, 8), "libvpx-vp9": (18, 10)}
_SOUND = 192_000  # bytes a second that other streams have at most: two channels of 16 bits at 48 kHz
_SPARE = 1 << 20


@dataclass(frozen=True, slots=True)
class DiskNeed:
    """Bytes that a film takes while it is colored, least and most.

    segments: the pictures, in the workspace. result: pictures and all else, beside the output. Both are
    there until the result has its name.
    """

    segments: tuple[int, int]
    result: tuple[int, int]


def disk_need(
    info: FilmInfo, encoding: Encoding, settings: RunSettings, source_bytes: int
) -> DiskNeed | None:
    """Return what coloring the film takes, or None where its length is not known.

    source_bytes: size of the source's file, which its sound cannot exceed.
    """
    seconds = None if info.duration is None else float(info.duration)
    if seconds is None and info.frames and info.rate:
        seconds = float(info.frames / info.rate)
    if seconds is None or seconds <= 0:
        return None
    kept = min(seconds, seconds if settings.end is None else settings.end) - (settings.start or 0.0)
    frames = (info.frames or seconds * float(info.rate or 25)) * max(0.0, kept) / seconds
    least, most = _BITS[encoding.codec]
    if encoding.codec in _AT_CRF:
        usual, halving = _AT_CRF[encoding.codec]
        factor = 2 ** ((usual - int(dict(encoding.options).get("crf", usual))) / halving)
        least, most = least * factor, most * factor
    elif encoding.codec == "ffv1":  # what lies below the eighth bit is noise
        least, most = least + encoding.bits - 8, most + encoding.bits - 8
    if encoding.has_alpha:
        most *= 2
    pixels = frames * info.width * info.height
    pictures = int(pixels * least / 8), int(pixels * most / 8)
    sound = int(min(source_bytes, _SOUND * max(0.0, kept)))
    return DiskNeed(segments=pictures, result=(pictures[0], pictures[1] + sound))


def check_room(need: DiskNeed, workspace: Path, out: Path, held: int = 0) -> str | None:
    """Compare a film's need with what is free; return a warning where it may be too little.

    workspace, out: existing folders of the unfinished work and of the result. held: bytes of segments
    that are there already. Raises FullError where it is certainly too little.
    """
    segments = [max(0, size - held) for size in need.segments]
    if _same_disk(workspace, out):
        wanted = [(workspace, [a + b for a, b in zip(segments, need.result, strict=True)])]
    else:
        wanted = [(workspace, segments), (out, list(need.result))]
    warning = None
    for folder, (least, most) in wanted:
        try:
            free = shutil.disk_usage(folder).free
        except OSError:
            continue
        if least + _SPARE > free:
            raise FullError(
                f"{folder}: at least {size_text(least + _SPARE)} are needed here and {size_text(free)} are free;"
                " make room, or keep unfinished work elsewhere (--workspace DIR)"
            )
        if most > free:
            warning = (
                f"{folder}: up to {size_text(most)} are needed here and {size_text(free)} are free;"
                " if it gets full, make room and run again to go on"
            )
    return warning


def _same_disk(one: Path, other: Path) -> bool:
    try:
        return one.stat().st_dev == other.stat().st_dev
    except OSError:
        return True
