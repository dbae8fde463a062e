import hashlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from filmcolor.errors import OutputError
from filmcolor.settings import RunSettings
from filmcolor.video.decode import decode
from filmcolor.video.encode import SegmentWriter, choose_encoding
from filmcolor.video.join import join
from filmcolor.video.probe import probe
from tests.films import UNEVEN, Recipe, luma_at, lumas_of, make_film, packets_of, times_of
from tests.video.coloring import chroma, color

ARCHIVE = RunSettings(preset="archive")
TURNED = (0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)
SOUND = Recipe(sound="flac", language="deu", subtitles=True, chapters=True, attachment=True, title="Überfilm")


@pytest.mark.parametrize("frames", [1, 5, 1000])
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p10le", "gray12le"])
def test_a_lossless_result_has_the_films_luma_at_the_films_times(
    tmp_path: Path, pixel_format: str, frames: int
) -> None:
    source = make_film(tmp_path / "in.mkv", Recipe(pixel_format=pixel_format))
    color(source, tmp_path / "out.mkv", ARCHIVE, frames=frames)
    assert times_of(tmp_path / "out.mkv") == [Fraction(t, 25) for t in UNEVEN]
    bits = av.VideoFormat(pixel_format).components[0].bits
    for index, luma in enumerate(lumas_of(tmp_path / "out.mkv")):
        np.testing.assert_array_equal(luma, luma_at(index, 64, 48, bits))


@pytest.mark.parametrize("frames", [1, 4, 1000])
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_b_frames_and_uneven_times_survive_any_cut_into_segments(
    tmp_path: Path, suffix: str, frames: int
) -> None:
    # 1/24000 s steps that no millisecond holds: exact in MP4, nearest in Matroska
    times = [1001 * t for t in UNEVEN]
    source = make_film(
        tmp_path / "in.mp4", Recipe(times=times, time_base=Fraction(1, 24000), codec="libx264")
    )
    warnings = color(source, tmp_path / f"out{suffix}", frames=frames)
    exact = [Fraction(t, 24000) for t in times]
    found = times_of(tmp_path / f"out{suffix}")
    if suffix == ".mkv":
        assert max(abs(a - b) for a, b in zip(found, exact, strict=True)) <= Fraction(1, 2000)
        assert any("rounded" in line for line in warnings)
    else:
        assert found == exact
    if frames > 1:
        with av.open(str(tmp_path / f"out{suffix}")) as film:
            order = [p.pts for p in film.demux(film.streams.video[0]) if p.size and p.pts is not None]
        assert order != sorted(order), "no B-frames: this test tests nothing"


@pytest.mark.parametrize("codec", ["libsvtav1", "libvpx-vp9", "libx265", "prores_ks"])
def test_other_codecs_keep_count_and_times(tmp_path: Path, codec: str) -> None:
    source = make_film(tmp_path / "in.mkv", Recipe(size=(64, 64)))
    color(source, tmp_path / "out.mkv", RunSettings(codec=codec), frames=5)
    assert times_of(tmp_path / "out.mkv") == [Fraction(t, 25) for t in UNEVEN]


def test_sound_subtitles_chapters_and_words_are_copied(tmp_path: Path) -> None:
    source = make_film(tmp_path / "in.mkv", SOUND)
    out = tmp_path / "out.mkv"
    assert color(source, out, frames=4) == []
    for kind in ("audio", "subtitle"):
        assert packets_of(out, kind) == packets_of(source, kind)
    with av.open(str(out)) as film:
        assert film.metadata["title"] == "Überfilm"
        assert film.streams.audio[0].metadata["language"] == "deu"
        assert [c["metadata"]["title"] for c in film.chapters()] == ["part 0", "part 1"]
        fonts = [s for s in film.streams if s.type == "attachment"]
        assert [(s.name, bytes(s.data)) for s in fonts] == [("font.ttf", b"not really a font")]  # type: ignore[attr-defined]


def test_what_mp4_cannot_hold_is_converted_or_named_and_never_dropped_in_silence(tmp_path: Path) -> None:
    source = make_film(tmp_path / "in.mkv", Recipe(sound="pcm_u8", subtitles=True, attachment=True))
    warnings = " ".join(color(source, tmp_path / "out.mp4"))
    for word in ("re-encoded", "mov_text", "attachment"):
        assert word in warnings
    with av.open(str(tmp_path / "out.mp4")) as film:
        assert len(film.streams.audio) == len(film.streams.subtitles) == 1
    texts = [data[2:].decode() for _, data in packets_of(tmp_path / "out.mp4", "subtitle") if len(data) > 2]
    assert texts == ["first", "second"]
    assert packets_of(tmp_path / "out.mp4", "audio")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_picture_that_starts_before_zero_keeps_its_distance_to_the_sound(tmp_path: Path, suffix: str) -> None:
    source = make_film(tmp_path / "in.mkv", Recipe(times=[t + 7 for t in UNEVEN], sound="aac"))
    color(source, tmp_path / f"out{suffix}", frames=4)
    before = packets_of(source, "video")[0][0] - packets_of(source, "audio")[0][0]
    after = times_of(tmp_path / f"out{suffix}")[0] - packets_of(tmp_path / f"out{suffix}", "audio")[0][0]
    assert abs(after - before) <= Fraction(1, 1000)


