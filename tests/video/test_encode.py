from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from filmcolor.errors import OutputError
from filmcolor.settings import RunSettings
from filmcolor.video.choose import result_suffix
from filmcolor.video.decode import decode
from filmcolor.video.encode import SegmentWriter, available_encoders, choose_encoding
from filmcolor.video.probe import probe
from tests.films import Recipe, make_film
from tests.video.coloring import chroma, color


@pytest.mark.parametrize(
    ("pixel_format", "size", "preset", "out", "codec", "stored"),
    [
        ("yuv420p", (64, 48), "auto", "a.mkv", "libx264", "yuv420p"),
        ("gray", (64, 48), "auto", "a.mp4", "libx264", "yuv420p"),
        ("yuv411p", (64, 48), "auto", "a.mkv", "libx264", "yuv420p"),
        ("yuv422p", (64, 48), "auto", "a.mkv", "libx264", "yuv422p"),
        ("yuv422p10le", (64, 48), "auto", "a.mkv", "libx264", "yuv422p10le"),
        ("yuv444p12le", (64, 48), "auto", "a.mkv", "ffv1", "yuv444p12le"),
        ("yuv420p", (63, 47), "auto", "a.mkv", "libx264", "yuv444p"),
        ("yuva420p", (64, 48), "auto", "a.mkv", "ffv1", "yuva420p"),
        ("yuv422p10le", (64, 48), "web", "a.mp4", "libx264", "yuv420p"),
        ("yuv411p", (64, 48), "archive", "a.mkv", "ffv1", "yuv422p"),
        ("gray16le", (64, 48), "archive", "a.mkv", "ffv1", "yuv420p16le"),
        ("yuv420p", (63, 47), "archive", "a.mkv", "ffv1", "yuv420p"),
        ("yuv420p", (64, 48), "prores", "a.mov", "prores_ks", "yuv422p10le"),
        ("yuv420p", (64, 64), "small", "a.mkv", "libsvtav1", "yuv420p"),
    ],
)
def test_the_table_of_outputs(
    tmp_path: Path, pixel_format: str, size: tuple[int, int], preset: str, out: str, codec: str, stored: str
) -> None:
    info = probe(make_film(tmp_path / "in.mkv", Recipe(pixel_format=pixel_format, size=size, times=(0, 1))))
    encoding = choose_encoding(info, RunSettings(preset=preset), tmp_path / out)  # type: ignore[arg-type]
    assert (encoding.codec, encoding.pixel_format) == (codec, stored)


def test_wrong_wishes_are_refused(tmp_path: Path) -> None:
    info = probe(make_film(tmp_path / "in.mkv"))
    for settings, out in (
        (RunSettings(), "a.xyz"),
        (RunSettings(), "a"),
        (RunSettings(preset="archive"), "a.mp4"),
        (RunSettings(codec="indeo"), "a.mkv"),
        (RunSettings(pixel_format="rgb24"), "a.mkv"),
        (RunSettings(codec="ffv1", crf=3), "a.mkv"),
        (RunSettings(encoder_options=(("presett", "fast"),)), "a.mkv"),
    ):
        with pytest.raises(OutputError):
            choose_encoding(info, settings, tmp_path / out)


def test_an_encoding_reads_the_same_in_every_process(tmp_path: Path) -> None:
    # its text is in the journal: nothing unordered may stand in it
    info = probe(make_film(tmp_path / "in.mkv"))
    text = str(choose_encoding(info, RunSettings(), tmp_path / "a.mkv"))
    assert "set(" not in text
    assert " at 0x" not in text


def test_losses_are_named_beforehand(tmp_path: Path) -> None:
    deep = probe(make_film(tmp_path / "in.mkv", Recipe(pixel_format="yuva444p12le")))
    said = " ".join(choose_encoding(deep, RunSettings(), tmp_path / "a.mp4").warnings)
    assert "bit depth 12 becomes 10" in said
    assert "alpha" in said


def test_the_default_container_is_the_sources_own_where_it_holds_the_result(tmp_path: Path) -> None:
    info = probe(make_film(tmp_path / "in.mp4", Recipe(codec="libx264")))
    assert result_suffix(info, RunSettings()) == ".mp4"
    assert result_suffix(info, RunSettings(preset="archive")) == ".mkv"
    assert result_suffix(info, RunSettings(preset="prores")) == ".mov"
    assert result_suffix(replace(info, container="avi"), RunSettings()) == ".mkv"


@pytest.mark.parametrize("codec", ["libx264", "ffv1", "libsvtav1", "libvpx-vp9", "prores_ks"])
def test_the_same_frames_give_the_same_bytes(tmp_path: Path, codec: str) -> None:
    source = make_film(tmp_path / "in.mkv", Recipe(size=(64, 64)))
    info = probe(source)
    encoding = choose_encoding(info, RunSettings(codec=codec), tmp_path / "a.mkv")
    made = []
    for name in ("one", "two"):
        with SegmentWriter(tmp_path / name, encoding, info) as writer:
            for frame in decode(info):
                writer.write(frame, *chroma(encoding, info))
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]


def test_chroma_of_another_shape_is_refused(tmp_path: Path) -> None:
    info = probe(make_film(tmp_path / "in.mkv"))
    encoding = choose_encoding(info, RunSettings(), tmp_path / "a.mkv")
    frame = next(iter(decode(info)))
    with (
        SegmentWriter(tmp_path / "s", encoding, info) as writer,
        pytest.raises(ValueError, match="expected chroma"),
    ):
        writer.write(frame, np.zeros((48, 64), np.uint8), np.zeros((48, 64), np.uint8))


def test_interlaced_stays_interlaced(tmp_path: Path) -> None:
    for order in ("tff", "bff"):
        source = make_film(tmp_path / f"{order}.mkv", Recipe(fields=order))
        for name, preset in (("a.mkv", "auto"), ("b.mkv", "archive"), ("c.mov", "prores")):
            color(source, tmp_path / name, RunSettings(preset=preset))  # type: ignore[arg-type]
            info = probe(tmp_path / name)
            assert info.interlaced
            assert info.top_field_first is (order == "tff")


def test_doctor_can_name_encoders() -> None:
    assert {"libx264", "ffv1"} <= set(available_encoders())
