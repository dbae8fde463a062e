"""Numbered sequences: order, gaps and names are kept; DPX keeps its depth and its headers."""

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from filmcolor.errors import InputError
from filmcolor.video.dpx import read_dpx
from filmcolor.video.sequence import (
    FileSequence,
    find_sequence,
    frame_of,
    is_pattern,
    read_frames,
    read_pictures,
    sequence_info,
)
from filmcolor.video.still import is_still, read_still, write_still

LIMIT = 1_000_000


def shade(number: int, height: int = 11, width: int = 13) -> np.ndarray:
    return (np.arange(height * width, dtype=np.uint8).reshape(height, width) + number).astype(np.uint8)


def make(folder: Path, *names: str) -> None:
    folder.mkdir(exist_ok=True)
    for number, name in enumerate(names):
        Image.fromarray(shade(number)).save(folder / name)


def found(path: Path) -> FileSequence:
    sequence = find_sequence(path)
    assert sequence is not None
    return sequence


def test_files_come_in_numeric_order_whatever_their_padding(tmp_path: Path) -> None:
    make(tmp_path / "reel", "f2.png", "f10.png", "f1.png")
    assert [file.name for file in found(tmp_path / "reel").files] == ["f1.png", "f2.png", "f10.png"]


def test_gaps_are_named_and_stay_holes_in_time(tmp_path: Path) -> None:
    make(tmp_path / "reel", "f_0007.png", "f_0008.png", "f_0011.png", "f_0013.png")
    sequence = found(tmp_path / "reel")
    (line,) = sequence.warnings
    assert "3 frames" in line
    assert "9 to 10, 12" in line
    frames = list(read_frames(sequence, Fraction(24000, 1001), LIMIT))
    assert [frame.pts for frame in frames] == [0, 1, 4, 6]
    assert frames[0].time_base == Fraction(1001, 24000)
    assert all(np.array_equal(frame.luma, shade(k)) for k, frame in enumerate(frames))


@pytest.mark.parametrize("pattern", ["f_%04d.png", "f_####.png", "f_%d.png"])
def test_a_pattern_takes_its_own_series_alone(tmp_path: Path, pattern: str) -> None:
    make(tmp_path / "reel", "f_0001.png", "f_0002.png", "g_0001.png", "f_0003.txt.png")
    assert find_sequence(tmp_path / "reel" / "f_0001.png") is None
    assert [file.name for file in found(tmp_path / "reel" / pattern).files] == ["f_0001.png", "f_0002.png"]
    with pytest.raises(InputError, match="no file fits"):
        find_sequence(tmp_path / "reel" / "h_%04d.png")


def test_numbers_wider_than_the_pattern_go_on_as_printf_writes_them(tmp_path: Path) -> None:
    make(tmp_path / "reel", "98.png", "99.png", "100.png", "007.png")
    assert [f.name for f in found(tmp_path / "reel" / "%02d.png").files] == ["98.png", "99.png", "100.png"]


def test_what_looks_like_a_pattern_and_what_does_not() -> None:
    assert all(is_pattern(Path(name)) for name in ("a%d.png", "a%05d.dpx", "a####.tif", "#"))
    assert not any(is_pattern(Path(name)) for name in ("a.png", "100%.png", "a#b#.png", "%s.png", "%d#.png"))


def test_a_folder_of_two_series_or_of_no_pictures_is_told_apart(tmp_path: Path) -> None:
    make(tmp_path / "two", "a1.png", "a2.png", "b1.png")
    with pytest.raises(InputError, match=r"2 series .*a%d\.png"):
        find_sequence(tmp_path / "two")
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "notes1.txt").write_text("no picture")
    assert find_sequence(tmp_path / "none") is None
    make(tmp_path / "same", "a1.png", "a01.png")
    with pytest.raises(InputError, match="same number"):
        find_sequence(tmp_path / "same")


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    make(tmp_path / "reel", "a1.png", "a2.png")
    for name in ("sound1.wav", ".a3.png", "Thumbs.db", "readme"):
        (tmp_path / "reel" / name).write_bytes(b"something else here")
    assert len(found(tmp_path / "reel").files) == 2


def test_a_size_that_changes_is_refused(tmp_path: Path) -> None:
    make(tmp_path / "reel", "a1.png")
    Image.fromarray(shade(0, 12, 13)).save(tmp_path / "reel" / "a2.png")
    with pytest.raises(InputError, match="13x12 of 8 bit"):
        list(read_frames(found(tmp_path / "reel"), Fraction(24), LIMIT))


