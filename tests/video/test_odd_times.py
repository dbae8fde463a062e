"""Films whose times are strange: before zero, and going back where another recording follows."""

from fractions import Fraction
from pathlib import Path

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
