"""The containers that filmcolor writes."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from filmcolor.errors import OutputError


@dataclass(frozen=True, slots=True)
class Container:
    """One container. name: as in FilmInfo.container, and FFmpeg's muxer. codecs: pictures it may hold.

    sound, lossless_sound: encoders for sound that it cannot hold. time_base: its only one, or None.
    """

    name: str
    title: str
    codecs: tuple[str, ...]
    sound: str
    lossless_sound: str
    time_base: Fraction | None = None


_MILLISECOND = Fraction(1, 1000)
MP4 = Container("mp4", "MP4", ("libx264", "libx265", "libsvtav1", "libvpx-vp9"), "aac", "alac")
MOV = Container("mov", "QuickTime", ("libx264", "libx265", "prores_ks"), "aac", "alac")
MATROSKA = Container(
    "matroska",
    "Matroska",
    ("libx264", "libx265", "libsvtav1", "libvpx-vp9", "ffv1", "prores_ks"),
    "aac",
    "flac",
    _MILLISECOND,
)
WEBM = Container("webm", "WebM", ("libsvtav1", "libvpx-vp9"), "libopus", "libopus", _MILLISECOND)

BY_SUFFIX = {".mp4": MP4, ".m4v": MP4, ".mov": MOV, ".mkv": MATROSKA, ".webm": WEBM}


def container_for(out: Path) -> Container:
    """Return the container that the suffix of `out` names. Raises OutputError for another suffix."""
    try:
        return BY_SUFFIX[out.suffix.lower()]
    except KeyError:
        wanted = ", ".join(BY_SUFFIX)
        raise OutputError(
            f"{out}: filmcolor writes films as {wanted}; end the name in one of these"
        ) from None
