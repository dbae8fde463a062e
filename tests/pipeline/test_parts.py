"""Films that are in color here and there: what has color keeps it, what is gray, sepia or noisy gets it."""

import json
from collections.abc import Container, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from filmcolor.color.sight import choose_sight
from filmcolor.film import Frame
from filmcolor.model.predict import Predictor
from filmcolor.pipeline.making import Away, Maker, SegmentTask, set_up, store_task, stored_task
from filmcolor.pipeline.parts import color_runs, shrink_chroma
from filmcolor.pipeline.progress import silent
from filmcolor.pipeline.run import color_film, load_predictor
from filmcolor.pipeline.scan import PIECE_FRAMES, scan
from filmcolor.report.film_page import write_report
from filmcolor.settings import RunSettings
from tests.films import write_frames
from tests.pipeline.interrupted import color_interrupted

SMALL = RunSettings(size=64, mirrored=False, preset="archive")
HEIGHT, WIDTH = 96, 160
SIGHT = choose_sight(WIDTH, HEIGHT, Fraction(1), 0, 64)
SHOTS = (("gray", 20, 2), ("color", 170, 1), ("sepia", 20, 3), ("gray", 14, 4), ("color", 13, 4))
Planes = list[np.ndarray]


def picture(kind: str, seed: int, i: int, step: tuple[int, int] = (2, 2)) -> Planes:
    """Return Y, Cb and Cr of frame i of a shot: blocks that move across, with grain. step: of chroma, down and across."""
    rng = np.random.default_rng(seed)
    ground = rng.integers(40, 200, (8, 14)).repeat(12, 0).repeat(12, 1)[:HEIGHT, :WIDTH]
    luma = np.roll(ground, i, 1) + np.random.default_rng(1000 * seed + i).integers(-4, 5, (HEIGHT, WIDTH))
    share = (luma[:: step[0], :: step[1]] - 16) / 219
    color = np.zeros((2, *share.shape))
    if kind == "color":
        blocks = rng.integers(-40, 41, (2, 6, 10)).repeat(16, 1).repeat(16, 2)
        color = np.roll(blocks, i, 2)[:, :: step[0], :: step[1]]
    elif kind == "sepia":
        noise = np.random.default_rng(77 * seed + i).normal(0, 4, color.shape)
        color = noise + np.stack((-18 - 10 * share, 12 + 8 * share))
    return [luma.astype(np.uint8), *np.rint(128 + color).astype(np.uint8)]


def make_mixed(
    path: Path, shots: Sequence[tuple[str, int, int]] = SHOTS, pixel_format: str = "yuv420p"
) -> list[Planes]:
    """Write a film of shots (kind, frames, seed); return its planes."""
    step = {"yuv420p": (2, 2), "yuv422p": (1, 2), "yuv444p": (1, 1)}[pixel_format]
    truth = [picture(kind, seed, i, step) for kind, frames, seed in shots for i in range(frames)]
    write_frames(path, (_frame(planes, pixel_format) for planes in truth))
    return truth


def _frame(planes: Planes, pixel_format: str) -> av.VideoFrame:
    frame = av.VideoFrame(WIDTH, HEIGHT, pixel_format)
    for plane, values in zip(frame.planes, planes, strict=True):
        rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
        rows[: len(values), : values.shape[1]] = values
    return frame


def planes_of(path: Path) -> list[Planes]:
    """Return the planes of all frames of a film."""
    found = []
    with av.open(str(path)) as film:
        for frame in film.decode(video=0):
            kind = np.uint8 if frame.format.components[0].bits == 8 else np.uint16
            rows = [np.frombuffer(p, kind).reshape(p.height, -1)[:, : p.width].copy() for p in frame.planes]
            found.append(rows)
    return found


def kept(truth: list[Planes], made: list[Planes]) -> list[bool]:
    """Return of each frame whether its chroma is the source's, byte for byte; luma must be."""
    assert len(truth) == len(made)
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(truth, made, strict=True))
    return [all(map(np.array_equal, a[1:], b[1:])) for a, b in zip(truth, made, strict=True)]


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return load_predictor(SMALL)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Planes]]:
    path = tmp_path_factory.mktemp("mixed") / "mixed.mkv"
    return path, make_mixed(path)


@pytest.fixture(scope="module")
def whole(mixed: tuple[Path, list[Planes]], predictor: Predictor) -> tuple[Path, Any]:
    out = mixed[0].with_name("whole.mkv")
    return out, color_film(mixed[0], out, SMALL, predictor=predictor)


