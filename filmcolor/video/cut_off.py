"""Whether a film's file ends before the film does, by what its container says of its own size."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

_MOST_BOXES = 100_000
_PACKETS = (188, 192, 204)
"""Sizes of a transport stream's packets: plain, with a timecode (Blu-ray), with error correction."""


def is_cut_off(path: Path, container: str) -> bool:
    """Return whether the file is shorter than its own container says.

    container: as in FilmInfo.container. False where the container does not say, or cannot be read.
    """
    check = _CHECKS.get(container)
    if check is None:
        return False
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            return check(file, size)
    except (OSError, struct.error):
        return False


def _boxes(file: BinaryIO, size: int) -> bool:
    """ISO/IEC 14496-12, 4.2: a box's size comes first; 1: 64 bits follow, 0: as far as the file goes."""
    at = 0
    for _ in range(_MOST_BOXES):
        if at >= size:
            return at > size
        file.seek(at)
        head = file.read(16)
        if len(head) < 8 or not head[4:8].isascii():
            return False  # a few bytes behind the last box are no film
        length = int.from_bytes(head[:4], "big")
        if length == 0:
            return False
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length < 8:
            return False
        at += length
    return False


def _matroska(file: BinaryIO, size: int) -> bool:
    """RFC 8794: the EBML header, then one Segment, each with its size."""
    at = 0
    for _ in range(4):
        file.seek(at)
        head = file.read(12)
        if len(head) < 5:
            return False
        identity = 9 - head[0].bit_length()
        if identity > 4 or not head[identity]:
            return False
        first = head[identity]
        length = 9 - first.bit_length()
        value = int.from_bytes(head[identity : identity + length], "big") & ((1 << 7 * length) - 1)
        if value == (1 << 7 * length) - 1:
            return False  # of unknown size
        at += identity + length + value
        if head[:4] == b"\x18\x53\x80\x67":
            return at > size
    return False


def _riff(file: BinaryIO, size: int) -> bool:
    """RIFF, and OpenDML's further RIFF chunks behind it."""
    at = 0
    while at < size:
        file.seek(at)
        name, length = struct.unpack("<4sI", file.read(8))
        if name != b"RIFF" or not length:
            return False
        at += 8 + length + length % 2
    return at - 1 > size


def _flv(file: BinaryIO, size: int) -> bool:
    """FLV 10.1, annex E.3: behind each tag stands its size, so the file's last word leads to a tag."""
    file.seek(max(0, size - 4))
    length = int.from_bytes(file.read(4), "big")
    start = size - 4 - length
    if length < 11 or start < 9:
        return size > 13
    file.seek(start)
    head = file.read(4)
    return head[0] & 0x1F not in (8, 9, 18) or int.from_bytes(head[1:4], "big") + 11 != length


def _transport(file: BinaryIO, size: int) -> bool:
    """ISO/IEC 13818-1: packets of one size, each beginning with 0x47."""
    head = file.read(204 * 8)
    for packet in _PACKETS:
        for at in range(packet):
            marks = head[at::packet]
            if len(marks) >= 6 and set(marks) == {0x47}:
                return (size - at) % packet not in (0, packet - at % packet)
    return False


def _program(file: BinaryIO, size: int) -> bool:
    """ISO/IEC 13818-1: where packs have a size, it is 2048 bytes (DVD)."""
    for at in (0, 2048, 4096):
        file.seek(at)
        if file.read(4) != b"\x00\x00\x01\xba":
            return False
    return size % 2048 not in (0, 4)  # 4: an end code


def _ogg(file: BinaryIO, size: int) -> bool:
    """RFC 3533, 6: the last page of a stream is marked so (flag 4)."""
    file.seek(max(0, size - (1 << 17)))
    tail = file.read()
    last = tail.rfind(b"OggS")
    return last >= 0 and last + 5 < len(tail) and not tail[last + 5] & 4


def _mxf(file: BinaryIO, size: int) -> bool:
    """SMPTE ST 377-1, 7.1: a partition pack names the place of the footer, 0 where it is not known."""
    head = file.read(1 << 17)
    at = head.find(b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02")
    if at < 0 or at + 64 > len(head):
        return False
    first = head[at + 16]
    value = at + 17 + (first & 0x7F if first & 0x80 else 0)
    return int.from_bytes(head[value + 24 : value + 32], "big") >= size


def _asf(file: BinaryIO, size: int) -> bool:
    """ASF 1.2, 3.2: the file properties hold the file's size, not valid while broadcast."""
    head = file.read(1 << 16)
    at = head.find(b"\xa1\xdc\xab\x8c\x47\xa9\xcf\x11\x8e\xe4\x00\xc0\x0c\x20\x53\x65")
    if at < 0 or at + 92 > len(head):
        return False
    broadcast = head[at + 88] & 1
    return not broadcast and int.from_bytes(head[at + 40 : at + 48], "little") > size


def _gif(file: BinaryIO, size: int) -> bool:
    """GIF89a, 27: the last byte of the file is the trailer."""
    file.seek(max(0, size - 64))
    return b";" not in file.read()


_CHECKS: dict[str, Callable[[BinaryIO, int], bool]] = {
    "mp4": _boxes,
    "mov": _boxes,
    "matroska": _matroska,
    "webm": _matroska,
    "avi": _riff,
    "flv": _flv,
    "mpegts": _transport,
    "mpeg": _program,
    "ogg": _ogg,
    "mxf": _mxf,
    "asf": _asf,
    "gif": _gif,
}
