"""The sample aspect ratio of a Matroska film whose codec does not carry one (FFV1, ProRes).

PyAV cannot hand the ratio to FFmpeg's muxer, so it is put into the finished header. Nothing behind the
header may move, so the join asks the muxer for a track name that is longer by `RESERVED` bytes, and
`set_display_size` trades the surplus for DisplayWidth and DisplayHeight.
Source: RFC 8794 (EBML), RFC 9559 (Matroska), elements of a TrackEntry.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

_SEGMENT, _TRACKS, _ENTRY, _VIDEO, _NAME, _CRC = 0x18538067, 0x1654AE6B, 0xAE, 0xE0, 0x536E, 0xBF
_DISPLAY_UNIT = 0x54B2
_HEADER = 1 << 20
RESERVED = 10
"""Bytes of DisplayWidth and DisplayHeight, each an id of two bytes, a size of one and a 16-bit number."""
LONGEST_NAME = 126 - RESERVED
"""Bytes of a track name whose size fits one byte, surplus included."""
_SURPLUS = "\u00a0" * 5  # two bytes each in UTF-8


def reserve(name: str) -> str:
    """Return the name to give the muxer for a track called `name` ("": none)."""
    if len(name.encode()) > LONGEST_NAME:
        return name
    # an element of its own costs three bytes of id and size
    return name + _SURPLUS if name else "filmcol"


def display_size(width: int, height: int, aspect: Fraction) -> tuple[int, int]:
    """Return the display size, at most 65535 each, of `width` x `height` samples of this aspect."""
    wide = round(width * aspect), height
    if abs(Fraction(wide[0], width) / aspect - 1) > Fraction(1, 1000):
        exact = Fraction(width * aspect, height)  # small pictures: a multiple that has the ratio exactly
        wide = exact.numerator, exact.denominator
    while max(wide) > 65535:
        wide = max(1, wide[0] // 2), max(1, wide[1] // 2)
    return wide


def set_display_size(path: Path, name: str, size: tuple[int, int]) -> bool:
    """Trade the surplus of the track name that `reserve(name)` made for a display size.

    Returns whether the header was as expected; if not, the file is as it was. Raises OSError.
    """
    with path.open("r+b") as file:
        data = bytearray(file.read(_HEADER))
        found = _find(data, reserve(name).encode())
        if found is None:
            return False
        tracks, entry, video, named = found
        display = b"".join(
            struct.pack(">HBH", element, 0x82, value)
            for element, value in zip((0x54B0, 0x54BA), size, strict=True)
        )
        for part in _elements(data, video.payload, video.end):
            if part.id == _DISPLAY_UNIT:  # the muxer says "unknown"; 0 is pixels
                data[part.payload : part.end] = bytes(part.end - part.payload)
        grown = data[video.begin : video.end] + display
        _put_size(grown, video, len(grown) - (video.payload - video.begin))
        plain = name.encode()
        kept = struct.pack(">HB", _NAME, 0x80 | len(plain)) + plain if name else b""
        changed = bytearray()
        for part in _elements(data, entry.payload, entry.end):
            new = {video.begin: bytes(grown), named.begin: kept}.get(part.begin)
            changed += data[part.begin : part.end] if new is None else new
        if len(changed) != entry.end - entry.payload:
            return False
        data[entry.payload : entry.end] = changed
        _renew_checksum(data, tracks)
        file.seek(tracks.begin)
        file.write(data[tracks.begin : tracks.end])
    return True


@dataclass(frozen=True, slots=True)
class _Element:
    """One EBML element: id, and where it begins, where its payload begins and ends."""

    id: int
    begin: int
    payload: int
    end: int


def _elements(data: bytes | bytearray, begin: int, end: int) -> Iterator[_Element]:
    while begin < end:
        id_length = 9 - data[begin].bit_length()
        size_at = begin + id_length
        if id_length > 4 or size_at >= len(data) or not data[size_at]:
            return
        size_length = 9 - data[size_at].bit_length()
        payload = size_at + size_length
        size = int.from_bytes(data[size_at:payload], "big") & ((1 << 7 * size_length) - 1)
        unknown = size == (1 << 7 * size_length) - 1
        stop = end if unknown else payload + size
        yield _Element(int.from_bytes(data[begin:size_at], "big"), begin, payload, stop)
        begin = stop


def _find(data: bytearray, name: bytes) -> tuple[_Element, _Element, _Element, _Element] | None:
    """Return Tracks, and TrackEntry, Video and Name of the track of this name."""
    for segment in _elements(data, 0, len(data)):
        if segment.id != _SEGMENT:
            continue
        for tracks in _elements(data, segment.payload, len(data)):
            if tracks.id != _TRACKS or tracks.end > len(data):
                continue
            for entry in _elements(data, tracks.payload, tracks.end):
                parts = (
                    {e.id: e for e in _elements(data, entry.payload, entry.end)} if entry.id == _ENTRY else {}
                )
                named = parts.get(_NAME)
                if named and _VIDEO in parts and data[named.payload : named.end] == name:
                    return tracks, entry, parts[_VIDEO], named
    return None


def _put_size(element: bytearray, place: _Element, size: int) -> None:
    """Write a payload size into the size field that an element has."""
    length = place.payload - place.begin - 1  # the id of Video is one byte
    element[1 : 1 + length] = (size | 1 << 7 * length).to_bytes(length, "big")


def _renew_checksum(data: bytearray, tracks: _Element) -> None:
    first = next(_elements(data, tracks.payload, tracks.end))
    if first.id == _CRC:
        checksum = zlib.crc32(data[first.end : tracks.end])
        data[first.payload : first.end] = checksum.to_bytes(4, "little")
