"""DPX of 8, 10, 12 and 16 bits: gray or R'G'B' in, R'G'B' out under the source's own headers.

SMPTE ST 268-1. FFmpeg has a DPX coder too, but it writes headers of its own: timecode, film edge
code and user data of an archive's scan would be gone.
"""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from filmcolor.errors import InputError
from filmcolor.film import Plane
from filmcolor.video.code_values import luma_of, rgb_codes, with_alpha
from filmcolor.video.picture import DpxTraits, Rgb, StillPicture
from filmcolor.video.pillow import refuse_large

_MAGIC = {b"SDPX": ">", b"XPDS": "<"}
_HEADER = 2048
_LARGEST_HEADER = 16 << 20
_LUMA, _RGB, _RGBA = 6, 50, 51
_CHANNELS = {_LUMA: 1, _RGB: 3, _RGBA: 4}
_LOG = (1, 3)  # printing density, logarithmic
_UNDEFINED = 0xFFFFFFFF
# DPX names the side where the first line and pixel are: 0 left to right, top to bottom; 1 right to
# left, top to bottom; 2 left to right, bottom to top; 3 right to left, bottom to top; 4 to 7 columns first
_ORIENTATIONS = {0: 1, 1: 2, 2: 4, 3: 3, 4: 5, 5: 6, 6: 8, 7: 7}

Samples = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
_CREATOR = slice(160, 260)


def read_dpx(path: Path, max_pixels: int, *, strict: bool = False) -> StillPicture:
    """Read the first element of a DPX file. Raises InputError for packings that are not read."""
    data = path.read_bytes()
    if len(data) < 1664 or data[:4] not in _MAGIC:
        raise InputError(f"{path}: the DPX header is cut short")
    order = _MAGIC[data[:4]]

    def number(kind: str, at: int) -> int:
        return int(struct.unpack_from(order + kind, data, at)[0])

    offset, width, height = number("I", 4), number("I", 772), number("I", 776)
    descriptor, transfer, bits = data[800], data[801], data[803]
    packing, encoding, element, padding = (
        number("H", 804),
        number("H", 806),
        number("I", 808),
        number("I", 812),
    )
    if descriptor not in _CHANNELS:
        raise InputError(f"{path}: DPX samples of kind {descriptor} are not supported; only luma and RGB are")
    if (
        bits not in (8, 10, 12, 16)
        or (packing not in (1, 2) and bits in (10, 12))
        or encoding not in (0, 0xFFFF)
    ):
        raise InputError(
            f"{path}: DPX of {bits} bit, packing {packing}, encoding {encoding} is not supported"
        )
    if not width or not height:
        raise InputError(f"{path}: a DPX without pixels")
    refuse_large(path, width * height, max_pixels)
    start = element if element not in (0, _UNDEFINED) else offset
    if start < 1664 or start > min(len(data), _LARGEST_HEADER):
        raise InputError(f"{path}: the DPX header points outside the file")
    channels = _CHANNELS[descriptor]
    exact = _row_bytes(width * channels, bits)
    stride = (exact + 3) // 4 * 4 + (padding if padding != _UNDEFINED else 0)
    if start + stride * height > len(data) >= start + exact * height:
        stride = exact  # writers that do not pad lines to 32 bits
    warnings: tuple[str, ...] = ()
    missing = start + stride * height - len(data)
    if missing > stride:
        lines = -(-missing // stride)
        if strict or lines >= height:
            raise InputError(f"{path}: the picture data is cut short; {lines} of {height} lines are missing")
        warnings += (f"damaged: {lines} of {height} lines are missing and stay black",)
    body = np.frombuffer(data[start : start + stride * height].ljust(stride * height, b"\0"), np.uint8)
    rows = np.ascontiguousarray(body.reshape(height, stride)[:, :exact])
    samples = _UNPACK[bits](rows, order, packing, channels).reshape(height, -1)[:, : width * channels]
    samples = samples.reshape(height, width, channels)
    if transfer in _LOG:
        warnings += ("logarithmic (printing density) DPX: colored as if it were for display",)
    luma: Plane = samples[..., 0].copy() if channels == 1 else luma_of(samples)
    return StillPicture(
        path=path,
        format="DPX",
        bits=bits,
        pages=(luma,),
        alphas=(samples[..., 3].copy() if channels == 4 else None,),
        orientation=_ORIENTATIONS.get(number("H", 768), 1),
        traits=DpxTraits(header=data[:start]),
        warnings=warnings,
    )


def write_dpx(picture: StillPicture, rgb: Rgb, target: Path) -> list[str]:
    """Write R'G'B' (h, w, 3), 0..1, of the one page under the source's headers, at its depth."""
    bits = picture.bits if picture.bits in (8, 10, 12, 16) else 16
    codes = rgb_codes(rgb, picture.pages[0], picture.bits, bits)
    codes = with_alpha(codes, picture.alphas[0], picture.bits, bits)
    height, width, channels = codes.shape
    traits = picture.traits
    header = bytearray(traits.header if isinstance(traits, DpxTraits) else _fresh_header(picture.orientation))
    order = _MAGIC[bytes(header[:4])]
    rows = _PACK[bits](codes.reshape(height, -1), order, channels)
    rows = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 4)))
    _describe(header, order, width, height, bits, channels, rows.size)
    if not header[_CREATOR].strip(b"\0\xff"):  # unless a scanner has put its name there
        header[_CREATOR] = picture.kept.note.encode("ascii")[:99].ljust(100, b"\0")
    with target.open("wb") as file:
        file.write(header)
        file.write(rows.tobytes())
    return []


