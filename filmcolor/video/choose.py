"""What comes out: codec, pixel format and options of a result, from the source and the settings."""

from dataclasses import dataclass, replace
from pathlib import Path

import av

from filmcolor.errors import OutputError
from filmcolor.film import FilmInfo, Siting
from filmcolor.settings import Preset, RunSettings
from filmcolor.video.containers import BY_SUFFIX, Container, container_for
from filmcolor.video.luma import PixelLayout, pixel_layout, planar_name

# Threads and slices change the bytes, so they are constants and never taken from the machine.
ENCODER_THREADS = 4
FFV1_SLICES = 4

_CODECS = {
    "libx264": ("x264", "h264", "avc"),
    "libx265": ("x265", "h265", "hevc"),
    "libsvtav1": ("svtav1", "av1"),
    "libvpx-vp9": ("vp9",),
    "ffv1": (),
    "prores_ks": ("prores",),
}
_CRF: dict[str, dict[Preset, int]] = {
    "libx264": {"auto": 16, "web": 20, "small": 24},
    "libx265": {"auto": 17, "web": 22, "small": 26},
    "libsvtav1": {"auto": 20, "web": 28, "small": 32},
    "libvpx-vp9": {"auto": 18, "web": 28, "small": 34},
}
# Chroma layouts each encoder takes, as log2 (x, y).
_SUBSAMPLINGS = {
    "libx264": ((1, 1), (1, 0), (0, 0)),
    "libx265": ((1, 1), (1, 0), (0, 0)),
    "libsvtav1": ((1, 1),),
    "libvpx-vp9": ((1, 1), (1, 0), (0, 0), (0, 1)),
    "ffv1": ((1, 1), (1, 0), (0, 0), (0, 1)),
    "prores_ks": ((1, 0), (0, 0)),
}
_NEEDS_EVEN = {"libx264", "libx265", "libsvtav1"}
_KEEPS_HDR = {"libx264", "libx265", "libsvtav1"}
_KEEPS_FIELDS = {"libx264", "ffv1", "prores_ks"}

_SUFFIX = {"mp4": ".mp4", "mov": ".mov", "matroska": ".mkv", "webm": ".webm"}  # of FilmInfo.container


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How the colored pictures are stored. All of it is in the digest of a run.

    codec: FFmpeg's encoder. bits: of luma and chroma code values. subsampling: log2 (x, y) of
    chroma. full_range: what code values mean. matrix, primaries, transfer: tags (ITU-T H.273).
    narrowed: chroma is still made for full range, and the writer brings all planes to limited range,
    the only one that the codec knows. options: of the encoder. warnings: one line each, of what the
    result does not keep.
    """

    container: Container
    codec: str
    pixel_format: str
    bits: int
    subsampling: tuple[int, int]
    siting: Siting
    full_range: bool
    range_tagged: bool
    matrix: int
    primaries: int
    transfer: int
    has_alpha: bool = False
    narrowed: bool = False
    options: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()


def choose_encoding(info: FilmInfo, settings: RunSettings, out: Path) -> Encoding:
    """Return how the film `info` is stored in `out`, after the table in docs/outputs.md.

    Raises OutputError where the suffix, the codec, the pixel format or an option is unknown, or the
    container cannot hold the codec.
    """
    container = container_for(out)
    codec = known_codec(settings.codec) if settings.codec else default_codec(info, settings.preset, container)
    if codec not in container.codecs:
        raise OutputError(
            f"{out}: {container.title} cannot hold {codec}; end the name in .mkv, or choose another codec"
        )
    warnings = []
    keeps_alpha = info.has_alpha and _alpha_name(codec, settings.preset) is not None
    subsampling, bits = _layout(info, settings.preset, codec, alpha=keeps_alpha)
    if settings.pixel_format:
        name = settings.pixel_format
        layout = _wanted_layout(name, codec)
        subsampling, bits, keeps_alpha = layout.subsampling, layout.bits, info.has_alpha and layout.has_alpha
        _refuse_odd(info, subsampling, codec, name)
    else:
        name = planar_name(subsampling, bits, alpha=keeps_alpha)
    if bits < info.bits:
        warnings.append(f"{info.path.name}: bit depth {info.bits} becomes {bits}, dithered")
    if info.has_alpha and not keeps_alpha:
        warnings.append(f"{info.path.name}: transparency (alpha) is not kept by {codec}")
    if codec not in _KEEPS_HDR and (info.mastering or info.light_level):
        warnings.append(f"{info.path.name}: HDR mastering and light level metadata are not kept by {codec}")
    if info.interlaced and codec not in _KEEPS_FIELDS:
        warnings.append(f"{info.path.name}: the interlaced fields are not flagged by {codec}")
    if container.name == "matroska" != info.container and result_suffix(info, settings) == ".mkv":
        warnings.append(
            f"{info.path.name}: written as Matroska; the result does not go into {info.container}"
        )
    narrowed = codec == "prores_ks" and info.tags.full_range
    if narrowed and info.tags.range_tagged:
        warnings.append(f"{info.path.name}: full range becomes limited range, the only one of ProRes")
    encoding = Encoding(
        container=container,
        codec=codec,
        pixel_format=name,
        bits=bits,
        subsampling=subsampling,
        siting=info.tags.siting if info.tags.siting != "center" else "left",
        full_range=info.tags.full_range,
        # full range must be said; limited is what players take a silent film for
        range_tagged=info.tags.range_tagged or info.tags.full_range,
        matrix=info.tags.matrix,
        primaries=info.tags.primaries,
        transfer=info.tags.transfer,
        has_alpha=keeps_alpha,
        narrowed=narrowed,
        warnings=tuple(warnings),
    )
    return replace(encoding, options=_options(info, settings, encoding))


def result_suffix(info: FilmInfo, settings: RunSettings) -> str:
    """Return the suffix of a result that the user gave no name: the source's own, else .mkv."""
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