def test_what_has_color_keeps_it_and_the_rest_is_colored(
    mixed: tuple[Path, list[Planes]], whole: tuple[Path, Any], tmp_path: Path
) -> None:
    out, result = whole
    same = kept(mixed[1], planes_of(out))
    assert same == [False] * 20 + [True] * 170 + [False] * 34 + [True] * 13
    assert (result.passed_frames, result.passed_shots, result.shots) == (183, 2, 5)
    assert [line for line in result.warnings if "--recolor" in line] == [
        "mixed.mkv: in color already at 0.80 s; such parts are passed through as they are (--recolor colors them, too)"
    ]
    assert [(p.start, p.stop) for p in result.figures.passed] == [(20, 190), (224, 237)]
    assert [(s.start, s.stop) for s in result.figures.shots] == [(0, 20), (190, 210), (210, 224)]
    assert result.figures.missing == 0
    write_report(mixed[0], result, SMALL, tmp_path / "report.html")
    color = json.loads((tmp_path / "report.json").read_text())["color"]
    assert color["passed"] == {
        "frames": 183, "shots": [{"start": 20, "stop": 190, "seconds": [0.8, 7.56]},
                                 {"start": 224, "stop": 237, "seconds": [8.96, 9.44]}],
    }  # fmt: skip
    page = (tmp_path / "report.html").read_text()
    assert "in 2 shots, passed through" in page
    assert "In color already" in page


def test_recolor_colors_all(mixed: tuple[Path, list[Planes]], predictor: Predictor, tmp_path: Path) -> None:
    settings = replace(SMALL, recolor=True, end=1.2)
    result = color_film(mixed[0], tmp_path / "all.mkv", settings, predictor=predictor)
    assert not any(kept(mixed[1][:30], planes_of(tmp_path / "all.mkv")))
    assert (result.passed_frames, result.passed_shots) == (0, 0)
    assert settings.digest() != replace(settings, recolor=False).digest()


def test_an_interrupted_run_passes_the_same_through(
    mixed: tuple[Path, list[Planes]],
    whole: tuple[Path, Any],
    predictor: Predictor,
) -> None:
    out = mixed[0].with_name("again.mkv")
    color_interrupted(mixed[0], out, SMALL, predictor, at=1)
    result = color_film(mixed[0], out, SMALL, silent, predictor)
    assert out.read_bytes() == whole[0].read_bytes()
    assert (result.passed_frames, result.passed_shots) == (183, 2)


class Elsewhere:
    """Makes segments as another worker does, at once."""

    def __init__(self, film: Path, out: Path, predictor: Predictor) -> None:
        self._maker = Maker(set_up(film, out, SMALL, predictor))

    def take(self, task: SegmentTask, folder: Path) -> Away:
        store_task(folder / "task.npz", task)
        return Made(self._maker.make(stored_task(folder / "task.npz"), folder, lambda: None))


class Made:
    def __init__(self, count: int) -> None:
        self._count = count

    def ended(self) -> bool:
        return True

    def anchored(self) -> bool:
        return True

    def made(self) -> int:
        return self._count


def test_segments_made_elsewhere_pass_the_same_through(
    mixed: tuple[Path, list[Planes]], whole: tuple[Path, Any], predictor: Predictor
) -> None:
    out = mixed[0].with_name("shared.mkv")
    result = color_film(mixed[0], out, SMALL, silent, predictor, Elsewhere(mixed[0], out, predictor))
    assert out.read_bytes() == whole[0].read_bytes()
    assert (result.anchors, result.passed_frames) == (whole[1].anchors, 183)


@pytest.mark.parametrize(
    ("pixel_format", "asked", "exact"),
    [("yuv422p", None, True), ("yuv444p", None, True), ("yuv420p", "yuv444p", False), ("yuv444p", "yuv420p10le", False)],
)  # fmt: skip
def test_color_survives_another_layout(
    tmp_path: Path, predictor: Predictor, pixel_format: str, asked: str | None, exact: bool
) -> None:
    truth = make_mixed(tmp_path / "a.mkv", (("color", 6, 1),), pixel_format)
    result = color_film(
        tmp_path / "a.mkv", tmp_path / "b.mkv", replace(SMALL, pixel_format=asked), predictor=predictor
    )
    made = planes_of(tmp_path / "b.mkv")
    assert (result.anchors, result.passed_frames, result.passed_shots) == (0, 6, 1)
    if exact:
        assert all(kept(truth, made))
        return
    unit = 4 if asked and asked.endswith("10le") else 1
    for before, after in zip(truth, made, strict=True):
        for k in (1, 2):
            assert abs(before[k].mean() - after[k].mean() / unit) < 0.5
            assert abs(before[k].std() - after[k].std() / unit) < 3


def test_rgb_in_color_is_passed_through(tmp_path: Path, predictor: Predictor) -> None:
    truth = make_mixed(tmp_path / "a.mkv", (("color", 4, 1),), "yuv444p")
    frames = (_frame(planes, "yuv444p").reformat(format="bgr0") for planes in truth)
    write_frames(tmp_path / "rgb.mkv", frames)
    result = color_film(tmp_path / "rgb.mkv", tmp_path / "b.mkv", SMALL, predictor=predictor)
    assert result.passed_frames == 4
    for before, after in zip(truth, planes_of(tmp_path / "b.mkv"), strict=True):
        for k in (1, 2):  # the result is full range
            wanted = (before[k].astype(float) - 128) * 255 / 224 + 128
            assert np.abs(wanted - after[k]).mean() < 1.5


