"""Which holes in a film's time are lost frames: where the container cannot leave one out, or is broken."""

from collections.abc import Callable

from filmcolor.film import FilmInfo
from filmcolor.video.damage import Damage
from filmcolor.video.holes import Hole, Holes
from filmcolor.video.matroska import is_broken

# They list their frames: what is missing has been counted, a hole is meant.
_LISTED = ("mp4", "mov", "avi")
# One frame follows the other in them; a hole is a loss of the recording or of the file.
_WITHOUT_HOLES = ("mpegts", "mpeg", "mxf")
TOLD = 3
"""Frames that a hole must miss to be told where it may be meant."""
EARLY_END = 1.0
"""Seconds by which a film may end before its container says."""


def judge_holes(holes: Holes, damage: Damage, info: FilmInfo, warn: Callable[[str], None]) -> None:
    """Count the frames that are missing without a trace, or warn where they may be missing."""
    found = [] if info.container in _LISTED else holes.found()
    early = _early_end(holes, info)
    if not found and not early:
        return
    broken = info.container in ("matroska", "webm") and not damage.cut and is_broken(info.path)
    for hole in found:
        second = hole.before * info.time_base
        if broken or info.container in _WITHOUT_HOLES or _near(hole, damage, info):
            known = _known(hole, damage, info)
            if hole.frames > known:
                damage.hole(second, hole.frames - known)
        elif hole.frames >= TOLD:
            warn(
                f"{info.path.name}: the times jump from {float(second):.3f} s to "
                f"{float(hole.after * info.time_base):.3f} s; {hole.frames} frames may be missing"
            )
    if early and broken:
        damage.cut_off()


def _early_end(holes: Holes, info: FilmInfo) -> bool:
    if info.duration is None or holes.last is None or info.container not in ("matroska", "webm"):
        return False
    return float(info.duration - holes.last * info.time_base) > EARLY_END


def _near(hole: Hole, damage: Damage, info: FilmInfo) -> bool:
    """Whether other damage was seen around the hole, or at a place that is not known."""
    seconds = [place.second for place in damage.places]
    first, last = (float(t * info.time_base) for t in (hole.before, hole.after))
    return any(s is None or first - 1 <= float(s) <= last + 1 for s in seconds)


def _known(hole: Hole, damage: Damage, info: FilmInfo) -> int:
    """Return how many of the hole's frames have been counted already."""
    first, last = hole.before * info.time_base, hole.after * info.time_base
    return sum(
        place.frames for place in damage.places if place.second is not None and first < place.second < last
    )
