"""PNG: 8 or 16 bits, alpha and every chunk that stays true of a color picture.

Pillow cuts 16-bit R'G'B' to 8 in reading and cannot write it, so FFmpeg reads those and the
writer is our own (PNG Specification, Third Edition).
"""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from filmcolor.errors import InputError
from filmcolor.film import Plane
from filmcolor.video.code_values import luma_of, rgb_codes, with_alpha
from filmcolor.video.deep import decode_samples
from filmcolor.video.picture import PngTraits, Rgb, RgbCodes, StillPicture, exif_of
from filmcolor.video.pillow import kept_of, opened, orientation_of, planes_of, profile_warnings, refuse_large

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# what speaks of gray samples or of a palette, and what becomes an alpha plane
_STALE = (b"sBIT", b"bKGD", b"hIST", b"tRNS", b"sPLT", b"acTL", b"fcTL", b"fdAT")
_KNOWN = (b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"mDCV", b"cLLI", b"eXIf", b"pHYs", b"tIME")
_TEXT = (b"tEXt", b"zTXt", b"iTXt")
_LARGEST_CHUNK = 64 << 20
_LEVEL = 3  # under filters hardly larger than 6 on photographs, at a quarter of the time
_ROWS = 16  # filtered at once, so that the copies stay in the cache


def read_png(path: Path, max_pixels: int, *, strict: bool = False) -> StillPicture:
    """Read a PNG; a truncated one gives what is there and a warning (strict: InputError)."""
    data = path.read_bytes()
    damage: tuple[str, ...] = ()
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise InputError(f"{path}: a PNG without a header; nothing can be read")
    width, height, depth = struct.unpack(">IIB", data[16:25])
    refuse_large(path, width * height, max_pixels)
    deep = depth == 16
    with opened(path, ("PNG",), max_pixels) as image:
        try:
            planes = planes_of(image)
        except (OSError, SyntaxError) as error:
            if strict:
                raise InputError(f"{path}: damaged picture data ({error})") from error
            damage = (f"damaged picture data ({error}); what is missing stays black",)
        kept, notes = kept_of(image), profile_warnings(image)
        orientation = orientation_of(image)
    if damage:
        with opened(path, ("PNG",), max_pixels, truncated=True) as image:
            planes = planes_of(image)
        if not planes[0].any():
            raise InputError(f"{path}: damaged, no picture data could be read")
        if deep and planes[2] == 8:
            damage += ("bit depth 16 of the damaged picture is read as 8 bit",)
    elif deep:
        planes = _deep_planes(data)
    return StillPicture(
        path=path,
        format="PNG",
        bits=planes[2],
        pages=(planes[0],),
        alphas=(planes[1],),
        orientation=orientation,
        kept=kept,
        traits=PngTraits(chunks=tuple(_ancillary(data, drop_profile=bool(notes)))),
        warnings=damage + notes,
    )


def write_png(picture: StillPicture, rgb: Rgb, target: Path) -> list[str]:
    """Write R'G'B' (h, w, 3), 0..1, of the one page, with its alpha, as 8 or 16 bit."""
    bits = 8 if picture.bits == 8 else 16
    codes = rgb_codes(rgb, picture.pages[0], picture.bits, bits)
    codes = with_alpha(codes, picture.alphas[0], picture.bits, bits)
    height, width, channels = codes.shape
    header = struct.pack(">IIBBBBB", width, height, bits, 2 if channels == 3 else 6, 0, 0, 0)
    traits = picture.traits
    chunks = traits.chunks if isinstance(traits, PngTraits) else tuple(_from_kept(picture))
    note = picture.kept.note.encode("ascii")
    said = _chunk(b"tEXt", b"Software\0" + note) if note else b""
    with target.open("wb") as file:
        file.write(SIGNATURE + _chunk(b"IHDR", header) + b"".join(chunks) + said)
        for part in _compressed(codes, bits):
            file.write(_chunk(b"IDAT", part))
        file.write(_chunk(b"IEND", b""))
    return []


