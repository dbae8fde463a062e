import json
import sys
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from filmcolor.errors import InputError
from filmcolor.quality.document import read_document, write_document
from filmcolor.quality.made_film import SHOT, made_film, scene
from filmcolor.quality.motion import follow
from filmcolor.quality.process import Measured, measure
from filmcolor.quality.speed import SpeedSettings, bench_speed
from filmcolor.settings import RunSettings


def recorder(asked: list[dict[str, Any]]) -> Any:
    """Stands in for the measured process: a run takes 3 s and a transcode 1 s, each time a bit more."""
    clock = count()

    def perform(task: dict[str, Any]) -> Measured:
        asked.append(task)
        assert Path(task["source"]).is_file()
        run = task["what"] == "run"
        if run:
            Path(task["out"]).write_bytes(b"colored")
        seconds = (3.0 if run else 1.0) * (1 + next(clock) // 2 / 10)
        answer = {"seconds": seconds, "cpu_seconds": 2 * seconds, "frames": 10}
        extra = {
            "shots": 1,
            "vram_mib": None,
            "startup_seconds": 1.0,
            "stages": {"flow": 1.0, "network": 0.5},
        }
        return Measured(
            answer | (extra if run else {"codec": "libx264"}),
            500.0 if run else 90.0,
            ((0.1, 100.0), (0.2, 500.0)),
        )

    return perform


def test_runs_and_bare_transcodes_take_turns_and_are_compared_pair_by_pair(tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []
    settings = SpeedSettings(sizes=("240p",), frames=10, lengths=(1, 2), repeats=2)
    document = bench_speed(settings, RunSettings(), perform=recorder(asked))
    assert [task["what"] for task in asked] == ["run", "transcode"] * 3
    assert asked[1]["colored"] == asked[0]["out"]
    size, length = document["films"]
    assert size["transcode_ratio"] == {"median": 3.0, "low": 3.0, "high": 3.0, "n": 2}
    assert size["fps"]["median"] == pytest.approx(np.median([10 / 3, 10 / 3.3]))
    assert size["added_cpu_ms"]["median"] == pytest.approx(1000 * np.median([4, 4.4]) / 10)
    assert length["series"] == "length"
    assert asked[4]["source"].endswith("made-240p-20.mkv")
    write_document(document, tmp_path / "s.json")
    assert read_document(tmp_path / "s.json")["films"][1]["memory"] == [[0.1, 100.0], [0.2, 500.0]]
    assert "/" not in json.dumps([document["films"], document["settings"], document["made"]]).replace(
        "frames/s", ""
    )


def test_a_missing_film_and_an_unknown_size_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.mkv: no such file"):
        bench_speed(SpeedSettings(film=tmp_path / "gone.mkv"), RunSettings(), perform=recorder([]))
    with pytest.raises(ValueError, match="size must be one of"):
        SpeedSettings(sizes=("481p",))


def test_memory_of_a_child_is_its_own_and_seen_over_time() -> None:
    code = "import time,json; x=bytearray(80_000_000); time.sleep(0.4); print('noise'); print(json.dumps({'ok': len(x)}))"
    found = measure([sys.executable, "-c", code])
    assert found.answer == {"ok": 80_000_000}
    assert 80 < found.peak_rss_mib < 200  # this process has more: it is not in the figure
    assert max(mib for _, mib in found.memory) > 70


def test_an_error_of_a_child_keeps_its_kind_and_its_line() -> None:
    code = "import sys; sys.stderr.write('filmcolor: a.mkv: not a film\\n'); sys.exit(3)"
    with pytest.raises(InputError, match=r"^a\.mkv: not a film$"):
        measure([sys.executable, "-c", code])


def test_the_made_film_is_the_same_each_time_and_cuts_where_it_says() -> None:
    one, two = list(made_film(48, 64, SHOT + 2)), list(made_film(48, 64, SHOT + 2))
    assert all((a == b).all() for a, b in zip(one, two, strict=True))
    change = [np.abs(a.astype(int) - b).mean() for a, b in pairwise(one)]
    assert int(np.argmax(change)) == SHOT - 1


def test_the_made_scenes_flow_is_exact() -> None:
    made = scene(96, 128, 1)
    there = follow(made.frame(6).astype(np.float32), made.flow(5))
    right = (there == made.frame(5)).all(axis=-1)
    assert 0.85 < right.mean() < 1  # all but what comes into view or is uncovered
