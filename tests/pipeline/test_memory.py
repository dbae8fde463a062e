"""Scene memory: what is recognized, what colors come back, and that resuming and sharing change nothing."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from filmcolor.flow.align import align
from filmcolor.model.predict import Predictor
from filmcolor.pipeline.making import Away, Maker, SegmentTask, set_up, store_task, stored_task
from filmcolor.pipeline.memory import SceneMemory, views_file
from filmcolor.pipeline.phase_a import Job, _Colors
from filmcolor.pipeline.progress import silent
from filmcolor.pipeline.run import color_film, load_predictor
from filmcolor.pipeline.scan import Footage
from filmcolor.pipeline.stored import store_colors, stored_colors
from filmcolor.settings import RunSettings
from tests.films import write_frames
from tests.pipeline.interrupted import color_interrupted

SMALL = RunSettings(size=64, mirrored=False, preset="archive")
HEIGHT, WIDTH = 96, 128


def _ground(seed: int) -> np.ndarray:
    rough = np.random.default_rng(seed).integers(20, 235, (18, 24)).astype(np.uint8)
    return cv2.resize(rough, (WIDTH + 64, HEIGHT + 32), interpolation=cv2.INTER_CUBIC)


def _view(seed: int, x: int, gain: float = 1.0) -> np.ndarray:
    return (_ground(seed)[8 : 8 + HEIGHT, x : x + WIDTH] * gain).astype(np.uint8)


def _thumbnail(small: Any) -> np.ndarray:
    thumb = cv2.resize(small, (16, 12), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    thumb -= thumb.mean()
    return thumb / max(float(np.linalg.norm(thumb)), 1e-6)


def _shot(number: int, start: int, seed: int, x: int, gain: float = 1.0) -> Footage:
    small = tuple(_view(seed, x + i, gain) for i in range(3))
    return Footage(number, start, start + 3, False, False, small, (start, start + 1, start + 2))


def test_a_scene_is_found_again_moved_and_darker_and_no_other_is() -> None:
    here = _view(1, 10)
    again, other = align(_view(1, 14, 0.85), here), align(_view(2, 14), here)
    assert again.believed
    assert again.share > 0.7
    assert not other.believed
    assert abs(float(np.median(again.there.flow[0])) - 2) < 0.3  # four pixels, on the half grid


@pytest.mark.parametrize(
    "luma", [np.zeros((HEIGHT, WIDTH), np.uint8), np.full((HEIGHT, WIDTH), 200, np.uint8)]
)
def test_an_empty_picture_is_nothing_to_recognize(luma: np.ndarray) -> None:
    assert not align(luma, luma).believed


def test_a_shot_is_recognized_by_the_latest_view_that_shows_most_of_it() -> None:
    memory = SceneMemory(_thumbnail, 8)
    first = memory.recall(0, [_shot(0, 0, 1, 10), _shot(1, 3, 2, 10)])
    assert first == (None, None)
    (back,) = memory.recall(1, [_shot(2, 6, 1, 13)])
    assert back is not None
    assert (back.view.segment, back.view.piece, back.view.last) == (0, 0, True)
    assert back.view.place == 1
    assert memory.recalled == 1
    assert memory.segments() == {0, 1}


def test_memory_is_bounded() -> None:
    memory = SceneMemory(_thumbnail, 8)
    for i in range(80):
        memory.recall(i, [Footage(i, i, i + 1, False, False, (_view(i, 0),), (i,))])
    assert len(memory.segments()) == 80  # one view each
    memory.recall(80, [_shot(80 + i, 3 * i, 200 + i, 0) for i in range(64)])
    assert memory.segments() == {80}


class Late:
    """A segment made elsewhere, whose colors are stored only once they are waited for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def ended(self) -> bool:
        return False

    def anchored(self) -> bool:
        store_colors(views_file(self._folder, 0), np.full((2, 2, 4, 4), 7, np.float16))
        return True

    def made(self) -> int | None:
        return None


