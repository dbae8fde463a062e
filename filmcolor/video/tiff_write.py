"""TIFF out: R'G'B' pages at the source's depth, byte order and tags."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from filmcolor.film import Plane
from filmcolor.video.code_values import rgb_codes, with_alpha
from filmcolor.video.picture import Rgb, StillPicture, TiffPage, TiffTag, TiffTraits

_CLASSIC_LIMIT = (1 << 32) - (1 << 25)  # offsets are 32 bits; the rest is room for tags
_ASCII, _SHORT, _UNDEFINED = 2, 3, 7
_SOFTWARE = 305
_UNITS = {1: "NONE", 2: "INCH", 3: "CENTIMETER"}


def write_tiff(picture: StillPicture, page_colors: Iterable[Rgb], target: Path) -> list[str]:
    """Write R'G'B' (h, w, 3), 0..1, of each page, with alpha; one page is held at a time."""
    traits = picture.traits if isinstance(picture.traits, TiffTraits) else None
    pages = traits.pages if traits is not None else tuple(_fresh(picture) for _ in picture.pages)
    size = sum(luma.size * luma.itemsize * 4 for luma in picture.pages)
    floats = any(page.float_bits for page in pages)
    big = (traits is not None and traits.big) or size * (2 if floats else 1) > _CLASSIC_LIMIT
    order = traits.byte_order if traits is not None else "<"
    with tifffile.TiffWriter(target, bigtiff=big, byteorder=order) as writer:
        for page, luma, alpha, rgb in zip(pages, picture.pages, picture.alphas, page_colors, strict=True):
            samples = _samples(picture, page, luma, alpha, rgb)
            options: dict[str, Any] = {}
            if page.deflate:
                options = {"compression": "zlib", "compressionargs": {"level": 4}}
            if page.resolution is not None:
                options["resolution"] = page.resolution
                options["resolutionunit"] = _UNITS[page.unit]
            if alpha is not None:
                options["extrasamples"] = ["unassalpha"]
            writer.write(
                samples,
                photometric="rgb",
                planarconfig="contig",
                metadata=None,
                software=False,
                subfiletype=page.subfile,
                contiguous=False,
                extratags=[(t.code, t.dtype, t.count, t.value, True) for t in _tags(page, picture.kept.note)],
                **options,
            )
    if picture.format != "TIFF" and (picture.kept.exif is not None or picture.kept.texts):
        return ["EXIF and text metadata cannot be written to TIFF: they are dropped, orientation stays"]
    return []


def _tags(page: TiffPage, note: str) -> tuple[TiffTag, ...]:
    """Return the page's tags; the note joins what made the source (tag Software)."""
    if not note:
        return page.tags
    before = next((t.value for t in page.tags if t.code == _SOFTWARE), "")
    words = before.decode("latin1") if isinstance(before, bytes) else str(before)
    text = "; ".join(filter(None, (words.strip("\0 "), note)))
    said = TiffTag(code=_SOFTWARE, dtype=_ASCII, count=0, value=text.encode("ascii", "replace").decode())
    return (*(t for t in page.tags if t.code != _SOFTWARE), said)


def _samples(
    picture: StillPicture, page: TiffPage, luma: Plane, alpha: Plane | None, rgb: Rgb
) -> np.ndarray[Any, Any]:
    if page.float_bits:
        dtype = np.dtype(f"f{page.float_bits // 8}")
        values: np.ndarray[Any, Any] = rgb.astype(dtype) * page.scale
        if alpha is None:
            return values
        opacity = alpha.astype(dtype) / ((1 << picture.bits) - 1)
        return np.concatenate((values, opacity[..., None]), axis=2, dtype=dtype)
    bits = 8 if picture.bits == 8 else 16
    return with_alpha(rgb_codes(rgb, luma, picture.bits, bits), alpha, picture.bits, bits)


def _fresh(picture: StillPicture) -> TiffPage:
    """Return what a page of a picture of another format has."""
    kept, tags = picture.kept, [TiffTag(code=274, dtype=_SHORT, count=1, value=picture.orientation)]
    if kept.xmp is not None:
        tags.append(TiffTag(code=700, dtype=1, count=len(kept.xmp), value=kept.xmp))
    if kept.icc is not None:
        tags.append(TiffTag(code=34675, dtype=_UNDEFINED, count=len(kept.icc), value=kept.icc))
    resolution = None
    if kept.dpi is not None and min(kept.dpi) > 0:
        resolution = ((round(kept.dpi[0] * 1000), 1000), (round(kept.dpi[1] * 1000), 1000))
    return TiffPage(tags=tuple(tags), deflate=True, resolution=resolution, unit=2, subfile=0)
