"""The samples of one TIFF page that is stored plainly or deflated, as far as they are there.

tifffile knows the layout but drops a page with one damaged strip, and inflates a strip to whatever
size it claims; here a strip never grows beyond its place, and a short one leaves black
(TIFF 6.0, sections 14 and 15; Adobe Photoshop TIFF Technical Note 3 for predictor 3).
"""

import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[Any]
_PIECE = 1 << 14


def stored_samples(data: bytes, page: Any, *, deflated: bool) -> tuple[Samples, int]:
    """Return the samples (h, w, c) of a page in native byte order, and how many strips or tiles are short.

    data: the whole file. page: tifffile's. Raises ValueError for a layout that is not read here.
    """
    bits, channels, predictor = int(page.bitspersample), int(page.samplesperpixel), int(page.predictor)
    kind = {1: "u", 3: "f"}.get(int(page.sampleformat))
    depths = (16, 32, 64) if kind == "f" else (8, 16, 32)
    if kind is None or bits not in depths or int(page.fillorder) != 1 or predictor not in (1, 2, 3):
        raise ValueError(f"{bits} bit samples in this layout are not supported")
    stored = np.dtype(f"{page.parent.byteorder}{kind}{bits // 8}")
    apart = int(page.planarconfig) == 2 and channels > 1
    height, width, inner = page.imagelength, page.imagewidth, 1 if apart else channels
    rows, columns = (page.tilelength, page.tilewidth) if page.is_tiled else (page.rowsperstrip, width)
    rows = min(rows, height) if not page.is_tiled else rows
    if min(rows, columns, channels) < 1 or rows > height + 4096 or columns > width + 4096 or channels > 16:
        raise ValueError("strips or tiles of a wrong size")
    if page.is_tiled and min(rows, columns) < 16:  # TIFF 6.0 has multiples of 16; tiny ones take forever
        raise ValueError("tiles of a wrong size")
    down, across = -(-height // rows), -(-width // columns)
    samples = np.zeros((height, width, channels), stored.newbyteorder("="))
    short = 0
    for index in range(down * across * (channels if apart else 1)):
        plane, place = divmod(index, down * across)
        top, left = place // across * rows, place % across * columns
        shape = (rows if page.is_tiled else min(rows, height - top), columns, inner)
        size = int(np.prod(shape)) * stored.itemsize
        raw = _raw(data, page, index, size, deflated)
        short += len(raw) < size
        block = _unpredicted(raw.ljust(size, b"\0"), shape, stored, predictor)
        block = block[: height - top, : width - left]
        target = samples[top : top + rows, left : left + columns]
        if apart:
            target[..., plane] = block[..., 0]
        else:
            target[...] = block
    return samples, short


def _raw(data: bytes, page: Any, index: int, size: int, deflated: bool) -> bytes:
    """Return at most `size` bytes of strip or tile `index`; fewer where the file is damaged."""
    if index >= min(len(page.dataoffsets), len(page.databytecounts)):
        return b""
    offset, count = int(page.dataoffsets[index]), int(page.databytecounts[index])
    coded = data[offset : offset + count]
    if not deflated:
        return coded[:size]
    inflate, parts, left = zlib.decompressobj(), [], size
    try:
        for start in range(0, len(coded), _PIECE):
            part = inflate.decompress(coded[start : start + _PIECE], left)
            parts.append(part)
            left -= len(part)
            if left <= 0:
                break
    except zlib.error:
        pass  # what came before the damage is kept; the caller counts the strip as short
    return b"".join(parts)


def _unpredicted(raw: bytes, shape: tuple[int, int, int], stored: np.dtype[Any], predictor: int) -> Samples:
    native = stored.newbyteorder("=")
    if predictor == 3 and stored.kind == "f":
        rows, columns, channels = shape
        # bytes of a row, highest of all samples first, each a difference to the one a pixel before
        octets = np.frombuffer(raw, np.uint8).reshape(rows, columns * stored.itemsize, channels)
        octets = np.cumsum(octets, axis=1, dtype=np.uint8).reshape(rows, stored.itemsize, columns * channels)
        big = np.ascontiguousarray(octets.transpose(0, 2, 1)).view(stored.newbyteorder(">"))
        return big.reshape(shape).astype(native)
    block = np.frombuffer(raw, stored).reshape(shape).astype(native)
    if predictor == 2 and stored.kind == "u":
        block = np.cumsum(block, axis=1, dtype=native)
    return block