def _describe(
    header: bytearray, order: str, width: int, height: int, bits: int, channels: int, size: int
) -> None:
    """Patch what the samples are; everything else stays as the source has it."""
    struct.pack_into(order + "I", header, 4, len(header))
    struct.pack_into(order + "I", header, 16, len(header) + size)
    struct.pack_into(order + "HII", header, 770, 1, width, height)
    header[800] = _RGB if channels == 3 else _RGBA
    header[803] = bits
    struct.pack_into(order + "HHIII", header, 804, 1 if bits in (10, 12) else 0, 0, len(header), 0, 0)


def _fresh_header(orientation: int) -> bytes:
    header = bytearray(b"\xff" * _HEADER)
    header[:4] = b"SDPX"
    header[8:16] = b"V2.0\0\0\0\0"
    struct.pack_into(">IIII", header, 20, 1, 1664, 384, 0)
    header[36:660] = bytes(624)
    codes = {there: here for here, there in _ORIENTATIONS.items()}
    struct.pack_into(">H", header, 768, codes[orientation])
    struct.pack_into(">I", header, 780, 0)
    header[801:803] = bytes((2, 2))  # linear by the letter; what writers of display R'G'B' put
    header[820:852] = bytes(32)
    return bytes(header)


def _row_bytes(samples: int, bits: int) -> int:
    if bits == 10:
        return -(-samples // 3) * 4
    return samples * (1 if bits == 8 else 2)


def _unpack8(rows: npt.NDArray[np.uint8], order: str, packing: int, channels: int) -> Samples:
    return rows


def _unpack10(rows: npt.NDArray[np.uint8], order: str, packing: int, channels: int) -> Samples:
    words = rows.view(order + "u4").astype(np.uint32)
    low = 2 if packing == 1 else 0  # method A fills the low bits, method B the high ones
    shifts = [low + 20, low + 10, low]
    if channels == 1:
        shifts.reverse()  # single samples start at the low end, R'G'B' at the high one
    return np.stack([(words >> s & 1023).astype(np.uint16) for s in shifts], axis=2)


def _unpack12(rows: npt.NDArray[np.uint8], order: str, packing: int, channels: int) -> Samples:
    words = rows.view(order + "u2").astype(np.uint16)
    return words >> np.uint16(4) if packing == 1 else words & np.uint16(4095)


def _unpack16(rows: npt.NDArray[np.uint8], order: str, packing: int, channels: int) -> Samples:
    return rows.view(order + "u2").astype(np.uint16)


def _pack8(rows: Samples, order: str, channels: int) -> npt.NDArray[np.uint8]:
    return rows.astype(np.uint8)


def _pack10(rows: Samples, order: str, channels: int) -> npt.NDArray[np.uint8]:
    padded = np.pad(rows.astype(np.uint32), ((0, 0), (0, -rows.shape[1] % 3)))
    triples = padded.reshape(rows.shape[0], -1, 3)
    words = triples[..., 0] << 22 | triples[..., 1] << 12 | triples[..., 2] << 2
    return np.ascontiguousarray(words.astype(order + "u4")).view(np.uint8)


def _pack12(rows: Samples, order: str, channels: int) -> npt.NDArray[np.uint8]:
    return np.ascontiguousarray((rows.astype(np.uint16) << 4).astype(order + "u2")).view(np.uint8)


def _pack16(rows: Samples, order: str, channels: int) -> npt.NDArray[np.uint8]:
    return np.ascontiguousarray(rows.astype(order + "u2")).view(np.uint8)


_UNPACK: dict[int, Callable[[npt.NDArray[np.uint8], str, int, int], Samples]] = {
    8: _unpack8,
    10: _unpack10,
    12: _unpack12,
    16: _unpack16,
}
_PACK: dict[int, Callable[[Samples, str, int], npt.NDArray[np.uint8]]] = {
    8: _pack8,
    10: _pack10,
    12: _pack12,
    16: _pack16,
}