def _deep_planes(data: bytes) -> tuple[Plane, Plane | None, int]:
    try:
        samples, bits = decode_samples(data, "png_pipe")
    except av.FFmpegError as error:
        raise ValueError(f"16-bit data cannot be read ({error.strerror})") from error
    if samples.shape[2] <= 2:
        luma: Plane = samples[..., 0].copy()
    else:
        luma = luma_of(samples)
    alpha = samples[..., -1].copy() if samples.shape[2] in (2, 4) else None
    return luma, alpha, bits


def _ancillary(data: bytes, *, drop_profile: bool) -> Iterator[bytes]:
    at = 8
    while at + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        end = at + 12 + length
        if end > len(data) or length > _LARGEST_CHUNK:
            return
        copied = kind in _KNOWN + _TEXT or (kind[0] & 0x20 and kind[3] & 0x20 and kind.isalpha())
        if copied and kind not in _STALE and not (drop_profile and kind == b"iCCP"):
            yield data[at:end]
        at = end


def _from_kept(picture: StillPicture) -> Iterator[bytes]:
    kept = picture.kept
    if kept.icc is not None:
        yield _chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(kept.icc))
    if kept.dpi is not None:
        yield _chunk(b"pHYs", struct.pack(">IIB", *(max(round(v / 0.0254), 1) for v in kept.dpi), 1))
    exif = exif_of(picture)
    if exif is not None:
        yield _chunk(b"eXIf", exif)
    if kept.xmp is not None:
        yield _chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + kept.xmp)
    for key, text in kept.texts:
        name = key.encode("latin1", "replace")[:79] or b"Comment"
        yield _chunk(b"iTXt", name + b"\0\0\0\0\0" + text.encode())


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _compressed(codes: RgbCodes, bits: int) -> Iterator[bytes]:
    """Yield the filtered rows, deflated. For each row the filter of least absolute sum (spec, 12.7)."""
    pixel = codes.shape[2] * bits // 8
    deflate = zlib.compressobj(_LEVEL, strategy=zlib.Z_FILTERED)
    above = np.zeros((1, codes.shape[1] * pixel), np.uint8)
    for start in range(0, codes.shape[0], _ROWS):
        block = codes[start : start + _ROWS]
        raw = block.astype(">u2" if bits == 16 else np.uint8).view(np.uint8)
        rows = raw.reshape(block.shape[0], -1)
        part = deflate.compress(_filtered(rows, np.concatenate((above, rows[:-1])), pixel))
        above = rows[-1:]
        if part:
            yield part
    yield deflate.flush()


def _filtered(rows: npt.NDArray[np.uint8], up: npt.NDArray[np.uint8], pixel: int) -> bytes:
    """Filter rows (n, bytes) given the rows above them; `pixel` bytes make a pixel (spec, 9.2 to 9.4).

    Left out is Average: on photographs it is hardly ever the best. Bytes wrap, as the filters ask.
    """
    left, corner = np.zeros_like(rows), np.zeros_like(rows)
    left[:, pixel:], corner[:, pixel:] = rows[:, :-pixel], up[:, :-pixel]
    across = left.astype(np.int16) - corner  # also the distance of the estimate to `up`
    down = up.astype(np.int16) - corner
    to_corner = np.abs(across + down)
    across, down = np.abs(across), np.abs(down)
    nearest = np.where(
        (down <= across) & (down <= to_corner), left, np.where(across <= to_corner, up, corner)
    )
    tries = (rows - left, rows - up, rows - nearest)
    cost = [np.abs(one.view(np.int8).astype(np.int16)).sum(axis=1, dtype=np.int64) for one in tries]
    best = np.argmin(cost, axis=0)
    out = np.empty((rows.shape[0], rows.shape[1] + 1), np.uint8)
    out[:, 0] = np.array((1, 2, 4), np.uint8)[best]  # Sub, Up, Paeth
    for which, one in enumerate(tries):
        chosen = best == which
        out[chosen, 1:] = one[chosen]
    return out.tobytes()
