"""The check sums that FFV1 keeps of its slices: FFmpeg only logs where one is wrong."""

import zlib

_REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))
_FOOTER = 8
TRIED = 3
"""Packets whose sums must all be right before a wrong one means damage: not every FFV1 has them."""


class SliceSums:
    """Says of each packet of a film whether its slices are whole."""

    def __init__(self) -> None:
        self._tried = 0
        self._sure = False
        self._never = False

    def wrong(self, packet: bytes) -> bool:
        """Return whether a packet's check sums are wrong, in a film that has them."""
        if self._never:
            return False
        right = _right(packet)
        if not self._sure:
            if not right:
                self._never = True
            self._tried += 1
            self._sure = right and self._tried >= TRIED
            return False
        return not right


def _right(packet: bytes) -> bool:
    """RFC 9043, 4.9: a slice ends in its size (24 bits), a status byte and a CRC-32 that makes its sum 0."""
    end = len(packet)
    while end > 0:
        start = end - _FOOTER - int.from_bytes(packet[end - _FOOTER : end - _FOOTER + 3], "big")
        if start < 0 or start >= end - _FOOTER:
            return False
        # zlib's CRC reads bits the other way round, and inverts before and after
        if zlib.crc32(packet[start:end].translate(_REVERSED), 0xFFFFFFFF) != 0xFFFFFFFF:
            return False
        end = start
    return len(packet) > 0
