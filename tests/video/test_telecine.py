"""Film woven into video is named; ordinary films, whole or of two fields, are not."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from filmcolor.film import Frame
from filmcolor.pipeline.run import color_film
from filmcolor.pipeline.survey import Survey, survey_film
from filmcolor.report.scan import source_document
from filmcolor.report.scan_text import lines_of
from filmcolor.settings import RunSettings
from filmcolor.video.telecine import FieldFindings, FieldWatch
from tests.films import flagged, picture_of, write_frames

HEIGHT, WIDTH = 96, 160
SMALL = RunSettings(size=64, mirrored=False)
Picture = np.ndarray[tuple[int, int], np.dtype[np.uint8]]


def moving(count: int, step: float = 1.0) -> list[Picture]:
    """Return frames of a picture that is panned over, with a grain of its own in each."""
    random = np.random.default_rng(2)
    coarse = random.integers(40, 210, (HEIGHT // 8 + 2, 3 * WIDTH // 8))
    ground = np.kron(coarse, np.ones((8, 8)))
    for _ in range(3):  # soft edges, as film has
        ground = (
            ground + np.roll(ground, 1, 0) + np.roll(ground, 1, 1) + np.roll(ground, (1, 1), (0, 1))
        ) / 4
    frames = []
    for index in range(count):
        at = int(4 * index * step)
        part = np.roll(ground, (-int(1.7 * index * step), -at), (0, 1))[:HEIGHT, :WIDTH]
        frames.append(np.clip(part + random.normal(0, 2, part.shape), 16, 235).astype(np.uint8))
    return frames


def woven(top: Picture, bottom: Picture) -> Picture:
    frame = top.copy()
    frame[1::2] = bottom[1::2]
    return frame


def three_two(film: Sequence[Picture]) -> list[Picture]:
    """Return five frames of video for four of film: its fields are shown twice and three times in turn."""
    video = []
    for k in range(0, len(film) - 3, 4):
        a, b, c, d = film[k : k + 4]
        video += [a, b, woven(b, c), woven(c, d), d]
    return video


def video_of(path: Path, frames: Sequence[Picture], fields: str | None = None, codec: str = "ffv1") -> Path:
    options = {"crf": "20", "bf": "2", "flags": "+ildct+ilme"} if codec == "libx264" and fields else {}
    pictures = [picture_of(luma, "yuv420p") for luma in frames]
    shown = [flagged(picture, fields) if fields else picture for picture in pictures]
    return write_frames(path, shown, codec=codec, rate=Fraction(30000, 1001), options=options)


def seen(frames: Sequence[Picture]) -> FieldFindings:
    watch = FieldWatch(8)
    for index, luma in enumerate(frames):
        watch.see(Frame(luma=luma, pts=index, time_base=Fraction(1, 30)))
    return watch.found()


def telecine_of(survey: Survey) -> list[str]:
    return [each["kind"] for each in source_document(survey)["telecine"]]


@pytest.mark.parametrize(("codec", "fields"), [("ffv1", None), ("libx264", "tff")])
def test_hard_telecine_is_named_with_the_films_own_rate(
    tmp_path: Path, codec: str, fields: str | None
) -> None:
    film = video_of(tmp_path / "telecine.mkv", three_two(moving(64)), fields, codec)
    survey = survey_film(film, SMALL)
    assert survey.fields.pulldown is not None
    assert (survey.fields.pulldown.rhythm, survey.fields.pulldown.share) == ("3:2", 1.0)
    (found,) = source_document(survey)["telecine"]
    assert found["kind"] == "hard"
    assert found["film_rate"] == pytest.approx(24000 / 1001, abs=0.01)
    assert "inverse telecine" in "\n".join(lines_of(source_document(survey)))
    assert any("23.976" in line and "inverse telecine" in line for line in survey.warnings)


def test_a_run_names_it_once(tmp_path: Path) -> None:
    film = video_of(tmp_path / "telecine.mkv", three_two(moving(24)))
    result = color_film(film, tmp_path / "out.mkv", SMALL)
    assert sum("inverse telecine" in line for line in result.warnings) == 1
    plain = video_of(tmp_path / "plain.mkv", moving(24))
    assert color_film(plain, tmp_path / "out2.mkv", SMALL).warnings == ()


def test_a_film_of_whole_frames_is_not_named(tmp_path: Path) -> None:
    survey = survey_film(video_of(tmp_path / "plain.mkv", moving(60)), SMALL)
    assert telecine_of(survey) == []
    assert survey.fields.content == "progressive"
    assert survey.warnings == ()


@pytest.mark.parametrize("order", ["tff", "bff"])
def test_an_interlaced_film_is_not_named_and_its_first_field_known(tmp_path: Path, order: str) -> None:
    halves = moving(100, step=0.5)
    pairs = zip(halves[0::2], halves[1::2], strict=True)
    frames = [woven(a, b) if order == "tff" else woven(b, a) for a, b in pairs]
    told = survey_film(video_of(tmp_path / "flagged.mkv", frames, order), SMALL)
    assert telecine_of(told) == []
    assert (told.fields.content, told.fields.top_first) == ("interlaced", order == "tff")
    assert (told.fields.flagged, told.warnings) == (50, ())
    (warning,) = survey_film(video_of(tmp_path / "plain.mkv", frames), SMALL).warnings
    assert "not flagged interlaced" in warning


def test_both_orders_of_fields_and_the_short_rhythm_are_known() -> None:
    film = moving(48)
    upside_down = [np.flipud(frame) for frame in three_two([np.flipud(frame) for frame in film])]
    found = seen(upside_down).pulldown
    assert found is not None
    assert found.rhythm == "3:2"
    short = []
    for k in range(0, 48, 4):
        a, b, c, d = film[k : k + 4]
        short += [a, b, woven(b, c), c, d]
    found = seen(short).pulldown
    assert found is not None
    assert found.rhythm == "2:3:3:2"


def test_telecine_of_a_part_is_placed_in_time() -> None:
    found = seen([*moving(150), *three_two(moving(48))]).pulldown
    assert found is not None
    assert not found.whole
    assert 145 <= found.first <= 155
    assert found.last >= 200


def test_where_nothing_moves_nothing_is_said() -> None:
    still = moving(1) * 60
    assert seen(still).pulldown is None
    assert seen(still).content == "unknown"
    assert seen(still).repeats is None


@pytest.mark.parametrize(("film_rate", "rate", "every"), [(24, 30, 5.0), (16, 24, 3.0), (18, 25, 25 / 7)])
def test_frames_that_come_again_tell_the_films_rate(film_rate: int, rate: int, every: float) -> None:
    film = moving(80)
    video = [film[n * film_rate // rate] for n in range(70 * rate // film_rate)]
    found = seen(video)
    assert found.repeats is not None
    assert float(found.repeats.every) == pytest.approx(every, abs=0.1)
    assert found.pulldown is None
    assert seen(film).repeats is None


def test_pictures_of_another_size_or_of_few_rows_are_passed_over() -> None:
    watch = FieldWatch(8)
    for shape in ((2, 9), (1, 1), (8, 9), (6, 9), (5, 3), (8, 1), (8, 1)):
        watch.see(Frame(luma=np.zeros(shape, np.uint8), pts=0, time_base=Fraction(1, 25)))
    assert watch.found().frames == 7
