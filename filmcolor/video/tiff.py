"""TIFF in: pages of 1 to 64 bits, integer or float, any byte order, with the tags that can stay.

tifffile finds the pages and tags. What is stored plainly or deflated is read by `tiff_samples`, deep
samples under other compressions by FFmpeg, the rest by libtiff (by way of Pillow); each alone lacks
a part (Pillow cuts 16-bit R'G'B' to 8, tifffile needs a codec package for LZW, FFmpeg reads no float).
"""

import io
import logging
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
import numpy.typing as npt
import tifffile

from filmcolor.errors import InputError
from filmcolor.film import Plane
from filmcolor.video.code_values import at_depth, luma_of
from filmcolor.video.deep import decode_samples
from filmcolor.video.picture import Kept, StillPicture, TiffPage, TiffTag, TiffTraits, rgb_profile
from filmcolor.video.pillow import opened, planes_of, refuse_large
from filmcolor.video.tiff_samples import stored_samples

MOST_PAGES = 10_000
_PLAIN, _DEFLATE, _DEFLATE_OLD = 1, 8, 32946
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _CMYK = 0, 1, 2, 5
_UNSIGNED, _FLOAT = 1, 3
_ICC, _XMP, _EXIF, _ORIENTATION = 34675, 700, 34665, 274
# text of the page and of the camera, scanner and copyright; IPTC, Photoshop; XMP and ICC
_REPEATED = (269, 270, 271, 272, 285, 305, 306, 315, 316, 33432, 33723, 34377, _ICC, _XMP, _ORIENTATION)
_LARGEST_TAG = 16 << 20

Samples = npt.NDArray[Any]
Planes = tuple[Plane, Plane | None, int]


def read_tiff(path: Path, max_pixels: int, *, strict: bool = False) -> StillPicture:
    """Read every page, brought to one depth (the largest). Raises InputError.

    A page whose data is cut short gives what is there and a warning (strict: InputError).
    """
    data = path.read_bytes()
    planes: list[Planes] = []
    kept: list[TiffPage] = []
    warnings: list[str] = []
    total, orientation = 0, 1
    with _quiet(), tifffile.TiffFile(io.BytesIO(data)) as tiff:
        order: Literal["<", ">"] = "<" if tiff.byteorder == "<" else ">"
        for index, page in enumerate(_pages(tiff, path)):
            total += page.imagewidth * page.imagelength
            refuse_large(path, total, max_pixels)
            where = f"page {index + 1}: " if index else ""
            value = _tag(page, _ORIENTATION)
            if index == 0 and isinstance(value, int) and 1 <= value <= 8:
                orientation = value
            found, scale = _read_page(path, data, page, index, max_pixels, strict, where, warnings)
            planes.append(found)
            kept.append(_keep(page, scale, where, warnings))
        traits = TiffTraits(byte_order=order, big=tiff.is_bigtiff, pages=tuple(kept))
    if not planes:
        raise InputError(f"{path}: a TIFF without pages")
    bits = max(p[2] for p in planes)
    first = kept[0]
    return StillPicture(
        path=path,
        format="TIFF",
        bits=bits,
        pages=tuple(at_depth(luma, own, bits) for luma, _, own in planes),
        alphas=tuple(None if alpha is None else at_depth(alpha, own, bits) for _, alpha, own in planes),
        orientation=orientation,
        kept=Kept(icc=_bytes_of(first, _ICC), xmp=_bytes_of(first, _XMP), dpi=_dpi(first)),
        traits=traits,
        warnings=tuple(dict.fromkeys(warnings)),
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep tifffile's log lines about odd tags away from the user; what matters raises."""
    log = logging.getLogger("tifffile")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


def _pages(tiff: Any, path: Path) -> Iterator[Any]:
    for index in range(MOST_PAGES + 1):
        try:
            page = tiff.pages[index]
        except IndexError:
            return
        if index == MOST_PAGES:
            raise InputError(f"{path}: more than {MOST_PAGES} pages; split the file")
        yield page


def _read_page(
    path: Path,
    data: bytes,
    page: Any,
    index: int,
    max_pixels: int,
    strict: bool,
    where: str,
    warnings: list[str],
) -> tuple[Planes, float]:
    """Return the planes of one page, and for float samples the value that full scale stands for."""
    bits, form = int(page.bitspersample), int(page.sampleformat)
    photometric = int(page.photometric)
    plain = int(page.compression) in (_PLAIN, _DEFLATE, _DEFLATE_OLD)
    known = photometric in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB)
    if known and plain:
        try:
            samples, short = stored_samples(data, page, deflated=int(page.compression) != _PLAIN)
        except ValueError:
            pass  # a layout for Pillow below
        else:
            if short and (strict or not samples.any()):
                raise InputError(f"{path}: {where}the picture data is cut short or damaged")
            if short:
                warnings.append(f"{where}damaged picture data: what is missing of {short} strips stays black")
            return _planes_of_samples(samples, page, where, warnings)
    elif known and bits > 8 and form == _UNSIGNED and not page.is_tiled:
        try:
            samples, _ = decode_samples(_alone(data, page), "tiff_pipe")
        except (ValueError, av.FFmpegError):
            pass  # Pillow below, which says it if it lowers the depth
        else:
            return _planes_of_samples(samples, None, where, warnings)
    if form == _FLOAT:
        raise InputError(f"{path}: {where}float samples under this compression are not supported")
    return _read_with_pillow(path, page, index, max_pixels, strict, where, warnings), 0.0


