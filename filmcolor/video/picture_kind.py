"""Which still picture format a file holds, told from its bytes; its name is not asked."""

import mmap
import struct
from pathlib import Path

from filmcolor.video.picture import PictureFormat

_GIF_TRAILER, _GIF_EXTENSION, _GIF_IMAGE = 0x3B, 0x21, 0x2C


def picture_format(path: Path) -> PictureFormat | None:
    """Return the picture format of a regular file, or None for a film or anything else.

    Animated GIF and PNG and streams of several JPEGs are films (FFmpeg reads them); an animated
    WebP is a picture of several pages, since FFmpeg cannot read it. Never raises for content; an
    unreadable file is None (probing it will say why).
    """
    try:
        if not path.is_file() or path.stat().st_size < 8:
            return None
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _kind(data)
    except OSError:
        return None


def _kind(data: mmap.mmap) -> PictureFormat | None:
    head = data[:64]
    if head[:3] == b"\xff\xd8\xff":
        return None if _jpeg_stream(data) else "JPEG"
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return None if _animated_png(data) else "PNG"
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "TIFF"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return None if _gif_images(data) > 1 else "GIF"
    if head[:4] in (b"SDPX", b"XPDS"):
        return "DPX"
    if (
        head[:2] == b"BM"
        and len(head) >= 18
        and struct.unpack("<I", head[14:18])[0] in (12, 40, 52, 56, 64, 108, 124)
    ):
        return "BMP"
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3] in b" \t\r\n#":
        return "PNM"
    return None


def _jpeg_stream(data: mmap.mmap) -> bool:
    """Tell a Motion JPEG stream: a second picture follows, and no MPF index (of a 3D photo) names both."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        length = struct.unpack(">H", data[at + 2 : at + 4])[0]
        if marker == 0xE2 and data[at + 4 : at + 8] == b"MPF\0":
            return False
        at += 2 + length
        if marker == 0xDA:
            end = data.find(b"\xff\xd9", at)
            return end >= 0 and data[end + 2 : end + 5] == b"\xff\xd8\xff"
    return False


def _animated_png(data: mmap.mmap) -> bool:
    at = 8
    while at + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        if kind == b"acTL" and length >= 4:
            return bool(struct.unpack(">I", data[at + 8 : at + 12])[0] > 1)
        if kind in (b"IDAT", b"IEND"):
            return False
        at += 12 + length
    return False


def _gif_images(data: mmap.mmap) -> int:
    """Return the number of images, at most 2 (GIF89a specification, blocks and sub-blocks)."""
    if len(data) < 13:
        return 0
    at = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    images = 0
    while at < len(data) and images < 2 and data[at] != _GIF_TRAILER:
        if data[at] == _GIF_EXTENSION:
            at += 2
        elif data[at] == _GIF_IMAGE and at + 10 <= len(data):
            images += 1
            at += 10 + (3 << (data[at + 9] & 7) + 1 if data[at + 9] & 0x80 else 0) + 1
        else:
            break
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1
    return images