def small_frames(*shots: tuple[str, int, int]) -> tuple[list[np.ndarray], list[Any]]:
    """Return small luma and small chroma of shots, gray without chroma."""
    luma, chroma = [], []
    for kind, frames, seed in shots:
        for i in range(frames):
            y, cb, cr = picture(kind, seed, i)
            luma.append(SIGHT.small(y))
            chroma.append(None if kind == "gray" else shrink_chroma((cb, cr), SIGHT))
    return luma, chroma


@pytest.mark.parametrize("frames", [1, 2, 3, 40])
@pytest.mark.parametrize(("kind", "colored"), [("gray", False), ("sepia", False), ("color", True)])
def test_a_shot_has_one_verdict(kind: str, colored: bool, frames: int) -> None:
    if kind == "sepia" and frames == 1:
        pytest.skip("noise and color cannot be told by one frame")
    assert color_runs(*small_frames((kind, frames, 5)), 8, None) == [(frames, colored)]


CHANGES = [("gray", "color"), ("sepia", "color"), ("color", "gray"), ("color", "sepia")]


@pytest.mark.parametrize("turn", [1, 2, 9, 21, 40, 71, 78, 79])
@pytest.mark.parametrize(("one", "other"), CHANGES)
def test_color_that_comes_or_goes_begins_a_new_run_at_that_very_frame(
    one: str, other: str, turn: int
) -> None:
    frames = small_frames((one, turn, 5), (other, 80 - turn, 5))
    assert color_runs(*frames, 8, None) == [(turn, one == "color"), (80 - turn, other == "color")]


@pytest.mark.parametrize("turn", [-2, -1, 0, 1, 2])
@pytest.mark.parametrize(("one", "other"), CHANGES)
def test_color_that_comes_or_goes_at_the_edge_of_a_piece_does_so_at_that_very_frame(
    one: str, other: str, turn: int
) -> None:
    at = PIECE_FRAMES + turn
    luma, chroma = small_frames((one, at, 5), (other, PIECE_FRAMES + 9 - at, 5))
    first = color_runs(luma[: PIECE_FRAMES + 1], chroma[: PIECE_FRAMES + 1], 8, None, trail=True)
    second = color_runs(luma[PIECE_FRAMES - 1 :], chroma[PIECE_FRAMES - 1 :], 8, first[-1][1], lead=True)
    found = [colored for count, colored in (*first, *second) for _ in range(count)]
    assert found == [one == "color"] * at + [other == "color"] * (PIECE_FRAMES + 9 - at)


def test_a_cut_that_is_found_a_frame_late_leaves_color_in_color() -> None:
    color = small_frames(("color", 40, 5), ("color", 1, 9))
    assert color_runs(*color, 8, None) == [(41, True)]
    gray = small_frames(("sepia", 40, 5), ("sepia", 1, 9))
    assert color_runs(*gray, 8, None) == [(41, False)]


def test_what_was_said_of_a_long_shot_holds_in_the_dark() -> None:
    luma, chroma = small_frames(("color", 30, 5))
    dark = [np.full_like(y, 17) for y in luma]
    assert color_runs(dark, [None] * 30, 8, True) == [(30, True)]
    assert color_runs(dark, [None] * 30, 8, None) == [(30, False)]
    assert color_runs(luma, [None] * 30, 8, True) == [(30, False)]
    assert color_runs(luma, chroma, 8, False) == [(30, True)]


def scanned(gray: Container[int], count: int) -> list[tuple[int, int, int, bool, bool, bool]]:
    """Return (shot, start, stop, shared start and end, colored) of the pieces of a take with gray frames."""
    frames = (
        Frame(luma=y, pts=i, time_base=Fraction(1, 25), chroma=None if i in gray else (cb, cr))
        for i, (y, cb, cr) in enumerate(picture("color", 5, i // 4) for i in range(count))
    )
    return [
        (p.shot, p.start, p.stop, p.shared_start, p.shared_end, p.colored) for p in scan(frames, SIGHT, 8)
    ]


@pytest.mark.parametrize("away", [-1, 0, 1])
def test_a_long_take_that_gets_or_loses_color_at_a_seam_is_two_shots(away: int) -> None:
    at, count = PIECE_FRAMES + away, PIECE_FRAMES + 80
    for gray, late in ((range(at), True), (range(at, count), False)):
        pieces = scanned(gray, count)
        assert [colored for _, start, stop, _, _, colored in pieces for _ in range(start, stop)] == (
            [not late] * at + [late] * (count - at)
        )
        assert [shot for shot, start, stop, *_ in pieces for _ in range(start, stop)] == [0] * at + [1] * (
            count - at
        )
        assert not any(shared for _, start, _, shared, _, _ in pieces if start == at)


def test_a_long_take_that_gets_color_is_two_shots() -> None:
    seam = PIECE_FRAMES
    assert scanned(range(seam + 40), seam + 80) == [
        (0, 0, seam, False, True, False),
        (0, seam, seam + 40, True, False, False),
        (1, seam + 40, seam + 80, False, False, True),
    ]
