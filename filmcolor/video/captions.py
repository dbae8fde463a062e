"""Text subtitles for a container that holds another kind of them. Pure."""

import re
import struct

TEXT_CODECS = ("subrip", "srt", "ass", "ssa", "mov_text", "webvtt", "text")


def caption_text(codec: str, data: bytes) -> str:
    """Return the plain text of one subtitle packet of `codec`; line ends are newlines."""
    if codec == "mov_text":  # 3GPP TS 26.245: a 16-bit length, the text, then boxes of style
        length = struct.unpack(">H", data[:2])[0] if len(data) >= 2 else 0
        return data[2 : 2 + length].decode("utf-8", "replace")
    text = data.decode("utf-8", "replace")
    if codec in ("ass", "ssa"):  # Matroska: ReadOrder, Layer, Style, Name, three margins, Effect, Text
        text = text.split(",", 8)[-1]
        text = re.sub(r"\{[^}]*\}", "", text).replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ")
    return text.replace("\r", "")


def caption_data(codec: str, text: str) -> bytes:
    """Return one packet of mov_text, subrip or webvtt that shows `text`."""
    if codec == "mov_text":
        plain = re.sub(r"<[^>]*>", "", text).encode()[:65535]
        return struct.pack(">H", len(plain)) + plain
    return text.encode()