def test_a_cut_film_starts_at_zero_with_its_sound_and_chapters(tmp_path: Path) -> None:
    source = make_film(
        tmp_path / "in.mkv", Recipe(times=range(30), sound="flac", subtitles=True, chapters=True)
    )
    out = tmp_path / "out.mkv"
    color(source, out, RunSettings(start=0.2, end=0.8), frames=4)
    assert times_of(out) == [Fraction(k, 25) for k in range(15)]
    sound = packets_of(out, "audio")
    assert 0 <= sound[0][0] < Fraction(6, 100)
    assert sound[-1][0] < Fraction(6, 10)
    assert [t for t, _ in packets_of(out, "subtitle")] == [0, Fraction(4, 10)]
    with av.open(str(out)) as film:
        spans = [(c["start"] * c["time_base"], c["end"] * c["time_base"]) for c in film.chapters()]  # type: ignore[operator]
    assert spans == [(0, Fraction(3, 10)), (Fraction(3, 10), Fraction(6, 10))]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_shape_turn_and_range_stay(tmp_path: Path, suffix: str) -> None:
    recipe = Recipe(codec="libx264", aspect=Fraction(4, 3), matrix=TURNED, color_range=2)
    source = make_film(tmp_path / "in.mp4", recipe)
    color(source, tmp_path / f"out{suffix}")
    before, after = probe(source), probe(tmp_path / f"out{suffix}")
    assert (after.aspect, after.display_matrix, after.rotation) == (Fraction(4, 3), TURNED, before.rotation)
    assert after.tags.full_range


@pytest.mark.parametrize("codec", ["ffv1", "prores_ks", "libvpx-vp9", "libsvtav1"])
@pytest.mark.parametrize("name", ["", "Überfilm"])
def test_matroska_says_the_shape_of_samples_for_codecs_that_do_not(
    tmp_path: Path, codec: str, name: str
) -> None:
    recipe = Recipe(codec="libx264", aspect=Fraction(16, 15), size=(64, 64), track=name)
    source = make_film(tmp_path / "in.mkv", recipe)
    warnings = color(source, tmp_path / "out.mkv", RunSettings(codec=codec))
    assert not any("aspect" in line for line in warnings)
    assert abs(probe(tmp_path / "out.mkv").aspect / Fraction(16, 15) - 1) < Fraction(1, 500)
    with av.open(str(tmp_path / "out.mkv")) as film:
        assert film.streams.video[0].metadata.get("title", "") == name
    assert times_of(tmp_path / "out.mkv") == [Fraction(t, 25) for t in UNEVEN]


def test_a_track_name_too_long_to_trade_is_kept_and_the_shape_named_as_lost(tmp_path: Path) -> None:
    source = make_film(tmp_path / "in.mkv", Recipe(codec="libx264", aspect=Fraction(4, 3), track="x" * 200))
    warnings = color(source, tmp_path / "out.mkv", ARCHIVE)
    assert any("aspect" in line for line in warnings)
    with av.open(str(tmp_path / "out.mkv")) as film:
        assert film.streams.video[0].metadata["title"] == "x" * 200


@pytest.mark.parametrize(("suffix", "settings"), [(".mp4", RunSettings()), (".mkv", ARCHIVE)])
def test_two_runs_give_the_same_bytes(tmp_path: Path, suffix: str, settings: RunSettings) -> None:
    source = make_film(tmp_path / "in.mkv", Recipe(sound="flac", title="film"))
    digests = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        out = tmp_path / name / f"out{suffix}"
        color(source, out, settings, frames=5)
        digests.add(hashlib.sha256(out.read_bytes()).hexdigest())
    assert len(digests) == 1


def test_segments_that_do_not_fit_the_film_are_refused(tmp_path: Path) -> None:
    source = make_film(tmp_path / "in.mkv")
    info = probe(source)
    for settings in (RunSettings(), ARCHIVE):
        encoding = choose_encoding(info, settings, tmp_path / "out.mkv")
        frames = list(decode(info))
        pts = [f.pts for f in frames]
        halves = []
        for name, part in (("a", frames[:6]), ("b", frames[6:])):
            halves.append(tmp_path / f"{name}-{encoding.codec}")
            with SegmentWriter(halves[-1], encoding, info) as writer:
                for frame in part:
                    writer.write(frame, *chroma(encoding, info))
        for segments, expected in (
            (halves[:1], pts),
            (halves, pts[:-1]),
            (halves[::-1], pts),
            (halves, [*pts, 1 << 20]),
        ):
            with pytest.raises(OutputError, match="fresh"):
                join(segments, info, encoding, settings, tmp_path / "out.mkv", expected)
        halves[1].write_bytes(halves[1].read_bytes()[:2000])
        with pytest.raises(OutputError):
            join(halves, info, encoding, settings, tmp_path / "out.mkv", pts)
