"""The noun of still pictures: luma of each page, and what of the file is to be kept."""

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from filmcolor.film import Plane

PictureFormat = Literal["JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF", "DPX", "PNM"]
Rgb = npt.NDArray[np.floating]
RgbCodes = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

# EXIF orientation -> degrees counter-clockwise by which a viewer turns the picture. The mirrored
# ones (2, 4, 5, 7) are named by the turn that is left when a left-right mirroring is taken away.
_TURNS = {1: 0, 2: 0, 3: 180, 4: 180, 5: 270, 6: 270, 7: 90, 8: 90}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Descriptive parts of a picture file that any format may hold.

    icc: a profile for RGB, never one for gray or CMYK. exif: a TIFF structure without the
    `Exif\\0\\0` prefix. dpi: horizontal, vertical. texts: keyword and text, as PNG has them. note: what the result says of itself
    (ASCII), written where the format has a place for it.
    """

    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    texts: tuple[tuple[str, str], ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JpegTraits:
    """Segments to repeat as they are, and how the source was quantized (64 values a table, natural order)."""

    segments: tuple[bytes, ...]
    luma_table: tuple[int, ...]
    chroma_table: tuple[int, ...] | None
    subsampling: int
    progressive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PngTraits:
    """Ancillary chunks (length, type, data, CRC) to repeat as they are, in order."""

    chunks: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebpTraits:
    """Lossless or lossy; for an animation the milliseconds of each page, and its loop count."""

    lossless: bool
    durations: tuple[int, ...] = ()
    loop: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TiffTag:
    """One tag to repeat: code, TIFF type and count as tifffile's `extratags` takes them, value."""

    code: int
    dtype: int
    count: int
    value: str | bytes | int | float | tuple[int, ...] | tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TiffPage:
    """What one page keeps. scale: code value 1.0 of a float page stands for (0: integers)."""

    tags: tuple[TiffTag, ...]
    deflate: bool
    resolution: tuple[tuple[int, int], tuple[int, int]] | None
    unit: int
    subfile: int
    scale: float = 0.0
    float_bits: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TiffTraits:
    """Byte order ("<" or ">"), BigTIFF or classic, and the pages."""

    byte_order: Literal["<", ">"]
    big: bool
    pages: tuple[TiffPage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DpxTraits:
    """All bytes ahead of the picture data: headers with timecode, film edge code and user data."""

    header: bytes


Traits = JpegTraits | PngTraits | WebpTraits | TiffTraits | DpxTraits


@dataclass(frozen=True, slots=True, kw_only=True)
class StillPicture:
    """A picture file as a film of one frame per page.

    pages: luma Y' (BT.601 weights), each (h, w) uint8 (bits 8) or uint16 (bits 9 to 16), full
    range, as stored (not turned). alphas: of each page (h, w) like its luma, or None.
    orientation: EXIF's 1 to 8. warnings: what was damaged, or will not survive.
    """

    path: Path
    format: PictureFormat
    bits: int
    pages: tuple[Plane, ...]
    alphas: tuple[Plane | None, ...]
    orientation: int = 1
    kept: Kept = field(default_factory=Kept)
    traits: Traits | None = None
    warnings: tuple[str, ...] = ()

    @property
    def rotation(self) -> int:
        """Degrees counter-clockwise (0, 90, 180, 270) by which a viewer turns the picture."""
        return _TURNS.get(self.orientation, 0)


def rgb_profile(profile: bytes | None) -> bytes | None:
    """Return an ICC profile if it is one for RGB data (ICC.1:2022, 7.2.6), else None."""
    return profile if profile is not None and profile[16:20] == b"RGB " else None


def upright(array: npt.NDArray[np.generic], orientation: int) -> npt.NDArray[np.generic]:
    """Return (h, w, ...) as a viewer shows it (TIFF 6.0 and EXIF, tag Orientation)."""
    if orientation >= 5:
        array = array.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    return array


def exif_of(picture: StillPicture) -> bytes | None:
    """Return the picture's EXIF, or one that holds only its orientation, or None where all is plain."""
    if picture.kept.exif is not None or picture.orientation == 1:
        return picture.kept.exif
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 274, 3, 1, picture.orientation, 0, 0)
