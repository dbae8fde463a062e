"""Color tags of a film: read from stream and frame, in the numbers of ITU-T H.273."""

from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext

from filmcolor.film import UNSPECIFIED, ColorTags
from filmcolor.video.luma import PixelLayout

FULL, LIMITED = 2, 1
"""FFmpeg's color_range: 1 limited (MPEG), 2 full (JPEG), 0 untagged."""


def read_tags(frame: av.VideoFrame, context: VideoCodecContext, layout: PixelLayout) -> ColorTags:
    """Return the tags of a film from its first frame; where that is silent, from its stream.

    A film coded as R'G'B' or palette is brought to full-range Y' by a named matrix: BT.709 from 720
    lines on, else BT.601. Gray without a range tag is full range, as FFmpeg and players take it.
    """
    coded_range = frame.color_range or context.color_range
    jpeg = frame.format.name.startswith("yuvj")
    if layout.is_rgb:
        matrix, full = (1 if frame.height >= 720 else 6), True
    else:
        matrix = _known(frame.colorspace, context.colorspace)
        full = jpeg or coded_range == FULL or (layout.is_gray and coded_range != LIMITED)
    return ColorTags(
        matrix=matrix,
        primaries=_known(frame.color_primaries, context.color_primaries),
        transfer=_known(frame.color_trc, context.color_trc),
        full_range=full,
        range_tagged=jpeg or coded_range in (FULL, LIMITED),
    )


def read_mastering(frame: av.VideoFrame) -> tuple[Fraction, ...]:
    """Return red, green, blue, white point (x, y each), least and greatest luminance; () if absent.

    Layout of AVMasteringDisplayMetadata: ten rationals, then has_primaries and has_luminance.
    """
    data = side_data(frame, "MASTERING_DISPLAY_METADATA")
    if data is None or len(data) < 88:
        return ()
    numbers = np.frombuffer(data[:88], "<i4")
    if not (numbers[20] and numbers[21]) or not all(numbers[1:20:2]):
        return ()
    return tuple(Fraction(int(a), int(b)) for a, b in zip(numbers[0:20:2], numbers[1:20:2], strict=True))


def read_light_level(frame: av.VideoFrame) -> tuple[int, int] | None:
    """Return (MaxCLL, MaxFALL) in cd/m2, or None."""
    data = side_data(frame, "CONTENT_LIGHT_LEVEL")
    if data is None or len(data) < 8:
        return None
    most, average = np.frombuffer(data[:8], "<u4")
    return int(most), int(average)


def read_display_matrix(frame: av.VideoFrame) -> tuple[int, ...]:
    """Return the nine numbers of the display matrix (16.16, last column 2.30), or ()."""
    data = side_data(frame, "DISPLAYMATRIX")
    if data is None or len(data) < 36:
        return ()
    return tuple(int(n) for n in np.frombuffer(data[:36], "<i4"))


def side_data(frame: av.VideoFrame, name: str) -> bytes | None:
    """Return the bytes of one side data entry of a frame, or None."""
    entries: Any = frame.side_data  # its stub knows a dictionary only
    for index in range(len(entries)):
        try:
            entry = entries[index]
            if entry.type.name == name:
                return bytes(entry)
        except ValueError:
            continue  # a type that this PyAV does not know
    return None


def _known(first: int, second: int) -> int:
    """The first of two tags that says something (0 is R'G'B' as a matrix, reserved elsewhere)."""
    for value in (first, second):
        if value not in (0, UNSPECIFIED):
            return int(value)
    return UNSPECIFIED
