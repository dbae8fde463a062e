"""What is known of a film's color afterwards, also behind an interruption."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from filmcolor.color.judge import judge
from filmcolor.model.predict import Predictor
from filmcolor.pipeline.figures import read_figures
from filmcolor.pipeline.run import color_film, load_predictor
from tests.pipeline.interrupted import color_interrupted
from tests.pipeline.test_run import SMALL, make_film

WEIGHTS = (0.299, 0.114)


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return load_predictor(SMALL)


def segment(path: Path, start: int, rows: list[tuple[float, ...]], goes_on: bool = False) -> Path:
    part = {"start": start, "goes_on": goes_on, "seconds": [start / 10, (start + len(rows) - 1) / 10],
            "rows": rows, "pictures": []}  # fmt: skip
    path.write_text(json.dumps([part]))
    return path


def row(chroma: float, a: float = 0.0, outside: float = 0.0) -> tuple[float, ...]:
    return (a, 0.0, chroma, chroma, outside)


def test_a_jump_a_gray_frame_and_flicker_are_found_across_the_seam_of_segments(tmp_path: Path) -> None:
    files = [
        segment(tmp_path / "0", 0, [row(10, 1), row(10, 2), row(10, 3)]),
        segment(tmp_path / "1", 3, [row(1, 4, 0.5), row(1, 6, 0.5), row(10, 7)], goes_on=True),
        segment(tmp_path / "2", 6, [row(30)]),
    ]
    figures = read_figures(files, 7, 2)
    first, second = figures.shots
    assert (first.start, first.stop, first.seconds, first.gray, first.jumps) == (0, 6, (0.0, 0.5), 2, 2)
    assert first.largest == (9.0, 3)
    assert (first.least, first.most, first.chroma) == (1, 10, 7)
    assert first.outside == pytest.approx(1 / 6, abs=1e-4)
    assert first.flicker == pytest.approx((0 + 0 + 1 + 1) / 4)
    assert (second.jumps, second.largest, second.flicker) == (0, None, None)
    assert figures.missing == 0


@pytest.mark.parametrize(
    "content",
    ["", "[", "{}", "[1]", '[{"start": 3}]',
     '[{"start":3,"goes_on":true,"seconds":[0,1],"rows":[[1,2,3,4,NaN]],"pictures":[]}]',
     '[{"start":3,"goes_on":true,"seconds":[0,1],"rows":[[1,2,3,4,5]],"pictures":["\\"><script>","a"]}]'],
)  # fmt: skip
def test_figures_that_are_damaged_are_counted_as_missing(tmp_path: Path, content: str) -> None:
    (tmp_path / "1").write_text(content)
    files = [segment(tmp_path / "0", 0, [row(10)] * 3), tmp_path / "1", tmp_path / "gone",
             segment(tmp_path / "2", 6, [row(10)] * 2, goes_on=True)]  # fmt: skip
    figures = read_figures(files, 8, 1)
    assert figures.missing == 3
    assert [(s.start, s.stop) for s in figures.shots] == [(0, 3), (6, 8)]


def test_color_that_luma_does_not_allow_is_out_of_gamut() -> None:
    luma = np.full((2, 8), 0.5, np.float32)
    luma[1] = 0.99
    ab = np.stack((np.full((2, 8), 30, np.float32), np.zeros((2, 8), np.float32)))
    found = judge(luma, ab, 1.0, *WEIGHTS)
    assert found.outside == 0.5
    assert found.wanted == pytest.approx(30, rel=1e-3)
    assert 15 < found.chroma < 25
    assert judge(luma, ab, 0.0, *WEIGHTS).chroma == 0


def test_figures_are_the_same_behind_an_interruption(tmp_path: Path, predictor: Predictor) -> None:
    film = make_film(tmp_path / "gray.mkv", shots=(97, 2, 4, 91))
    whole = color_film(film, tmp_path / "whole.mkv", SMALL, predictor=predictor).figures
    assert whole is not None
    assert whole.missing == 0
    assert [(s.start, s.stop) for s in whole.shots] == [(0, 97), (97, 99), (99, 103), (103, 194)]
    assert [float(Fraction(s.start, 25)) for s in whole.shots] == [s.seconds[0] for s in whole.shots]
    assert all(len(s.pictures) == 2 for s in whole.shots)
    color_interrupted(film, tmp_path / "color.mkv", SMALL, predictor, at=1)
    assert color_film(film, tmp_path / "color.mkv", SMALL, predictor=predictor).figures == whole