def test_an_unreadable_frame_leaves_a_hole_and_a_warning(tmp_path: Path) -> None:
    make(tmp_path / "reel", "a1.png", "a2.png", "a3.png")
    (tmp_path / "reel" / "a2.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    sequence, lines = found(tmp_path / "reel"), list[str]()
    assert [f.pts for f in read_frames(sequence, Fraction(24), LIMIT, warn=lines.append)] == [0, 2]
    assert len(lines) == 1
    assert "frame 2 is lost" in lines[0]
    with pytest.raises(InputError):
        list(read_frames(sequence, Fraction(24), LIMIT, strict=True))
    for file in sequence.files:
        file.write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    with pytest.raises(InputError, match="none of its 3 files"):
        list(read_frames(sequence, Fraction(24), LIMIT))


def test_a_film_may_be_asked_of_a_sequence(tmp_path: Path) -> None:
    make(tmp_path / "reel", "a1.png", "a2.png", "a5.png")
    sequence = found(tmp_path / "reel")
    _, first = next(read_pictures(sequence, LIMIT))
    info = sequence_info(sequence, Fraction(25), first)
    assert (info.width, info.height, info.bits, info.frames) == (13, 11, 8, 3)
    assert (info.time_base, info.duration, info.tags.full_range) == (Fraction(1, 25), Fraction(1, 5), True)
    assert frame_of(first, 3, Fraction(25)).pts == 3


def test_results_keep_names_and_numbers_unless_the_format_holds_no_color(tmp_path: Path) -> None:
    make(tmp_path / "gif", "a09.gif", "a10.gif")
    make(tmp_path / "pgm", "a.0001.pgm")
    make(tmp_path / "tif", "x_000100.TIF")
    out = tmp_path / "out"
    assert [found(tmp_path / "gif").result(k, out).name for k in (0, 1)] == ["a09.png", "a10.png"]
    assert found(tmp_path / "pgm").result(0, out) == out / "a.0001.ppm"
    assert found(tmp_path / "tif").result(0, out) == out / "x_000100.TIF"


def dpx(path: Path, samples: np.ndarray, *, kind: str, order: str) -> None:
    """Write a DPX of rows of 8-bit, 10-bit (method A or B), 12-bit (A) or 16-bit samples (h, w, c)."""
    height, width, channels = samples.shape
    bits = {"8": 8, "10A": 10, "10B": 10, "12A": 12, "16": 16}[kind]
    header = bytearray(b"\xff" * 2100)  # 52 bytes of user data
    struct.pack_into(order + "4sI8sI", header, 0, b"SDPX" if order == ">" else b"XPDS", 2100, b"V1.0", 0)
    struct.pack_into(order + "HHIII", header, 768, 0, 1, width, height, 0)
    header[800:804] = bytes((6 if channels == 1 else 50, 6, 6, bits))
    struct.pack_into(order + "HHIII", header, 804, {"A": 1, "B": 2}.get(kind[-1], 0), 0, 2100, 0, 0)
    struct.pack_into(order + "I", header, 1920, 0x01020304)  # timecode 01:02:03:04
    rows = bytearray()
    for row in samples.reshape(height, -1).astype(int).tolist():
        line = bytearray()
        if bits == 10:
            row += [0] * (-len(row) % 3)
            for one, two, three in zip(row[0::3], row[1::3], row[2::3]):
                if channels == 1:  # single samples start at the low end
                    one, three = three, one
                line += struct.pack(
                    order + "I", (one << 20 | two << 10 | three) << (2 if kind == "10A" else 0)
                )
        else:
            for value in row:
                line += (
                    bytes((value,))
                    if bits == 8
                    else struct.pack(order + "H", value << (4 if bits == 12 else 0))
                )
        rows += line + bytes(-len(line) % 4)
    path.write_bytes(header + rows)


def gray_dpx(path: Path, kind: str, order: str, channels: int = 1) -> np.ndarray:
    bits = int(kind.rstrip("AB"))
    luma = np.random.default_rng(5).integers(0, 1 << bits, (7, 10), dtype=np.uint16)
    dpx(path, np.repeat(luma[..., None], channels, axis=2), kind=kind, order=order)
    return luma


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", ["8", "10A", "10B", "12A", "16"])
def test_dpx_luma_is_read_and_written_at_its_depth(
    tmp_path: Path, kind: str, order: str, channels: int
) -> None:
    luma = gray_dpx(tmp_path / "in.dpx", kind, order, channels)
    picture = read_still(tmp_path / "in.dpx", LIMIT)
    assert is_still(tmp_path / "in.dpx")
    assert np.array_equal(picture.pages[0], luma)
    top = (1 << picture.bits) - 1
    gray = np.repeat(luma[..., None] / top, 3, axis=2).astype(np.float32)
    assert write_still(picture, [gray], tmp_path / "out.dpx") == []
    after = read_still(tmp_path / "out.dpx", LIMIT)
    assert after.bits == picture.bits == int(kind.rstrip("AB"))
    assert np.array_equal(after.pages[0], luma)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", ["8", "10A", "12A", "16"])
def test_ffmpeg_reads_our_dpx_as_we_mean_it(tmp_path: Path, kind: str, order: str) -> None:
    luma = gray_dpx(tmp_path / "in.dpx", kind, order)
    picture = read_still(tmp_path / "in.dpx", LIMIT)
    top = (1 << picture.bits) - 1
    color = np.random.default_rng(6).random((*luma.shape, 3))
    write_still(picture, [color], tmp_path / "out.dpx")
    with av.open(str(tmp_path / "out.dpx"), format="dpx_pipe") as container:
        frame = next(container.decode(video=0))
    assert frame.format.components[0].bits == picture.bits
    red, blue = native_red_and_blue(frame)
    # these two are rounded; green is what luma leaves
    assert np.array_equal(red, np.rint(color[..., 0] * top))
    assert np.array_equal(blue, np.rint(color[..., 2] * top))


def native_red_and_blue(frame: av.VideoFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the codes as decoded; swscale would round them once more."""
    name = frame.format.name
    bits = frame.format.components[0].bits
    dtype = np.dtype("u1" if bits == 8 else ">u2" if name.endswith("be") else "<u2")
    planes = [np.frombuffer(p, np.uint8).reshape(-1, p.line_size)[: frame.height] for p in frame.planes]
    if name.startswith("gbr"):  # planes G, B, R
        used = [np.ascontiguousarray(p[:, : frame.width * dtype.itemsize]).view(dtype) for p in planes]
        return used[2], used[1]
    packed = np.ascontiguousarray(planes[0][:, : frame.width * 3 * dtype.itemsize]).view(dtype)
    return packed[:, 0::3], packed[:, 2::3]


def test_dpx_keeps_timecode_user_data_and_byte_order(tmp_path: Path) -> None:
    luma = gray_dpx(tmp_path / "in.dpx", "10A", "<")
    picture = read_still(tmp_path / "in.dpx", LIMIT)
    write_still(picture, [np.repeat(luma[..., None] / 1023, 3, axis=2)], tmp_path / "out.dpx")
    before, after = ((tmp_path / name).read_bytes() for name in ("in.dpx", "out.dpx"))
    assert after[:4] == b"XPDS"
    assert after[1408:2100] == before[1408:2100]
    assert struct.unpack_from("<I", after, 16)[0] == len(after)


def test_dpx_that_is_not_read_is_named_and_a_short_one_gives_what_is_there(tmp_path: Path) -> None:
    luma = gray_dpx(tmp_path / "in.dpx", "16", ">")
    data = bytearray((tmp_path / "in.dpx").read_bytes())
    (tmp_path / "short.dpx").write_bytes(data[:-45])
    picture = read_still(tmp_path / "short.dpx", LIMIT)
    assert np.array_equal(picture.pages[0][:4], luma[:4])
    assert "lines are missing" in picture.warnings[0]
    for at, value, reason in ((800, 100, "kind 100"), (806, 1, "encoding"), (803, 32, "32 bit")):
        changed = data.copy()
        changed[at] = value
        (tmp_path / "odd.dpx").write_bytes(changed)
        with pytest.raises(InputError, match=reason):
            read_dpx(tmp_path / "odd.dpx", LIMIT)


def test_logarithmic_dpx_is_named(tmp_path: Path) -> None:
    gray_dpx(tmp_path / "in.dpx", "10A", ">")
    data = bytearray((tmp_path / "in.dpx").read_bytes())
    data[801] = 1
    (tmp_path / "log.dpx").write_bytes(data)
    assert any("logarithmic" in line for line in read_still(tmp_path / "log.dpx", LIMIT).warnings)
