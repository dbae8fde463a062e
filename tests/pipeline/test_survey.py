"""What `scan` finds must be what is there, and what `run` finds."""

from fractions import Fraction
from pathlib import Path

import pytest

from filmcolor.errors import InputError
from filmcolor.pipeline.run import color_film
from filmcolor.pipeline.survey import Survey, survey_film, survey_source
from filmcolor.report.scan import source_document
from filmcolor.settings import RunSettings
from tests.films import UNEVEN, Recipe, make_film, times_of
from tests.pipeline.test_parts import make_mixed

SMALL = RunSettings(size=64, mirrored=False)


def found(path: Path, settings: RunSettings = SMALL) -> Survey:
    return survey_film(path, settings)


def test_frames_and_times_are_counted_and_uneven_ones_named(tmp_path: Path) -> None:
    film = make_film(tmp_path / "uneven.mkv")
    timing = found(film).timing
    times = times_of(film)
    assert (timing.frames, timing.first, timing.last) == (len(UNEVEN), times[0], times[-1])
    assert not timing.constant
    assert (timing.shortest, timing.longest) == (Fraction(1, 25), Fraction(7, 25))


def test_one_rate_is_constant_and_its_hole_a_gap(tmp_path: Path) -> None:
    assert found(make_film(tmp_path / "even.mkv", Recipe(times=range(30)))).timing.constant
    times = [*range(20), *range(24, 44)]
    timing = found(make_film(tmp_path / "hole.mkv", Recipe(times=times))).timing
    assert timing.constant
    assert timing.gaps == ((Fraction(19, 25), Fraction(5, 25), 4),)
    assert timing.rate == 25


def test_shots_and_damage_are_those_of_a_run(tmp_path: Path) -> None:
    film = make_film(
        tmp_path / "cuts.ts", Recipe(times=range(60), cuts=(20, 45), codec="libx264", options=(("bf", "0"),))
    )
    whole = film.read_bytes()
    survey = found(film)
    assert [(shot.start, shot.stop) for shot in survey.shots] == [(0, 20), (20, 45), (45, 60)]
    assert [shot.second for shot in survey.shots] == pytest.approx([0.08, 0.88, 1.88], abs=0.1)
    broken = tmp_path / "broken.ts"
    middle = len(whole) // 2 // 188 * 188
    broken.write_bytes(whole[:middle] + whole[middle + 188 * 6 :])
    run = color_film(broken, tmp_path / "out.mkv", SMALL)
    survey = found(broken)
    assert run.damage is not None
    assert run.damage.lost or run.damage.concealed
    assert (survey.timing.frames, len(survey.shots)) == (run.frames, run.shots)
    assert (survey.damage.lost, survey.damage.cut, survey.partial) == (
        run.damage.lost,
        run.damage.cut,
        run.partial,
    )


def test_what_is_kept_of_the_film_alone_is_looked_at(tmp_path: Path) -> None:
    film = make_film(tmp_path / "film.mkv", Recipe(times=range(50), cuts=(25,)))
    survey = found(film, RunSettings(size=64, start=0.4, end=1.6))
    assert survey.timing.frames == 30
    assert [(shot.start, shot.stop) for shot in survey.shots] == [(0, 15), (15, 30)]
    assert survey.shots[1].second == 1.0


def test_parts_in_color_already_are_named_as_a_run_passes_them(tmp_path: Path) -> None:
    film = tmp_path / "mixed.mkv"
    make_mixed(film, (("gray", 20, 2), ("color", 30, 1), ("color", 20, 5), ("sepia", 20, 3)))
    survey = found(film)
    assert [shot.colored for shot in survey.shots] == [False, True, True, False]
    named = source_document(survey)["colored"]
    assert named == {"frames": 50, "shots": 2, "parts": [{"start": 20, "stop": 70, "second": 0.8}]}
    run = color_film(film, tmp_path / "out.mkv", SMALL)
    assert (run.passed_frames, run.passed_shots, run.shots) == (50, 2, len(survey.shots))


def test_a_longer_film_needs_more_time_and_disk(tmp_path: Path) -> None:
    short = found(make_film(tmp_path / "short.mkv", Recipe(times=range(10))))
    long = found(make_film(tmp_path / "long.mkv", Recipe(times=range(40))))
    assert long.seconds > short.seconds
    assert short.disk is not None
    assert long.disk is not None
    assert long.disk.segments[1] == pytest.approx(4 * short.disk.segments[1], rel=0.01)


def test_a_numbered_series_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="numbered series"):
        survey_source(tmp_path, SMALL)
