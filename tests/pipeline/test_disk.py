"""Too little room is said before the work, with a figure; a disk that fills up costs nothing that is finished."""

import shutil
from collections import namedtuple
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from filmcolor.errors import OutputError
from filmcolor.pipeline.disk import DiskNeed, check_room, disk_need, size_text
from filmcolor.settings import RunSettings
from filmcolor.video.encode import choose_encoding
from filmcolor.video.probe import probe
from tests.films import Recipe, make_film

Usage = namedtuple("Usage", "total used free")


def need_of(folder: Path, settings: RunSettings, hours: int = 1, side: int = 1) -> DiskNeed:
    info = probe(make_film(folder / "film.mkv", Recipe(times=(0, 1, 2))))
    info = replace(
        info, frames=hours * 86400, duration=Fraction(hours * 3600), width=side * 640, height=side * 480
    )
    need = disk_need(info, choose_encoding(info, settings, Path("out.mkv")), settings, 10**12)
    assert need is not None
    return need


def test_the_need_grows_with_length_size_and_quality(tmp_path: Path) -> None:
    usual = need_of(tmp_path, RunSettings())
    assert need_of(tmp_path, RunSettings(), hours=2).segments == tuple(2 * size for size in usual.segments)
    assert need_of(tmp_path, RunSettings(), side=2).segments == tuple(4 * size for size in usual.segments)
    assert need_of(tmp_path, RunSettings(crf=22)).segments[1] == pytest.approx(usual.segments[1] / 2, abs=2)
    assert need_of(tmp_path, RunSettings(end=1800.0)).segments[1] == usual.segments[1] // 2
    lossless = need_of(tmp_path, RunSettings(preset="archive"))
    assert lossless.segments[0] > usual.segments[1]
    assert lossless.result[1] - lossless.segments[1] == 192_000 * 3600, "the sound comes to it"


def test_a_film_of_unknown_length_has_no_estimate(tmp_path: Path) -> None:
    info = replace(probe(make_film(tmp_path / "film.mkv")), frames=None, duration=None)
    settings = RunSettings()
    assert disk_need(info, choose_encoding(info, settings, Path("out.mkv")), settings, 1) is None


@pytest.mark.parametrize(
    ("free", "held", "answer"),
    [
        (10**12, 0, "fits"),
        (5 * 10**9, 0, "warned"),
        (10**9, 0, "refused"),
        (2_500_000_000, 0, "refused"),
        (2_500_000_000, 10**9, "warned"),
    ],
)
def test_too_little_room_is_refused_with_a_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, held: int, answer: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**13, 0, free))
    need = DiskNeed(segments=(15 * 10**8, 4 * 10**9), result=(15 * 10**8, 5 * 10**9))
    if answer == "refused":
        with pytest.raises(OutputError, match=r"at least 3\.0 GB .*--workspace") as refused:
            check_room(need, tmp_path, tmp_path, held)
        assert refused.value.exit_code == 4
    else:
        assert (check_room(need, tmp_path, tmp_path, held) is not None) == (answer == "warned")


def test_sizes_are_written_for_people() -> None:
    assert [size_text(n) for n in (999, 1500, 12_340_000_000)] == ["999 bytes", "1.5 kB", "12.3 GB"]
