"""A film from end to end: what goes in comes out, plus color."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from unittest.mock import Mock

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from filmcolor.errors import InputError, OutputError, PartialError
from filmcolor.model.predict import Predictor
from filmcolor.pipeline import run as run_module
from filmcolor.pipeline.inputs import color_inputs
from filmcolor.pipeline.pictures import color_picture
from filmcolor.pipeline.progress import silent
from filmcolor.pipeline.run import color_film, load_predictor
from filmcolor.pipeline.sequence import color_sequence
from filmcolor.settings import RunSettings
from tests.films import write_frames
from tests.pipeline.interrupted import color_interrupted

SMALL = RunSettings(size=64, mirrored=False, preset="archive")
UNEVEN = [0, 3, 4, 9, 10, 12, 20, 21, 22, 30]


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return load_predictor(SMALL)


def make_film(path: Path, pixel_format: str = "yuv420p", shots: tuple[int, ...] = (6, 4), times=None) -> Path:
    """Write a lossless gray film of moving blobs; every shot has its own picture."""
    noise = np.random.default_rng(5)
    bits = 10 if "10" in pixel_format else 8
    times = times or range(sum(shots))
    pictures = []
    for frames in shots:
        ground = noise.integers(30, 200, (5, 6)).repeat(16, 0).repeat(16, 1)
        for i in range(frames):
            luma = np.roll(ground, 2 * i, axis=1) + noise.integers(0, 8, ground.shape)
            kind = np.uint16 if bits > 8 else np.uint8
            gray = np.full((120, 96), 128 << (bits - 8), kind)
            gray[:80] = (luma << (bits - 8)) + (noise.integers(0, 4, luma.shape) if bits > 8 else 0)
            pictures.append(av.VideoFrame.from_ndarray(gray, format=pixel_format))
    return write_frames(path, pictures, time_base=Fraction(1, 1000), times=[40 * time for time in times])


def planes(path: Path) -> Iterator[tuple[Fraction, np.ndarray, np.ndarray]]:
    """Yield time, luma and Cb of each frame."""
    with av.open(str(path)) as film:
        for frame in film.decode(video=0):
            kind = np.uint8 if frame.format.components[0].bits == 8 else np.uint16
            found = []
            for plane in frame.planes[:2]:
                rows = np.frombuffer(plane, kind).reshape(plane.height, -1)
                found.append(rows[:, : plane.width].copy())
            yield Fraction(frame.pts) * frame.time_base, *found


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv420p10le"])
def test_every_frame_keeps_its_luma_and_its_time(
    tmp_path: Path, predictor: Predictor, pixel_format: str
) -> None:
    film = make_film(tmp_path / "gray.mkv", pixel_format, times=UNEVEN)
    result = color_film(film, tmp_path / "color.mkv", SMALL, predictor=predictor)
    pairs = list(zip(planes(film), planes(result.path), strict=True))
    assert [made[0] for _, made in pairs] == [Fraction(n, 25) for n in UNEVEN]
    assert all((gray[1] == made[1]).all() for gray, made in pairs)
    assert all(np.ptp(made[2]) > 0 for _, made in pairs), "every frame has color"
    assert (result.frames, result.shots) == (10, 2)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["color.mkv", "gray.mkv"]


def test_the_same_run_gives_the_same_bytes(tmp_path: Path, predictor: Predictor) -> None:
    film = make_film(tmp_path / "gray.mkv")
    first = color_film(film, tmp_path / "a.mp4", RunSettings(size=64, mirrored=False), predictor=predictor)
    again = color_film(film, tmp_path / "b.mp4", RunSettings(size=64, mirrored=False), predictor=predictor)
    assert first.path.read_bytes() == again.path.read_bytes()


def test_any_number_of_threads_gives_the_same_bytes(tmp_path: Path, predictor: Predictor) -> None:
    film = make_film(tmp_path / "gray.mkv")
    before = cv2.getNumThreads()
    made = []
    try:
        for threads in (1, 8):
            cv2.setNumThreads(threads)
            made.append(
                color_film(film, tmp_path / f"{threads}.mkv", SMALL, predictor=predictor).path.read_bytes()
            )
    finally:
        cv2.setNumThreads(before)
    assert made[0] == made[1]


def test_color_does_not_cross_a_cut(tmp_path: Path, predictor: Predictor) -> None:
    alone = make_film(tmp_path / "alone.mkv", shots=(6,))
    both = make_film(tmp_path / "both.mkv", shots=(6, 6))
    a = color_film(alone, tmp_path / "a.mkv", SMALL, predictor=predictor)
    b = color_film(both, tmp_path / "b.mkv", SMALL, predictor=predictor)
    first = [cb for _, _, cb in planes(a.path)]
    with_other = [cb for _, _, cb in planes(b.path)][:6]
    assert all((x == y).all() for x, y in zip(first, with_other, strict=True))


def test_an_interrupted_run_goes_on_to_the_same_bytes(
    tmp_path: Path, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = make_film(tmp_path / "gray.mkv", shots=(60, 60, 60, 60))
    whole = color_film(film, tmp_path / "whole.mkv", SMALL, predictor=predictor)
    color_interrupted(film, tmp_path / "color.mkv", SMALL, predictor, at=1)
    assert not (tmp_path / "color.mkv").exists()
    written = Mock(wraps=run_module.write_segment)
    monkeypatch.setattr(run_module, "write_segment", written)
    result = color_film(film, tmp_path / "color.mkv", SMALL, predictor=predictor)
    assert written.call_count == 1, "the first segment is not made again"
    assert result.path.read_bytes() == whole.path.read_bytes()
    assert not list(tmp_path.glob(".*"))


def test_other_settings_than_those_of_unfinished_work_are_refused(
    tmp_path: Path, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = make_film(tmp_path / "gray.mkv")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run_module, "join", interrupted)
        with pytest.raises(KeyboardInterrupt):
            color_film(film, tmp_path / "color.mkv", SMALL, predictor=predictor)
    other = RunSettings(size=96, mirrored=False, preset="archive")
    with pytest.raises(OutputError, match=r"another setting, size \(64, now 96\)"):
        color_film(film, tmp_path / "color.mkv", other, predictor=predictor)
    fresh = RunSettings(size=96, mirrored=False, preset="archive", fresh=True)
    assert color_film(film, tmp_path / "color.mkv", fresh, predictor=predictor).frames == 10


def test_a_comparison_has_the_gray_film_left_and_the_result_right(
    tmp_path: Path, predictor: Predictor
) -> None:
    film = make_film(tmp_path / "gray.mkv")
    settings = RunSettings(size=64, mirrored=False, preset="archive", compare=True)
    color_film(film, tmp_path / "color.mkv", settings, predictor=predictor)
    with av.open(str(tmp_path / "color.compare.mkv")) as both:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in both.decode(video=0)]
    assert len(frames) == 10
    assert frames[0].shape == (80, 192, 3)
    colorful = [np.ptp(frames[3][:, half], axis=-1).mean() for half in (slice(0, 96), slice(96, 192))]
    assert colorful[0] < 3 < colorful[1]


def test_every_frame_calls_the_network_for_each(tmp_path: Path, predictor: Predictor) -> None:
    film = make_film(tmp_path / "gray.mkv")
    raw = RunSettings(size=64, mirrored=False, every_frame=True, smoothing=False, preset="archive")
    assert color_film(film, tmp_path / "raw.mkv", raw, predictor=predictor).anchors == 10


@pytest.mark.parametrize(("suffix", "mode"), [(".png", "L"), (".png", "I;16"), (".jpg", "L"), (".tif", "L")])
def test_a_picture_keeps_its_luma(tmp_path: Path, predictor: Predictor, suffix: str, mode: str) -> None:
    ramp = np.add.outer(np.arange(70), np.arange(90)) + np.random.default_rng(1).integers(0, 40, (70, 90))
    gray = (ramp * 257).astype(np.uint16) if mode == "I;16" else ramp.astype(np.uint8)
    source = tmp_path / f"gray{suffix}"
    Image.fromarray(gray).save(source)
    color_picture(source, tmp_path / f"color{suffix}", SMALL, predictor=predictor)
    made = Image.open(tmp_path / f"color{suffix}")
    assert made.size == (90, 70)
    luma = np.asarray(made.convert("L"), int)
    before = np.asarray(Image.open(source).convert("L"), int) if mode == "L" else ramp.astype(int)
    assert np.abs(luma - before).mean() < 1.0
    assert np.ptp(np.asarray(made.convert("YCbCr"))[..., 1]) > 0


def test_a_numbered_sequence_keeps_its_names(tmp_path: Path, predictor: Predictor) -> None:
    folder = tmp_path / "reel"
    folder.mkdir()
    for i in (7, 8, 10):
        Image.fromarray(np.full((64, 64), 60 + i, np.uint8)).save(folder / f"f_{i:04d}.png")
    result = color_sequence(folder, tmp_path / "out", SMALL, predictor=predictor)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["f_0007.png", "f_0008.png", "f_0010.png"]
    assert result.frames == 3
    assert any("9" in line for line in result.warnings), "the gap is named"


def run_all(sources: list[Path], out: str | None, **more: object) -> list[Path]:
    settings = RunSettings(size=64, mirrored=False, **more)  # type: ignore[arg-type]
    results = color_inputs(sources, out, settings, silent, begin=lambda _: None)
    return [result.path for result in results]


def test_a_result_lies_beside_its_source(tmp_path: Path) -> None:
    film = make_film(tmp_path / "movie.mkv", shots=(2,))
    assert run_all([film], None) == [tmp_path / "movie.color.mkv"]


def test_a_folder_keeps_the_name(tmp_path: Path) -> None:
    film = make_film(tmp_path / "movie.mkv", shots=(2,))
    assert run_all([film], f"{tmp_path}/out/") == [tmp_path / "out" / "movie.mkv"]


def test_two_results_of_one_name_are_refused_before_anything_is_done(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        make_film(tmp_path / name / "x.mkv", shots=(2,))
    with pytest.raises(OutputError, match="both"):
        run_all([tmp_path / "a/x.mkv", tmp_path / "b/x.mkv"], f"{tmp_path}/out/")
    assert not list((tmp_path / "out").iterdir())


def test_one_bad_film_does_not_stop_the_rest(tmp_path: Path) -> None:
    good = make_film(tmp_path / "good.mkv", shots=(2,))
    bad = tmp_path / "bad.mkv"
    bad.write_bytes(b"no film " * 100)
    with pytest.raises(PartialError, match="1 of 2"):
        run_all([bad, good], f"{tmp_path}/out/")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["good.mkv"]


@pytest.mark.parametrize("link", ["same", "hard", "symbolic"])
def test_an_output_that_is_the_source_is_refused(tmp_path: Path, link: str) -> None:
    film = make_film(tmp_path / "movie.mkv", shots=(2,))
    before = film.read_bytes()
    out = film if link == "same" else tmp_path / "other.mkv"
    if link == "hard":
        os.link(film, out)
    elif link == "symbolic":
        out.symlink_to(film)
    with pytest.raises(OutputError, match="source itself"):
        run_all([film], str(out), overwrite=True)
    assert film.read_bytes() == before


def test_an_existing_result_is_kept_without_overwrite_and_when_a_run_fails(tmp_path: Path) -> None:
    film = make_film(tmp_path / "movie.mkv", shots=(2,))
    out = tmp_path / "out.mkv"
    out.write_bytes(b"precious")
    with pytest.raises(OutputError, match="exists"):
        run_all([film], str(out))
    film.write_bytes(b"no film " * 100)
    with pytest.raises(InputError):
        run_all([film], str(out), overwrite=True)
    assert out.read_bytes() == b"precious"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("nothing.mkv", InputError),
        ("folder", InputError),
        ("out.xyz", OutputError),
        ("no/out.mkv", OutputError),
    ],
)
def test_what_cannot_be_is_one_error(tmp_path: Path, name: str, error: type[Exception]) -> None:
    film = make_film(tmp_path / "movie.mkv", shots=(2,))
    (tmp_path / "folder").mkdir()
    source, out = (tmp_path / name, None) if error is InputError else (film, str(tmp_path / name))
    with pytest.raises(error):
        run_all([source], out)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "movie.mkv"]


def test_ctrl_c_stops_at_once_and_leaves_no_result(tmp_path: Path) -> None:
    film = make_film(tmp_path / "movie.mkv", shots=(400,))
    command = [sys.executable, "-m", "filmcolor", "run", str(film), "--size", "64", "--progress", "json"]
    before = signal.signal(
        signal.SIGINT, signal.SIG_DFL
    )  # ignored in jobs of a background shell, and inherited
    try:
        process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, before)
    assert process.stderr is not None
    for line in process.stderr:
        if '"color"' in line:
            break
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert "stopped; what is finished is kept" in errors
    assert time.monotonic() - began < 30
    assert not (tmp_path / "movie.color.mkv").exists()
