"""Too little room is said before the work, with a figure; a disk that fills up costs nothing that is finished."""

import errno
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from filmcolor.errors import OutputError
from filmcolor.model.predict import Predictor
from filmcolor.pipeline.disk import DiskNeed, check_room, disk_need
from filmcolor.pipeline.run import color_film
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


class Unused(Predictor):
    """A network that must not be asked: the work is refused before."""

    digest = "0" * 64
    engine = "none"

    def __init__(self) -> None:
        pass


@pytest.mark.parametrize("where", ["folder", "workspace"])
def test_a_place_that_cannot_be_written_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    film = make_film(tmp_path / "gray.mkv")
    (tmp_path / "out").mkdir()
    (tmp_path / "work").mkdir()
    opened, made = Path.open, Path.mkdir

    def refuse(path: Path) -> None:
        if path.parent.name == {"folder": "out", "workspace": "work"}[where]:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    def open_it(path: Path, *args: object, **more: object) -> object:
        refuse(path)
        return opened(path, *args, **more)  # type: ignore[call-overload]

    def make_it(path: Path, *args: object, **more: object) -> None:
        refuse(path)
        made(path, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "open", open_it)
    monkeypatch.setattr(Path, "mkdir", make_it)
    settings = RunSettings(size=64, workspace=tmp_path / "work")
    with pytest.raises(OutputError, match="Read-only") as refused:
        color_film(film, tmp_path / "out" / "color.mkv", settings, predictor=Unused())
    assert refused.value.exit_code == 4
    assert str(tmp_path / {"folder": "out", "workspace": "work"}[where]) in str(refused.value)
    assert not list((tmp_path / "out").iterdir())
    assert not list((tmp_path / "work").iterdir())


def test_a_workspace_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    film = make_film(tmp_path / "gray.mkv")
    command = [sys.executable, "-m", "filmcolor", "run", str(film), "--size", "64", "--workspace", "nowhere"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert "nowhere" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["gray.mkv"]
