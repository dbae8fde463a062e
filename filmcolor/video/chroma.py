"""Chroma out of a decoded frame, as coded, for parts of a film that are in color already."""

import re

import av
import numpy as np

from filmcolor.film import Chroma, Plane
from filmcolor.video.luma import (
    PixelLayout,
    is_planar,
    own_plane,
    pixel_layout,
    planar_name,
    unpack_rgb,
    view_plane,
)

_INTERLEAVED = re.compile(r"nv\d\d|[pP][024]\d\d")


def read_chroma(frame: av.VideoFrame, weights: tuple[float, float]) -> Chroma | None:
    """Return Cb and Cr of a decoded frame, (ch, cw) code values, or None where all of it is neutral; both are copies.

    weights: (KR, KB) for frames coded as R'G'B' or palette, whose Cb and Cr are full range and as large as luma
    (ITU-T H.273, E'PB and E'PR).
    """
    layout = pixel_layout(frame.format.name)
    if layout.is_gray:
        return None
    if layout.is_rgb:
        return _from_rgb(frame, weights, layout)
    name = frame.format.name
    if not is_planar(name, frame.format):
        name = planar_name(layout.subsampling, layout.bits)
        frame = frame.reformat(format=name, threads=1)  # swscale only unpacks here: one thread, see luma.py
    x, y = layout.subsampling
    size = (-(-frame.height >> y), -(-frame.width >> x))
    if _INTERLEAVED.match(name):
        both = view_plane(frame, 1, name, layout.bits, 2, size)
        cb, cr = both[:, 0::2], both[:, 1::2]
        if name.startswith(("nv21", "nv42")):
            cb, cr = cr, cb
        if not name.startswith("nv"):  # P010 and its kin hold their bits at the top of 16
            shift = np.uint16(16 - layout.bits)
            cb, cr = np.right_shift(cb, shift), np.right_shift(cr, shift)
    else:
        cb, cr = (view_plane(frame, i, name, layout.bits, 1, size) for i in (1, 2))
    neutral = 1 << (layout.bits - 1)
    if (cb == neutral).all() and (cr == neutral).all():
        return None
    return own_plane(cb), own_plane(cr)


def _from_rgb(frame: av.VideoFrame, weights: tuple[float, float], layout: PixelLayout) -> Chroma | None:
    frame, name, stored = unpack_rgb(frame, layout)
    planes = [view_plane(frame, i, name, stored) for i in range(3)]
    if all(np.array_equal(planes[0], other) for other in planes[1:]):
        return None
    green, blue, red = (plane.astype(np.float32) for plane in planes)
    kr, kb = np.float32(weights[0]), np.float32(weights[1])
    luma = green + kr * (red - green) + kb * (blue - green)
    top = (1 << layout.bits) - 1
    factor = np.float32(top / ((1 << stored) - 1))
    made: list[Plane] = []
    for color, weight in ((blue, kb), (red, kr)):
        code = (color - luma) * (factor / (2 * (1 - weight))) + np.float32(1 << (layout.bits - 1))
        code = np.rint(code).clip(0, top)
        made.append(own_plane(code.astype(np.uint8) if layout.bits == 8 else code.astype(np.uint16)))
    return made[0], made[1]
