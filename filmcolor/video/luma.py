"""Luma and alpha out of a decoded frame, as coded.

A frame of Y'CbCr or gray gives its plane bit for bit; R'G'B' and palettes are brought to Y' once.
"""

import re
from dataclasses import dataclass
from typing import cast

import av
import numpy as np
import numpy.typing as npt
from av.video.format import VideoFormat

from filmcolor.film import Plane


@dataclass(frozen=True, slots=True)
class PixelLayout:
    """What a pixel format holds. bits: of luma, 8 to 16. subsampling: log2 (x, y) of chroma."""

    bits: int
    subsampling: tuple[int, int]
    has_alpha: bool
    is_rgb: bool
    is_gray: bool


def pixel_layout(name: str) -> PixelLayout:
    """Describe the pixel format `name`; gray counts as (1, 1), bilevel and palette as 8 bit."""
    form = VideoFormat(name)
    components = form.components
    rgb = form.is_rgb or form.has_palette or name.startswith(("gbr", "pal", "bayer", "xyz"))
    gray = not rgb and len(components) < 3
    bits = min(max(max((c.bits for c in components), default=8), 8), 16)
    alpha = any(c.is_alpha for c in components) and not form.has_palette
    if rgb or gray:
        return PixelLayout(bits, (0, 0) if rgb else (1, 1), alpha, rgb, gray)
    x = (16 // form.chroma_width(16)).bit_length() - 1
    y = (16 // form.chroma_height(16)).bit_length() - 1
    return PixelLayout(bits, (x, y), alpha, False, False)


def planar_name(subsampling: tuple[int, int], bits: int, *, alpha: bool = False) -> str:
    """Return FFmpeg's name of planar Y'CbCr, such as yuv422p10le."""
    kind = {(1, 1): "420", (1, 0): "422", (0, 0): "444", (2, 0): "411", (0, 1): "440", (2, 2): "410"}
    depth = "" if bits == 8 else f"{bits}le"
    return f"yuv{'a' if alpha else ''}{kind[subsampling]}p{depth}"


def read_planes(frame: av.VideoFrame, weights: tuple[float, float]) -> tuple[Plane, Plane | None]:
    """Return the luma of a decoded frame, (h, w) code values, and its alpha or None; both are copies.

    weights: (KR, KB) for frames coded as R'G'B' or palette, whose Y' is full range:
    Y' = KR R' + (1 - KR - KB) G' + KB B' (ITU-T H.273, E'Y), so that a gray pixel keeps its value.
    """
    name = frame.format.name
    layout = pixel_layout(name)
    if layout.is_rgb:
        return _from_rgb(frame, weights, layout)
    if name.startswith("mono"):
        # one thread: with several, four samples at the start of a row came out wrong once where slices of swscale met
        frame = frame.reformat(format="gray", threads=1)
    elif layout.is_gray and layout.has_alpha:
        samples = view_plane(frame, 0, name, layout.bits, step=2)
        return own_plane(samples[:, 0::2]), own_plane(samples[:, 1::2])
    elif not layout.is_gray and not is_planar(name, frame.format):
        frame = frame.reformat(
            format=planar_name(layout.subsampling, layout.bits, alpha=layout.has_alpha), threads=1
        )
        name = frame.format.name
    luma = view_plane(frame, 0, name, layout.bits)
    if re.match(r"[pP]\d\d\d", name):  # P010 and its kin hold their bits at the top of 16
        luma = np.right_shift(luma, 16 - layout.bits).astype(np.uint16)
    alpha = own_plane(view_plane(frame, 3, name, layout.bits)) if layout.has_alpha else None
    return own_plane(luma), alpha


def change_depth(plane: Plane, bits: int, to: int, *, full_range: bool) -> Plane:
    """Return code values of `bits` depth as code values of `to` bits, dithered where depth is lost.

    Limited range scales by powers of two, full range by the largest values. The dither is ordered
    (8 x 8, Bayer), the same for each frame: noise that moves would cost bits and seem alive.
    """
    if bits == to:
        return plane
    if to > bits:
        wide = plane.astype(np.uint16)
        if full_range:
            top, new = (1 << bits) - 1, (1 << to) - 1
            return ((wide.astype(np.uint32) * new + top // 2) // top).astype(np.uint16)
        return cast(Plane, wide << np.uint16(to - bits))
    factor = ((1 << to) - 1) / ((1 << bits) - 1) if full_range else 2.0 ** (to - bits)
    height, width = plane.shape
    tiles = (height // 8 + 1, width // 8 + 1)
    threshold = np.tile((_BAYER.astype(np.float32) + 0.5) / 64, tiles)[:height, :width]
    scaled = np.floor(plane.astype(np.float32) * np.float32(factor) + threshold)
    limited = np.minimum(scaled, (1 << to) - 1)
    return limited.astype(np.uint8) if to == 8 else limited.astype(np.uint16)


def _bayer() -> npt.NDArray[np.int64]:
    """Return the 8 x 8 threshold matrix of Bayer (1973), 0 to 63."""
    matrix = np.zeros((1, 1), np.int64)
    for _ in range(3):
        matrix = np.block([[4 * matrix, 4 * matrix + 2], [4 * matrix + 3, 4 * matrix + 1]])
    return matrix


_BAYER = _bayer()


def is_planar(name: str, form: VideoFormat) -> bool:
    """Whether luma has a plane of its own."""
    return form.is_planar or name.startswith(("nv", "p0", "p2", "p4", "P0", "P2", "P4"))


def view_plane(
    frame: av.VideoFrame, index: int, name: str, bits: int, step: int = 1, size: tuple[int, int] | None = None
) -> Plane:
    """View one plane, without its padding. step: samples per pixel. size: (rows, columns), the picture's by default."""
    height, width = size or (frame.height, frame.width)
    plane = frame.planes[index]
    if plane.line_size <= 0:
        raise ValueError("this picture is stored bottom up")
    # the plane's own bytes: to_ndarray(format="gray") stretches limited range
    data = np.frombuffer(plane, np.uint8)  # type: ignore[call-overload]
    rows = data[: plane.line_size * height].reshape(height, plane.line_size)
    if bits > 8:
        rows = rows[:, : plane.line_size // 2 * 2].view(">u2" if name.endswith("be") else "<u2")
    return cast(Plane, rows[:, : width * step])


def own_plane(plane: Plane) -> Plane:
    """Copy: the decoder takes its buffer back when the frame is gone."""
    mine: Plane
    if plane.dtype == np.uint8:
        mine = np.array(plane, dtype=np.uint8, order="C")
    else:
        mine = np.array(plane, dtype=np.uint16, order="C")
    mine.flags.writeable = False
    return mine


def _from_rgb(
    frame: av.VideoFrame, weights: tuple[float, float], layout: PixelLayout
) -> tuple[Plane, Plane | None]:
    frame, name, stored = unpack_rgb(frame, layout)
    green, blue, red = (view_plane(frame, i, name, stored).astype(np.float32) for i in range(3))
    kr, kb = np.float32(weights[0]), np.float32(weights[1])
    # G' plus differences: equal R', G', B' give exactly their own value
    luma = green + kr * (red - green) + kb * (blue - green)
    alpha = view_plane(frame, 3, name, stored) if layout.has_alpha else None
    if stored != layout.bits:
        factor = np.float32(((1 << layout.bits) - 1) / 65535)
        luma = luma * factor
        alpha = None if alpha is None else np.rint(alpha * factor).astype(np.uint16)
    kind = np.uint8 if layout.bits == 8 else np.uint16
    return own_plane(np.rint(luma).astype(kind)), None if alpha is None else own_plane(alpha)


def unpack_rgb(frame: av.VideoFrame, layout: PixelLayout) -> tuple[av.VideoFrame, str, int]:
    """Return a frame of R'G'B' or palette as planar G', B', R', the name of its format, and the bits stored."""
    name = frame.format.name
    if re.fullmatch(r"gbra?p(\d+[lb]e)?", name):
        return frame, name, layout.bits
    stored = 8 if layout.bits == 8 else 16
    name = ("gbrap" if layout.has_alpha else "gbrp") + ("" if stored == 8 else "16le")
    # to R'G'B' of the same range: swscale only unpacks here
    return frame.reformat(format=name, threads=1), name, stored
