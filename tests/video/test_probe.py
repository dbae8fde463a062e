import os
from fractions import Fraction
from pathlib import Path

import pytest

from filmcolor.errors import InputError
from filmcolor.video.probe import probe
from tests.films import Recipe, make_film

TURNED = (0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)


def test_what_a_film_says_is_found(tmp_path: Path) -> None:
    recipe = Recipe(
        codec="libx264", pixel_format="yuv422p10le", time_base=Fraction(1, 24000), times=range(0, 9009, 1001),
        aspect=Fraction(4, 3), matrix=TURNED,
    )  # fmt: skip
    info = probe(make_film(tmp_path / "a.mp4", recipe))
    assert (info.container, info.codec, info.width, info.height) == ("mp4", "h264", 64, 48)
    assert (info.bits, info.subsampling, info.aspect, info.frames) == (10, (1, 0), Fraction(4, 3), 9)
    assert (info.time_base, info.display_matrix) == (Fraction(1, 24000), TURNED)
    assert info.rotation in (90, 270)
    assert not info.tags.full_range


@pytest.mark.parametrize(("coded_range", "full"), [(0, True), (2, True), (1, False)])
def test_gray_without_a_tag_is_full_range(tmp_path: Path, coded_range: int, full: bool) -> None:
    info = probe(make_film(tmp_path / "a.mkv", Recipe(pixel_format="gray", color_range=coded_range)))
    assert info.tags.full_range is full


def test_interlaced_pictures_are_seen_with_their_order(tmp_path: Path) -> None:
    for order, top in (("tff", True), ("bff", False)):
        options = (("flags", "+ildct+ilme"), ("x264-params", f"{order}=1"))
        film = make_film(tmp_path / f"{order}.mkv", Recipe(codec="libx264", options=options, fields=order))
        info = probe(film)
        assert info.interlaced
        assert info.top_field_first is top


def test_what_is_no_film_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("not a film")
    (tmp_path / "empty.mkv").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "folder.mkv").mkdir()
    for name in ("text.mp4", "empty.mkv", "pipe.mp4", "folder.mkv", "missing.mp4"):
        with pytest.raises(InputError, match=name) as caught:
            probe(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_a_playlist_does_not_open_other_files(tmp_path: Path) -> None:
    film = make_film(tmp_path / "secret.mkv")
    for name, text in (
        ("list.m3u8", f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{film}\n#EXT-X-ENDLIST\n"),
        ("list.mp4", f"ffconcat version 1.0\nfile '{film}'\n"),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(InputError):
            probe(tmp_path / name)