def known_codec(name: str) -> str:
    """Return FFmpeg's encoder for a codec's name. Raises OutputError for one that is not offered."""
    wanted = name.lower()
    for encoder, others in _CODECS.items():
        if wanted == encoder or wanted in others:
            return encoder
    raise OutputError(f"codec {name!r} is not offered; choose one of {', '.join(_CODECS)}")


def default_codec(info: FilmInfo, preset: Preset, container: Container) -> str:
    """Return the encoder that a preset uses for a film in a container."""
    if preset == "archive":
        return "ffv1"
    if preset == "prores":
        return "prores_ks"
    if container.name == "webm":
        return "libvpx-vp9" if (info.bits == 8 or preset == "web") and preset != "small" else "libsvtav1"
    if preset == "web":
        return "libx264"
    if preset == "small":
        # AV1 here is 4:2:0 and even; QuickTime has no place for it
        odd = info.width % 2 or info.height % 2 or min(info.width, info.height) < 64
        return "libx264" if odd or container.name == "mov" else "libsvtav1"
    if info.has_alpha:
        return {"matroska": "ffv1", "mov": "prores_ks"}.get(container.name, "libx264")
    # more than 10 bit: a film that is asked for as MP4 keeps 10, and says so
    return "ffv1" if info.bits > 10 and container.name == "matroska" else "libx264"


def available_encoders() -> list[str]:
    """Return the encoders that filmcolor uses and this PyAV has."""
    return [name for name in _CODECS if name in av.codecs_available]


def _layout(info: FilmInfo, preset: Preset, codec: str, *, alpha: bool) -> tuple[tuple[int, int], int]:
    """Return chroma layout and depth: the source's own, or the nearest that loses nothing of luma."""
    wanted = {(2, 0): (1, 0), (2, 2): (1, 1)}.get(info.subsampling, info.subsampling)
    if codec != "ffv1" and info.subsampling == (2, 0):
        wanted = (1, 1)
    if preset == "web" and codec != "ffv1":
        wanted = (1, 1)
    if codec == "prores_ks":
        wanted = (0, 0) if alpha or wanted == (0, 0) else (1, 0)
    if wanted not in _SUBSAMPLINGS[codec]:
        wanted = (1, 1) if codec == "libsvtav1" else (0, 0)
    if codec in _NEEDS_EVEN and _odd(info, wanted):
        wanted = (0, 0)
    least = 8 if preset == "web" else info.bits
    names = {form.name for form in av.Codec(codec, "w").video_formats or ()}
    for subsampling in (wanted, (0, 0)):
        depths = [d for d in (8, 9, 10, 12, 14, 16) if planar_name(subsampling, d, alpha=alpha) in names]
        fitting = [d for d in depths if d >= least]
        if fitting:
            return subsampling, fitting[0]
        if depths and subsampling == (0, 0):
            return wanted, depths[-1]
    return wanted, max(d for d in (8, 10, 12) if planar_name(wanted, d, alpha=alpha) in names)


def _odd(info: FilmInfo, subsampling: tuple[int, int]) -> bool:
    return bool((subsampling[0] and info.width % 2) or (subsampling[1] and info.height % 2))


def _alpha_name(codec: str, preset: Preset) -> str | None:
    return {"ffv1": "yuva", "prores_ks": "yuva444p10le"}.get(codec) if preset != "web" else None


def _wanted_layout(name: str, codec: str) -> PixelLayout:
    names = [form.name for form in av.Codec(codec, "w").video_formats or ()]
    usable = [n for n in names if n.startswith("yuv") and not n.startswith("yuvj")]
    if name not in usable:
        raise OutputError(f"pixel format {name!r} is not one that {codec} takes: {', '.join(usable)}")
    return pixel_layout(name)