def _read_with_pillow(
    path: Path, page: Any, index: int, max_pixels: int, strict: bool, where: str, warnings: list[str]
) -> Planes:
    planes: Planes | None = None
    for truncated in (False, True):
        with opened(path, ("TIFF",), max_pixels, truncated=truncated) as image:
            image.seek(index)
            try:
                planes = planes_of(image)
                break
            except OSError as error:
                if strict or truncated:
                    raise InputError(f"{path}: {where}damaged picture data ({error})") from error
                warnings.append(f"{where}damaged picture data ({error}); what is missing stays black")
    assert planes is not None
    bits = int(page.bitspersample)
    if planes[2] == 16 and bits == 12:
        planes = (at_depth(planes[0], 12, 16), None, 16)
    if bits > planes[2]:
        warnings.append(f"{where}bit depth {bits} of this kind of TIFF is read as {planes[2]} bit")
    if int(page.photometric) == _CMYK:
        warnings.append(f"{where}a CMYK picture is written as RGB")
    return planes


def _planes_of_samples(samples: Samples, page: Any, where: str, warnings: list[str]) -> tuple[Planes, float]:
    scale = 0.0
    alpha_at = {2: 1, 4: 3}.get(samples.shape[2])
    if samples.dtype.kind == "f":
        samples, scale = _integers(samples, alpha_at, where, warnings)
    elif samples.dtype.itemsize == 4:
        warnings.append(f"{where}bit depth 32 is lowered to 16 bit")
        samples = (samples >> 16).astype(np.uint16)
    bits = 8 * samples.dtype.itemsize
    samples = samples.astype(f"u{samples.dtype.itemsize}", copy=False)  # native byte order
    if page is not None and int(page.photometric) == _WHITE_IS_ZERO:
        samples = samples.copy()
        samples[..., 0] = (1 << bits) - 1 - samples[..., 0]
    if samples.shape[2] > 4:
        warnings.append(f"{where}samples beyond the first {3} are not kept")
    luma: Plane = samples[..., 0].copy() if samples.shape[2] < 3 else luma_of(samples)
    alpha = samples[..., alpha_at].copy() if alpha_at is not None else None
    return (luma, alpha, bits), scale


