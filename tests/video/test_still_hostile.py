"""Damaged, oversized and hostile pictures give what is there, or are refused in one line."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from filmcolor.errors import InputError
from filmcolor.video.still import is_still, read_still
from tests.video.photos import LIMIT, colored, error_of, photo


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".tif", ".dpx", ".ppm"])
def test_truncated_pictures_give_what_is_there_with_a_warning(tmp_path: Path, suffix: str) -> None:
    Image.fromarray(photo(200, 300)).save(tmp_path / "gray.png")
    whole = tmp_path / f"whole{suffix}"
    before = colored(tmp_path / "gray.png", whole)[1]
    half = tmp_path / f"half{suffix}"
    data = whole.read_bytes()
    half.write_bytes(data[: len(data) * 6 // 10])
    if suffix == ".tif":  # tifffile writes the directory first, so that it survives
        assert read_still(whole, LIMIT).warnings == ()
    picture = read_still(half, LIMIT)
    assert picture.warnings
    assert picture.pages[0].shape == (200, 300)
    rows = slice(-60, None) if suffix == ".bmp" else slice(0, 60)  # BMP begins at the bottom
    assert error_of(picture.pages[0][rows], before.pages[0][rows]) < 0.1
    with pytest.raises(InputError):
        read_still(half, LIMIT, strict=True)


def test_bombs_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1 << 20)))
    (tmp_path / "bomb.png").write_bytes(bomb + chunk(b"IEND", b""))
    Image.fromarray(photo()).save(
        tmp_path / "small.tif", save_all=True, append_images=[Image.fromarray(photo())] * 3
    )
    with pytest.raises(InputError, match="--max-pixels"):
        read_still(tmp_path / "bomb.png", 300_000_000)
    with pytest.raises(InputError, match="--max-pixels"):
        read_still(tmp_path / "small.tif", photo().size * 3)
    assert len(read_still(tmp_path / "small.tif", photo().size * 4).pages) == 4


def _saved(form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(photo(12, 14)).save(buffer, form, **options)
    return buffer.getvalue()


def _dpx(folder: Path) -> bytes:
    (folder / "seed.png").write_bytes(_saved("PNG"))
    colored(folder / "seed.png", folder / "seed.dpx")
    return (folder / "seed.dpx").read_bytes()


SEEDS: dict[str, Callable[[Path], bytes]] = {
    "jpeg": lambda folder: _saved("JPEG"),
    "png": lambda folder: _saved("PNG"),
    "tiff": lambda folder: _saved("TIFF", compression="tiff_lzw"),
    "webp": lambda folder: _saved("WEBP"),
    "bmp": lambda folder: _saved("BMP"),
    "gif": lambda folder: _saved("GIF"),
    "dpx": _dpx,
}


@pytest.mark.parametrize("kind", SEEDS)
def test_corrupted_pictures_are_read_or_refused_in_one_line(tmp_path: Path, kind: str) -> None:
    seed = SEEDS[kind](tmp_path)
    file = tmp_path / "fuzzed"

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(
        st.lists(st.tuples(st.integers(4, min(len(seed) - 1, 2100)), st.integers(0, 255)), max_size=6),
        st.integers(8, len(seed)),
    )
    def attempt(changes: list[tuple[int, int]], length: int) -> None:
        data = bytearray(seed)
        for at, value in changes:
            data[at] = value
        file.write_bytes(data[:length] if len(changes) % 2 else data)
        if not is_still(file):
            return
        refusal, pages = f"{file}: ", ()
        try:
            pages = read_still(file, 100_000).pages
        except InputError as error:
            refusal = str(error)
        assert "\n" not in refusal
        assert refusal.startswith(f"{file}: ")
        assert all(page.size <= 100_000 for page in pages)

    attempt()