def test_a_view_that_its_own_segment_pushes_out_of_memory_is_waited_for(tmp_path: Path) -> None:
    memory = SceneMemory(_thumbnail, 8)
    away = SegmentTask(0, (_shot(0, 0, 1, 10),), None, memory.recall(0, [_shot(0, 0, 1, 10)]))
    many = [_shot(1, 3, 1, 13), *(_shot(2 + i, 6 + 3 * i, 200 + i, 0) for i in range(64))]
    task = SegmentTask(1, tuple(many), None, memory.recall(1, many))
    assert memory.segments() == {1}
    colors = _Colors(None, tmp_path, None)  # type: ignore[arg-type]
    colors.handed_away(Job(away, None, Late(tmp_path)))
    recalled = colors.told(task, memory).recalled[0]
    assert recalled is not None
    assert recalled.ab is not None
    assert (recalled.ab == 7).all()


@pytest.mark.parametrize("held", [b"", b"\x93NUMPY", b"anything"])
def test_stored_colors_that_are_torn_are_none(tmp_path: Path, held: bytes) -> None:
    (tmp_path / "torn.npy").write_bytes(held)
    assert stored_colors(tmp_path / "torn.npy", 3) is None
    assert stored_colors(tmp_path / "torn.npy", 4) is None


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return load_predictor(SMALL)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A-B-A-B-A, three segments: 100 frames, 60 and 40, 30 and 8."""
    path = tmp_path_factory.mktemp("scenes") / "film.mkv"
    shots = ((1, 100), (2, 60), (1, 40), (2, 30), (1, 8))
    views = (_view(seed, i // 4) for seed, frames in shots for i in range(frames))
    return write_frames(path, (av.VideoFrame.from_ndarray(view, format="gray") for view in views))


@pytest.fixture(scope="module")
def plain(film: Path, predictor: Predictor) -> tuple[bytes, Any]:
    out = film.with_name("plain.mkv")
    result = color_film(film, out, SMALL, silent, predictor)
    return out.read_bytes(), result


def test_shots_take_the_colors_of_earlier_ones(
    film: Path, plain: tuple[bytes, Any], predictor: Predictor
) -> None:
    assert plain[1].shots == 5
    assert plain[1].recalled == 3
    without = color_film(
        film, film.with_name("without.mkv"), replace(SMALL, scene_memory=False), silent, predictor
    )
    assert without.recalled == 0
    assert film.with_name("without.mkv").read_bytes() != plain[0]


def test_an_interrupted_run_recalls_the_same(
    film: Path, plain: tuple[bytes, Any], predictor: Predictor
) -> None:
    out = film.with_name("again.mkv")
    color_interrupted(film, out, SMALL, predictor, at=2)
    result = color_film(film, out, SMALL, silent, predictor)
    assert result.recalled == 3
    assert out.read_bytes() == plain[0]


class Elsewhere:
    """Makes segments as another worker does, at once or not at all."""

    def __init__(self, film: Path, out: Path, predictor: Predictor, fails: int) -> None:
        self._maker = Maker(set_up(film, out, SMALL, predictor))
        self._fails = fails
        self.taken: list[SegmentTask] = []

    def take(self, task: SegmentTask, folder: Path) -> Away:
        self.taken.append(task)
        path = folder / "task.npz"
        store_task(path, task)
        count = None
        if task.number != self._fails:
            count = self._maker.make(stored_task(path), folder, lambda: None)
        return Made(count)


class Made:
    def __init__(self, count: int | None) -> None:
        self._count = count

    def ended(self) -> bool:
        return True

    def anchored(self) -> bool:
        return self._count is not None

    def made(self) -> int | None:
        return self._count


@pytest.mark.parametrize("fails", [-1, 0])
def test_segments_made_elsewhere_recall_the_same(
    film: Path, plain: tuple[bytes, Any], predictor: Predictor, fails: int
) -> None:
    out = film.with_name(f"shared{fails}.mkv")
    hands = Elsewhere(film, out, predictor, fails)
    result = color_film(film, out, SMALL, silent, predictor, hands)
    assert out.read_bytes() == plain[0]
    assert result.recalled == 3
    outside = [r for task in hands.taken for r in task.recalled if r is not None and r.ab is not None]
    assert outside


def test_without_memory_segments_made_elsewhere_are_let_go(
    film: Path, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Job] = []
    monkeypatch.setattr(_Colors, "handed_away", lambda _, job: kept.append(job))
    settings, out = replace(SMALL, scene_memory=False), film.with_name("let-go.mkv")
    color_film(film, out, settings, silent, predictor, Elsewhere(film, out, predictor, -1))
    assert not kept
