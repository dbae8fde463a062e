"""Films whose times are strange: before zero, and going back where another recording follows."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest

from filmcolor.video.decode import decode
from filmcolor.video.probe import probe
from tests.films import Recipe, make_film, packets_of, times_of
from tests.video.coloring import color


def shifted_flv(path: Path, milliseconds: int) -> Path:
    """Move the times of a FLV's picture; they are signed, the low 24 bits first."""
    data = bytearray(path.read_bytes())
    at = 13
    while at + 11 <= len(data):
        if data[at] == 9:
            time = int.from_bytes(data[at + 4 : at + 7], "big") | data[at + 7] << 24
            moved = (time + milliseconds) % 2**32
            data[at + 4 : at + 7] = (moved & 0xFFFFFF).to_bytes(3, "big")
            data[at + 7] = moved >> 24
        at += 15 + int.from_bytes(data[at + 1 : at + 4], "big")
    path.write_bytes(data)
    return path


def test_an_flv_that_begins_before_zero_keeps_its_times_and_its_distance_to_the_sound(tmp_path: Path) -> None:
    recipe = Recipe(times=range(10), codec="flv1", sound="pcm_s16le")
    film = shifted_flv(make_film(tmp_path / "a.flv", recipe), -190)
    info = probe(film)
    assert [frame.pts for frame in decode(info)] == [40 * k - 190 for k in range(10)]
    out = tmp_path / "out.mkv"
    assert not [line for line in color(film, out) if "damaged" in line]
    assert times_of(out) == [Fraction(k, 25) for k in range(10)]
    assert packets_of(out, "audio")[0][0] == Fraction(190, 1000)


def without_end(film: Path, kind: str, keep: int, out: Path) -> Path:
    """Copy a film without the packets of one kind behind the first `keep`."""
    with av.open(str(film)) as source, av.open(str(out), "w") as target:
        streams = {s.index: target.add_stream_from_template(s, opaque=True) for s in source.streams}
        count = 0
        for packet in source.demux():
            if not packet.size:
                continue
            count += packet.stream.type == kind
            if packet.stream.type != kind or count <= keep:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    return out


def distances(path: Path, frame: int) -> Fraction:
    """Return the time of the frame, less that of the first sound of the recording that it belongs to."""
    sound = [time for time, _ in packets_of(path, "audio")]
    steps = [b - a for a, b in pairwise(sound)]
    return times_of(path)[frame] - sound[steps.index(max(steps)) + 1]


@pytest.mark.parametrize("suffix", [".mkv", ".mov"])
def test_sound_stays_with_its_picture_where_another_recording_follows(tmp_path: Path, suffix: str) -> None:
    whole = make_film(
        tmp_path / "a.ts", Recipe(times=range(75), codec="libx264", sound="aac", options=(("g", "25"),))
    )
    begins = times_of(whole)[0] - packets_of(whole, "audio")[0][0]
    short = without_end(whole, "audio", 20, tmp_path / "short.ts")  # its sound ends early: a hole stays
    joined = tmp_path / "joined.ts"
    joined.write_bytes(short.read_bytes() + whole.read_bytes())
    out = tmp_path / f"out{suffix}"
    color(joined, out)
    assert len(times_of(out)) == 150
    assert abs(distances(out, 75) - begins) < Fraction(1, 500)


def test_sound_that_goes_on_longer_than_its_picture_gives_way_to_the_next_recording(tmp_path: Path) -> None:
    whole = make_film(
        tmp_path / "a.ts", Recipe(times=range(75), codec="libx264", sound="aac", options=(("g", "25"),))
    )
    short = without_end(whole, "video", 50, tmp_path / "short.ts")
    joined = tmp_path / "joined.ts"
    joined.write_bytes(short.read_bytes() + whole.read_bytes())
    out = tmp_path / "out.mkv"
    color(joined, out)
    frames, sound = times_of(out), packets_of(out, "audio")
    original = {data[7:]: time for time, data in packets_of(whole, "audio")}  # without the ADTS header
    assert len(frames) == 125
    later = [(time, original[data]) for time, data in sound if time > frames[50] + Fraction(3, 2)]
    begin = times_of(whole)[0]
    assert later
    assert all(abs((time - frames[50]) - (was - begin)) < Fraction(1, 500) for time, was in later)
    assert all(a[0] <= b[0] for a, b in pairwise(sound))
