"""A long film: every frame counted, memory flat."""

import json
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.films import picture_of, write_frames

FRAMES = 100_000
RUN = """
import json, sys
from pathlib import Path
from filmcolor.pipeline.run import color_film
from filmcolor.settings import RunSettings

seen = {}

def memory(now):
    line = next(line for line in open("/proc/self/status") if line.startswith("VmRSS"))
    seen.setdefault(now.stage + str(now.frames // (int(sys.argv[3]) // 10)), int(line.split()[1]) // 1024)

result = color_film(Path(sys.argv[1]), Path(sys.argv[2]), RunSettings(size=64, mirrored=False), memory)
print(json.dumps({"frames": result.frames, "memory": list(seen.values())}))
"""

SCAN = """
import json, sys
from pathlib import Path
from filmcolor.pipeline.survey import survey_film
from filmcolor.settings import RunSettings

seen = {}

def memory(now):
    line = next(line for line in open("/proc/self/status") if line.startswith("VmRSS"))
    seen.setdefault(now.frames // (int(sys.argv[2]) // 10), int(line.split()[1]) // 1024)

survey = survey_film(Path(sys.argv[1]), RunSettings(size=64), memory)
times = survey.timing
print(json.dumps({"frames": times.frames, "last": str(times.last), "lost": survey.damage.lost,
                  "shots": len(survey.shots), "memory": list(seen.values())}))
"""


def make_long_film(path: Path) -> Path:
    """Write `FRAMES` small frames in shots of ten seconds, two of three frames at odd times."""
    noise = np.random.default_rng(1)

    def frames() -> Iterator[av.VideoFrame]:
        ground = np.zeros((48, 64), np.uint8)
        for index in range(FRAMES):
            if index % 250 == 0:
                ground = noise.integers(30, 220, (6, 8)).repeat(8, 0).repeat(8, 1).astype(np.uint8)
            yield picture_of(np.roll(ground, index // 4 % 64, axis=1), "yuv420p")

    times = (40 * index + index % 3 for index in range(FRAMES))
    options = {"preset": "ultrafast"}
    return write_frames(
        path, frames(), codec="libx264", time_base=Fraction(1, 1000), times=times, options=options
    )


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_long_film(tmp_path_factory.mktemp("long") / "gray.mkv")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_its_scan_counts_every_frame_and_takes_no_more_memory_than_that_of_a_short_one(film: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCAN, str(film), str(FRAMES)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    last = Fraction(40 * (FRAMES - 1) + (FRAMES - 1) % 3, 1000)
    assert (said["frames"], said["last"], said["lost"]) == (FRAMES, str(last), 0)
    assert said["shots"] >= FRAMES // 250
    assert max(said["memory"]) - said["memory"][1] < 32, f"MB at each tenth of the film: {said['memory']}"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_film_of_100_000_frames_takes_no_more_memory_than_a_short_one(film: Path, tmp_path: Path) -> None:
    out = tmp_path / "color.mkv"
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(film), str(out), str(FRAMES)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["frames"] == FRAMES
    with av.open(str(out)) as made:
        times = sorted(packet.pts for packet in made.demux(video=0) if packet.pts is not None)
    assert times == [40 * index + index % 3 for index in range(FRAMES)]
    tenth, last = said["memory"][2], max(said["memory"])
    assert last - tenth < 64, f"memory in MB at each tenth of the film: {said['memory']}"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["color.mkv"]