def _refuse_odd(info: FilmInfo, subsampling: tuple[int, int], codec: str, name: str) -> None:
    if codec in _NEEDS_EVEN and _odd(info, subsampling):
        raise OutputError(
            f"{info.path}: {codec} refuses {name} at {info.width}x{info.height}; an odd size needs yuv444p"
        )


def _options(info: FilmInfo, settings: RunSettings, encoding: Encoding) -> tuple[tuple[str, str], ...]:
    codec = encoding.codec
    options: dict[str, str] = {"chroma_sample_location": encoding.siting}
    deeper: list[str] = []
    if codec == "libx264":
        options |= {"preset": "medium" if settings.preset in ("web", "small") else "fast"}
        if info.interlaced:
            options["flags"] = "+ildct+ilme"
            deeper.append("tff=1" if info.top_field_first else "bff=1")
    elif codec == "libx265":
        # one frame thread, no wavefronts: x265 with them has been seen to vary
        options |= {"preset": "fast"}
        deeper += ["log-level=none", "pools=none", "frame-threads=1", "wpp=0", "open-gop=0"]
    elif codec == "libsvtav1":
        options |= {"preset": "8", "g": "240"}
        deeper += [f"lp={ENCODER_THREADS}"]
    elif codec == "libvpx-vp9":
        options |= {"b:v": "0", "deadline": "good", "cpu-used": "4", "row-mt": "0", "g": "240"}
    elif codec == "ffv1":
        options |= {"level": "3", "g": "1", "slicecrc": "1", "coder": "1"}
        options["slices"] = str(FFV1_SLICES if _four_slices(info, encoding.subsampling) else 1)
    elif codec == "prores_ks":
        options |= {"profile": "4444" if encoding.subsampling == (0, 0) else "hq", "vendor": "apl0"}
        if info.interlaced:
            options["flags"] = "+ildct"
    if codec in _CRF:
        options["crf"] = str(
            settings.crf
            if settings.crf is not None
            else _CRF[codec].get(settings.preset, _CRF[codec]["auto"])
        )
    elif settings.crf is not None:
        raise OutputError(f"{codec} has no crf; leave --crf out or choose another codec")
    deeper += _hdr(info, codec)
    nested = {"libx264": "x264-params", "libx265": "x265-params", "libsvtav1": "svtav1-params"}.get(codec)
    given = dict(settings.encoder_options)
    _refuse_unknown(given, codec)
    if nested and nested in given:
        deeper.append(given.pop(nested))
    if nested and deeper:
        options[nested] = ":".join(deeper)
    return tuple(sorted((options | given).items()))


def _four_slices(info: FilmInfo, subsampling: tuple[int, int]) -> bool:
    """Whether FFV1 level 3 cuts the picture in two by two: not an odd one through a chroma sample."""
    for size, shift in zip((info.width, info.height), subsampling, strict=True):
        unit = 1 << shift
        if size < 16 or (size % unit and (size - size // 2) % unit == 0):
            return False
    return True


def _refuse_unknown(given: dict[str, str], codec: str) -> None:
    """FFmpeg passes over unknown options without a word; a typing error must not change a result."""
    supported = av.CodecContext.create(codec, "w").supported_options
    names = {option.name for option in (*supported.private, *supported.generic)}
    for name in given:
        if name not in names:
            raise OutputError(f"encoder option {name!r} is unknown to {codec}")


def _hdr(info: FilmInfo, codec: str) -> list[str]:
    """Return the encoder's own words for mastering display and light level (SMPTE ST 2086, CTA-861.3)."""
    said: list[str] = []
    if codec not in _KEEPS_HDR:
        return said
    if info.mastering:
        values = info.mastering
        if codec == "libsvtav1":
            red, green, blue, white = (
                f"({float(values[i]):.5f},{float(values[i + 1]):.5f})" for i in (0, 2, 4, 6)
            )
            light = f"({float(values[9]):.4f},{float(values[8]):.4f})"
        else:  # chromaticity in units of 0.00002, luminance of 0.0001 cd/m2
            n = [round(v * 50000) for v in values[:8]]
            red, green, blue, white = (f"({n[i]},{n[i + 1]})" for i in (0, 2, 4, 6))
            light = f"({round(values[9] * 10000)},{round(values[8] * 10000)})"
        said.append(f"mastering-display=G{green}B{blue}R{red}WP{white}L{light}")
    if info.light_level:
        name = {"libx264": "cll", "libx265": "max-cll", "libsvtav1": "content-light"}[codec]
        said.append(f"{name}={info.light_level[0]},{info.light_level[1]}")
    return said
