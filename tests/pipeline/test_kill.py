"""A run killed at any step goes on to the same bytes and leaves nothing behind."""

import os
import random
import time
from pathlib import Path

import pytest

from filmcolor.pipeline import inputs, plan
from tests.films import Recipe, make_film
from tests.pipeline import dying

FRAMES = 3 * dying.SEGMENT - 2


@pytest.fixture(autouse=True)
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "SEGMENT_FRAMES", dying.SEGMENT)
    monkeypatch.setattr(inputs, "load_predictor", lambda _: dying.predictor())


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three segments with sound at uneven times."""
    times = [k * 2 + k % 3 for k in range(FRAMES)]
    cuts = [dying.SEGMENT * k for k in (1, 2)]
    folder = tmp_path_factory.mktemp("source")
    return make_film(folder / "gray.mkv", Recipe(times=times, cuts=cuts, sound="pcm_s16le"))


@pytest.fixture(scope="module")
def whole(film: Path) -> bytes:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "SEGMENT_FRAMES", dying.SEGMENT)
        patch.setattr(inputs, "load_predictor", lambda _: dying.predictor())
        return dying.color(film, film.with_name("whole.mkv")).path.read_bytes()


@pytest.mark.parametrize("step", dying.STEPS)
def test_a_run_killed_at_a_step_goes_on_to_the_same_bytes(
    step: str, film: Path, whole: bytes, tmp_path: Path
) -> None:
    out = tmp_path / "color.mkv"
    assert dying.killed(film, out, step), "the step was not reached"
    assert not out.exists() or out.read_bytes() == whole, "a result that is there is whole"
    again = dying.color(film, out)
    assert out.read_bytes() == whole
    assert (again.frames, again.shots) == (FRAMES, 3)
    assert [path.name for path in tmp_path.iterdir()] == ["color.mkv"], "nothing is left behind"


def test_a_stale_workspace_is_gone_on_with_though_its_process_number_lives_again(
    film: Path, whole: bytes, tmp_path: Path
) -> None:
    out = tmp_path / "color.mkv"
    assert dying.killed(film, out, "second segment journaled")
    (tmp_path / ".color.mkv.filmcolor" / "lock").write_text(f"{os.getpid()}\n")  # a process that lives
    again = dying.color(film, out)
    assert again.anchors < dying.color(film, tmp_path / "anew.mkv").anchors, "finished segments are kept"
    assert out.read_bytes() == whole
    assert {path.name for path in tmp_path.iterdir()} == {"color.mkv", "anew.mkv"}


@pytest.mark.parametrize("room", [100, 1000, 2500, 7_000, 20_000, 40_000])
def test_a_full_disk_is_one_line_and_loses_nothing(
    room: int, film: Path, whole: bytes, tmp_path: Path
) -> None:
    out = tmp_path / "color.mkv"
    assert room < len(whole)
    assert dying.cramped(film, out, room) == 4
    said = tmp_path / "said"
    assert "make room and run again" in said.read_text()
    assert "\n" not in said.read_text()
    said.unlink()
    assert not out.exists()
    dying.color(film, out)
    assert out.read_bytes() == whole
    assert [path.name for path in tmp_path.iterdir()] == ["color.mkv"]


@pytest.mark.slow
def test_a_run_killed_at_any_moment_goes_on_to_the_same_bytes(
    film: Path, whole: bytes, tmp_path: Path
) -> None:
    length = 0.0
    for name in ("first.mkv", "timed.mkv"):  # the first starts the server from which processes are forked
        began = time.monotonic()
        assert not dying.killed(film, tmp_path / name)
        length = time.monotonic() - began
        (tmp_path / name).unlink()
    moments = random.Random(22)
    died = 0
    for number in range(20):
        out = tmp_path / f"{number}.mkv"
        if dying.killed(film, out, seconds=moments.uniform(0, length)) and list(tmp_path.iterdir()) != [out]:
            died += 1
            dying.color(film, out)
        assert out.read_bytes() == whole
        out.unlink()
        assert list(tmp_path.iterdir()) == []
    assert died >= 12
