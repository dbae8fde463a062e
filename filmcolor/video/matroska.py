"""The chain of a Matroska file's elements: whole, or broken somewhere (RFC 9559, RFC 8794)."""

from pathlib import Path
from typing import BinaryIO

_SEGMENT, _CLUSTER = 0x18538067, 0x1F43B675
_LEVEL_0 = {0x1A45DFA3, _SEGMENT}
# SeekHead, Info, Tracks, Cues, Attachments, Chapters, Tags, Cluster, Void, CRC-32
_LEVEL_1 = {
    0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1C53BB6B, 0x1941A469, 0x1043A770, 0x1254C367, _CLUSTER, 0xEC, 0xBF
}  # fmt: skip
# Timestamp, Position, PrevSize, SimpleBlock, BlockGroup, EncryptedBlock, SilentTracks, Void, CRC-32
_IN_CLUSTER = {0xE7, 0xA7, 0xAB, 0xA3, 0xA0, 0xAF, 0x5854, 0xEC, 0xBF}


def is_broken(path: Path) -> bool:
    """Return whether the chain of elements breaks: bytes that are no element, or one that does not fit.

    Reads the head of each block, not what is in it. False where the file cannot be read.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            return _breaks(file, 0, size, _LEVEL_0, size)
    except (OSError, RecursionError):
        return False


def _breaks(file: BinaryIO, at: int, stop: int, known: set[int], size: int) -> bool:
    while at < stop:
        head = _element(file, at)
        if head is None:
            return True
        identity, length, body = head
        if identity not in known:
            # a cluster of unknown size ends where one of the level above begins
            return not (known is _IN_CLUSTER and identity in _LEVEL_1)
        end = size if length is None else body + length
        inner = {_SEGMENT: _LEVEL_1, _CLUSTER: _IN_CLUSTER}.get(identity)
        if inner is None:
            if length is None or end > stop:
                return True
        elif length is None and identity == _CLUSTER:
            return False  # written live: its end is not known
        elif end > stop or _breaks(file, body, min(end, size), inner, size):
            return True
        at = end
    return False


def _element(file: BinaryIO, at: int) -> tuple[int, int | None, int] | None:
    """Return identity, length (None: unknown) and place of the body of the element at a place, or None."""
    file.seek(at)
    head = file.read(12)
    if not head or not head[0]:
        return None
    wide = 9 - head[0].bit_length()
    if wide > 4 or len(head) <= wide or not head[wide]:
        return None
    identity = int.from_bytes(head[:wide], "big")
    long = 9 - head[wide].bit_length()
    top = (1 << 7 * long) - 1
    length = int.from_bytes(head[wide : wide + long], "big") & top
    return identity, None if length == top else length, at + wide + long