def _integers(
    samples: Samples, alpha_at: int | None, where: str, warnings: list[str]
) -> tuple[Samples, float]:
    """Bring float samples, 0..1 or 0..their maximum, to 16 bit; return them and full scale's value."""
    finite = np.nan_to_num(samples.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    color = finite if alpha_at is None else finite[..., :alpha_at]
    scale = max(1.0, float(color.max(initial=0.0)))
    if scale > 1 or color.min(initial=0.0) < 0 or not np.isfinite(samples).all():
        warnings.append(
            f"{where}float samples outside 0..1: seen on a scale of 0 to {scale:g}, the rest is clipped"
        )
    divisor = np.full(samples.shape[2], scale)
    if alpha_at is not None:
        divisor[alpha_at] = 1.0
    return np.rint(np.clip(finite / divisor, 0, 1) * 65535).astype(np.uint16), scale


def _keep(page: Any, scale: float, where: str, warnings: list[str]) -> TiffPage:
    tags = []
    for tag in page.tags.values():
        if tag.code == _EXIF:
            warnings.append(f"{where}EXIF metadata of a TIFF is not kept")
        if tag.code not in _REPEATED or tag.value is None:
            continue
        value = tag.value
        if tag.code == _ICC and (not isinstance(value, bytes) or rgb_profile(value) is None):
            warnings.append(f"{where}the ICC profile is not one for RGB and is dropped")
            continue
        size = len(value) if isinstance(value, bytes | str | tuple) else 1
        plain = isinstance(value, bytes | str | int) or (
            isinstance(value, tuple) and all(isinstance(v, int) for v in value)
        )
        if not plain or size > _LARGEST_TAG:
            warnings.append(f"{where}metadata tag {tag.code} is not kept")
            continue
        if isinstance(value, bytes | str):
            count = 0 if isinstance(value, str) else len(value)
            tags.append(
                TiffTag(code=tag.code, dtype=2 if isinstance(value, str) else 7, count=count, value=value)
            )
        else:
            tags.append(TiffTag(code=tag.code, dtype=int(tag.dtype), count=int(tag.count), value=value))
    floats = page.sampleformat == _FLOAT
    return TiffPage(
        tags=tuple(tags),
        deflate=int(page.compression) != _PLAIN,
        resolution=_resolution(page),
        unit=_unit(page),
        subfile=_subfile(page),
        scale=scale,
        float_bits=max(32, int(page.bitspersample)) if floats else 0,
    )


def _tag(page: Any, code: int) -> Any:
    tag = page.tags.get(code)
    return None if tag is None else tag.value


def _subfile(page: Any) -> int:
    value = _tag(page, 254)
    return int(value) & 3 if isinstance(value, int) else 0


def _unit(page: Any) -> int:
    value = _tag(page, 296)
    return int(value) if isinstance(value, int) and int(value) in (1, 2, 3) else 2


def _resolution(page: Any) -> tuple[tuple[int, int], tuple[int, int]] | None:
    across, down = _tag(page, 282), _tag(page, 283)
    for value in (across, down):
        if not (
            isinstance(value, tuple) and len(value) == 2 and all(isinstance(v, int) and v > 0 for v in value)
        ):
            return None
    return (across[0], across[1]), (down[0], down[1])


def _dpi(page: TiffPage) -> tuple[float, float] | None:
    if page.resolution is None or page.unit == 1:
        return None
    factor = 2.54 if page.unit == 3 else 1.0
    return page.resolution[0][0] / page.resolution[0][1] * factor, page.resolution[1][0] / page.resolution[1][
        1
    ] * factor


def _bytes_of(page: TiffPage, code: int) -> bytes | None:
    for tag in page.tags:
        if tag.code == code and isinstance(tag.value, bytes):
            return tag.value
    return None


def _alone(data: bytes, page: Any) -> bytes:
    """Return the file with this page as its first, which is the one that FFmpeg reads."""
    order = "<" if data[:2] == b"II" else ">"
    if data[2:4] in (b"+\0", b"\0+"):
        raise ValueError("FFmpeg reads no BigTIFF")
    return data[:4] + struct.pack(order + "I", page.offset) + data[8:]
