"""A still picture as a film of one frame per page, and back into its own format and depth."""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np

from filmcolor.errors import FilmcolorError, InputError, OutputError, cannot_write
from filmcolor.files import replacing
from filmcolor.film import Plane
from filmcolor.video.dpx import read_dpx, write_dpx
from filmcolor.video.jpeg import read_jpeg, write_jpeg
from filmcolor.video.picture import PictureFormat, Rgb, StillPicture, upright
from filmcolor.video.picture_kind import picture_format
from filmcolor.video.plain_picture import read_plain, write_plain
from filmcolor.video.png import read_png, write_png
from filmcolor.video.tiff import read_tiff
from filmcolor.video.tiff_write import write_tiff
from filmcolor.video.webp import read_webp, write_webp

__all__ = ["StillPicture", "is_still", "read_still", "still_suffix", "write_still"]

_SUFFIXES: dict[str, PictureFormat] = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".png": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".dib": "BMP",
    ".gif": "GIF",
    ".dpx": "DPX",
    ".ppm": "PNM",
    ".pnm": "PNM",
}
# what a colored picture of each format is called by default; GIF's 256 colors would cost luma
_DEFAULTS: dict[PictureFormat, str] = {
    "JPEG": ".jpg",
    "PNG": ".png",
    "TIFF": ".tif",
    "WEBP": ".webp",
    "BMP": ".bmp",
    "GIF": ".png",
    "DPX": ".dpx",
    "PNM": ".ppm",
}
_WITHOUT_ORIENTATION = ("BMP", "GIF", "PNM", "DPX")
_SEVERAL_PAGES = ("TIFF", "WEBP")


def is_still(path: Path) -> bool:
    """Tell whether the bytes of a file are a still picture of a format that `read_still` reads."""
    return picture_format(path) is not None


def still_suffix(source: Path) -> str:
    """Return the suffix for the colored picture of a source: its own, if that names its format."""
    form = picture_format(source)
    if form is None:
        raise InputError(f"{source}: not a picture of a supported format")
    suffix = source.suffix.lower()
    keeps = _SUFFIXES.get(suffix) == form and form != "GIF"
    return source.suffix if keeps else _DEFAULTS[form]


def read_still(path: Path, max_pixels: int, *, strict: bool = False) -> StillPicture:
    """Read every page of a picture. max_pixels: most pixels of all pages together.

    A truncated picture gives what is there, with a warning in `.warnings`; with strict the first
    damage is an error. Raises InputError (one line) for whatever cannot be read.
    """
    form = picture_format(path)
    if form is None:
        raise InputError(f"{path}: not a picture of a supported format")
    with _refusing(path):
        if form == "JPEG":
            picture = read_jpeg(path, max_pixels, strict=strict)
        elif form == "PNG":
            picture = read_png(path, max_pixels, strict=strict)
        elif form == "TIFF":
            picture = read_tiff(path, max_pixels, strict=strict)
        elif form == "WEBP":
            picture = read_webp(path, max_pixels, strict=strict)
        elif form == "DPX":
            picture = read_dpx(path, max_pixels, strict=strict)
        else:
            picture = read_plain(path, form, max_pixels, strict=strict)
    for plane in (*picture.pages, *picture.alphas):
        if plane is not None:
            plane.flags.writeable = False
    lines = picture.warnings
    top = (1 << picture.bits) - 1
    if all(((page == 0) | (page == top)).all() for page in picture.pages):
        lines += ("holds only black and white, under which no color can be seen",)
    return replace(picture, warnings=tuple(f"{path}: {line}" for line in lines))


def write_still(picture: StillPicture, page_colors: Iterable[Rgb], target: Path, note: str = "") -> list[str]:
    """Write the colored picture in the format that the target's suffix names; return warnings.

    page_colors: for each page R'G'B' (h, w, 3) float, 0..1, whose BT.601 luma is the page's own;
    an iterator is drawn page by page. note: a line in ASCII that the file says of itself, where its
    format can. The target appears only when it is complete.
    Raises OutputError where the format is unknown or holds no such picture, or writing fails.
    """
    form = _target_format(picture, target)
    if len(picture.pages) > 1 and form not in _SEVERAL_PAGES:
        raise OutputError(f"{target}: holds one page, the source has {len(picture.pages)}; write a .tif")
    if form != picture.format and form in _WITHOUT_ORIENTATION and picture.orientation != 1:
        picture, page_colors = _turned(picture, page_colors)
    picture = replace(picture, kept=replace(picture.kept, note=note))
    try:
        with replacing(target) as beside:
            if form == "TIFF":
                warnings = write_tiff(picture, page_colors, beside)
            elif form == "WEBP":
                warnings = write_webp(picture, page_colors, beside)
            else:
                (rgb,) = page_colors
                if form == "JPEG":
                    warnings = write_jpeg(picture, rgb, beside)
                elif form == "PNG":
                    warnings = write_png(picture, rgb, beside)
                elif form == "DPX":
                    warnings = write_dpx(picture, rgb, beside)
                else:
                    warnings = write_plain(picture, rgb, form, beside)
    except OSError as error:
        raise cannot_write(target, error) from error
    return [f"{target}: {line}" for line in warnings]


def _target_format(picture: StillPicture, target: Path) -> PictureFormat:
    suffix = target.suffix.lower()
    if suffix in (".pgm", ".pbm"):
        raise OutputError(f"{target}: holds no color; write a .ppm")
    if suffix not in _SUFFIXES:
        known = ", ".join(sorted(_SUFFIXES))
        raise OutputError(f"{target}: no known picture format; use one of {known}")
    return _SUFFIXES[suffix]


def _turned(picture: StillPicture, page_colors: Iterable[Rgb]) -> tuple[StillPicture, Iterator[Rgb]]:
    """Turn the pixels as a viewer would, for formats that cannot say how."""
    orientation = picture.orientation
    pages = tuple(cast(Plane, np.ascontiguousarray(upright(page, orientation))) for page in picture.pages)
    alphas = tuple(
        None if alpha is None else cast(Plane, np.ascontiguousarray(upright(alpha, orientation)))
        for alpha in picture.alphas
    )
    turned = replace(picture, pages=pages, alphas=alphas, orientation=1)
    return turned, (cast(Rgb, upright(rgb, orientation)) for rgb in page_colors)


@contextlib.contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Turn whatever a decoder of untrusted bytes raises into one line that names the file."""
    try:
        yield
    except InputError as error:
        known = str(error).startswith(str(path))
        if known:
            raise
        raise InputError(f"{path}: {error}") from error
    except FilmcolorError:
        raise
    except MemoryError as error:
        raise InputError(
            f"{path}: needs more memory than there is; lower --max-pixels refuses it early"
        ) from error
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path}: cannot be read as a picture: {reason}") from error
