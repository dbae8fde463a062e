"""The containers that filmcolor writes, and which one a film goes into by default."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from filmcolor.errors import OutputError
from filmcolor.film import FilmInfo
from filmcolor.settings import RunSettings


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
_SUFFIX = {"mp4": ".mp4", "mov": ".mov", "matroska": ".mkv", "webm": ".webm"}


def container_for(out: Path) -> Container:
    """Return the container that the suffix of `out` names. Raises OutputError for another suffix."""
    try:
        return BY_SUFFIX[out.suffix.lower()]
    except KeyError:
        wanted = ", ".join(BY_SUFFIX)
        raise OutputError(
            f"{out}: filmcolor writes films as {wanted}; end the name in one of these"
        ) from None


def result_suffix(info: FilmInfo, settings: RunSettings) -> str:
    """Return the suffix of a result that the user gave no name: the source's own, else .mkv."""
    from filmcolor.video.choose import default_codec, known_codec

    if settings.codec is None and settings.preset == "prores":
        return ".mov"
    suffix = _SUFFIX.get(info.container, ".mkv")
    if suffix == ".mp4" and info.path.suffix.lower() == ".m4v":
        suffix = ".m4v"
    own = BY_SUFFIX[suffix]
    if info.bits > 10 and settings.preset == "auto" and settings.codec is None:
        return ".mkv"  # FFV1 keeps all of it
    codec = known_codec(settings.codec) if settings.codec else default_codec(info, settings.preset, own)
    return suffix if codec in own.codecs else ".mkv"
