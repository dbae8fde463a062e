"""Damaged films: every frame that is there, the others counted, the hole a hole in time."""

import json
from pathlib import Path

import av
import pytest

from filmcolor.cli.main import main
from filmcolor.errors import InputError, PartialError
from filmcolor.video.cut_off import is_cut_off
from filmcolor.video.damage import Damage
from filmcolor.video.decode import decode
from filmcolor.video.probe import probe
from tests.films import Recipe, make_film

CONSTANT = Recipe(times=range(60), size=(160, 128), codec="libx264", options=(("g", "12"),))
SUMS = (("level", "3"), ("slicecrc", "1"), ("slices", "4"), ("g", "1"))


def packets(film: Path) -> list[tuple[int, int, int]]:
    """Return place, size and PTS of each packet."""
    with av.open(str(film)) as file:
        return [(p.pos, p.size, p.pts) for p in file.demux(file.streams.video[0]) if p.size and p.pos]


def zero(film: Path, begin: int, stop: int) -> None:
    data = bytearray(film.read_bytes())
    data[begin:stop] = bytes(stop - begin)
    film.write_bytes(data)


def read(film: Path) -> tuple[list[int], Damage, list[str]]:
    info = probe(film)
    damage, said = Damage(film), list[str]()
    return [f.pts for f in decode(info, warn=said.append, damage=damage)], damage, said


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format"),
    [("a.mkv", "libx264", "yuv420p"), ("a.ts", "libx264", "yuv420p"), ("a.avi", "mpeg4", "yuv420p"),
     ("a.mp4", "libx264", "yuv420p"), ("a.webm", "libvpx", "yuv420p"), ("a.mkv", "mjpeg", "yuvj420p"),
     ("a.mkv", "ffv1", "yuv420p")],
)  # fmt: skip
def test_a_whole_film_has_no_damage(tmp_path: Path, name: str, codec: str, pixel_format: str) -> None:
    film = make_film(tmp_path / name, Recipe(times=range(40), codec=codec, pixel_format=pixel_format))
    times, damage, said = read(film)
    assert len(times) == 40
    assert not damage.partial
    assert not damage.concealed
    assert said == []


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_lost_frames_are_counted_exactly_and_leave_a_hole_in_time(tmp_path: Path, name: str) -> None:
    film = make_film(tmp_path / name, CONSTANT)
    whole = [f.pts for f in decode(probe(film))]
    places = packets(film)
    zero(film, places[20][0] + 40, places[24][0])
    times, damage, said = read(film)
    assert 30 <= len(times) < 60
    assert set(times) <= set(whole), "no frame moves in time"
    assert damage.lost == 60 - len(times)
    assert damage.partial
    assert any("lost" in line for line in said)


def test_frames_that_vanish_without_a_packet_are_found_by_the_broken_chain(tmp_path: Path) -> None:
    film = make_film(tmp_path / "a.mkv", Recipe(times=range(60), size=(160, 128), options=(("g", "1"),)))
    places = packets(film)
    zero(film, places[30][0] - 8, places[33][0])
    times, damage, _ = read(film)
    assert damage.lost == 60 - len(times) > 0


def test_a_hole_that_is_meant_is_no_damage(tmp_path: Path) -> None:
    times = [*range(30), *range(50, 80)]
    for name in ("a.mkv", "a.mp4"):
        found, damage, said = read(make_film(tmp_path / name, Recipe(times=times)
                                             if name == "a.mkv" else Recipe(times=times, codec="libx264")))  # fmt: skip
        assert len(found) == 60
        assert not damage.partial
        assert ("may be missing" in "".join(said)) == (name == "a.mkv")


@pytest.mark.parametrize("name", ["a.mkv", "a.avi", "a.flv", "a.ts", "a.mov", "a.mxf"])
def test_a_truncated_film_gives_what_is_there_and_is_partial(tmp_path: Path, name: str) -> None:
    codec = {"a.avi": "mpeg4", "a.mxf": "mpeg2video"}.get(name, "libx264")
    options = (("g", "12"),)
    film = make_film(tmp_path / name, Recipe(times=range(60), size=(160, 128), codec=codec, options=options))
    if name == "a.mov":
        film = faststart(film)
    data = film.read_bytes()
    film.write_bytes(data[: len(data) * 6 // 10 + 5])
    times, damage, said = read(film)
    assert 10 <= len(times) < 60
    assert damage.partial
    assert any("damaged" in line for line in said)
    with pytest.raises(InputError, match="strict"):
        list(decode(probe(film), strict=True))


def faststart(film: Path) -> Path:
    """Return a copy with its index in front, so that a cut leaves it whole."""
    target = film.with_name("front.mov")
    with (
        av.open(str(film)) as source,
        av.open(str(target), "w", container_options={"movflags": "faststart"}) as out,
    ):
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    return target


def test_concealed_damage_with_every_frame_there_is_not_partial(tmp_path: Path) -> None:
    film = make_film(tmp_path / "a.mkv", Recipe(times=range(20), size=(160, 128), options=SUMS))
    place, size, _ = packets(film)[9]
    data = bytearray(film.read_bytes())
    data[place + size // 2] ^= 4
    film.write_bytes(data)
    times, damage, said = read(film)
    assert len(times) == 20
    assert not damage.partial
    assert damage.concealed == 1, "FFV1's own check sums show it"
    assert "partly" in said[0]


def test_a_film_that_begins_in_the_middle_is_told_and_is_no_damage(tmp_path: Path) -> None:
    film = make_film(tmp_path / "a.ts", CONSTANT)
    place = packets(film)[5][0] // 188 * 188
    data = film.read_bytes()
    head = data[: 188 * 3]  # the tables
    film.write_bytes(head + data[place:])
    times, damage, said = read(film)
    assert 0 < len(times) < 60
    assert not damage.partial
    assert damage.early > 0
    assert "begins in the middle" in said[-1]


def test_another_recording_behind_the_first_loses_nothing(tmp_path: Path) -> None:
    film = make_film(tmp_path / "a.ts", CONSTANT)
    film.write_bytes(film.read_bytes() * 2)
    times, damage, said = read(film)
    assert len(times) == 120
    assert damage.lost == 0
    assert any("go back" in line for line in said)


@pytest.mark.parametrize("name", ["mp4", "mov", "matroska", "avi", "flv", "mpegts", "mpeg", "ogg", "mxf", "asf", "gif"])  # fmt: skip
@pytest.mark.parametrize("content", [b"", b"\0" * 9, b"\xff" * 500, bytes(range(256)) * 9])
def test_no_content_makes_the_check_of_the_end_fail(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    assert is_cut_off(path, name) in (True, False)


def test_run_ends_with_6_where_frames_were_lost_and_with_3_where_strict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = make_film(tmp_path / "a.mp4", CONSTANT)
    places = packets(film)
    zero(film, places[20][0] + 40, places[24][0])
    command = ["run", str(film), "--size", "64", "--no-mirror", "--json"]
    with pytest.raises(SystemExit) as end:
        main(command)
    assert end.value.code == PartialError.exit_code == 6
    (row,) = json.loads(capsys.readouterr().out)
    assert row["partial"]
    assert row["frames"] + row["lost"] == 60
    assert (tmp_path / "a.color.mp4").exists()
    with pytest.raises(SystemExit) as end:
        main([*command, "--strict", "--overwrite"])
    assert end.value.code == 3
    assert "without --strict" in capsys.readouterr().err
