"""How the time of one long film would fall with workers: measured stage times, simulated workers.

    python benchmarks/batch_scaling.py [--size 640x360] [--minutes 90]

Measures, on this machine, what scanning and making cost a frame, and what starting and joining cost; then plays
the rules of `filmcolor batch` (one worker scans and makes, the others take segments) for more workers than are here.
The figures for more workers are a SIMULATION: it knows nothing of disks, networks and memory that workers share.
"""

import argparse
import heapq
import json
import tempfile
import time
from pathlib import Path

from batch import make_film

from filmcolor.pipeline.making import Maker, SegmentTask, set_up
from filmcolor.pipeline.plan import SEGMENT_FRAMES, segments
from filmcolor.pipeline.run import color_film, load_predictor
from filmcolor.pipeline.scan import scan
from filmcolor.settings import RunSettings
from filmcolor.video.decode import decode


def measure(folder: Path, width: int, height: int) -> dict[str, float]:
    """Return seconds a frame of scanning and of making (one core each), and seconds a frame of joining."""
    film = folder / "film.mp4"
    make_film(film, 6, 48, width, height)
    settings = RunSettings()
    predictor = load_predictor(settings)
    setup = set_up(film, folder / "out.mp4", settings, predictor)
    began = time.perf_counter()
    found = list(segments(scan(decode(setup.info), setup.sight, setup.info.bits)))
    scanned = time.perf_counter()
    maker, tasks = Maker(setup), [SegmentTask(n, footage, None) for n, footage in enumerate(found)]
    (folder / "work").mkdir()
    for task in tasks:
        maker.make(task, folder / "work", lambda: None)
    made = time.perf_counter()
    maker.close()
    frames = tasks[-1].stop
    result = color_film(film, folder / "out.mp4", settings, predictor=predictor)
    return {
        "scan": (scanned - began) / frames,
        "make": (made - scanned) / frames,
        "join": result.stage_seconds["join"] / frames,
    }


def simulate(workers: int, count: int, frames: int, cost: dict[str, float]) -> float:
    """Return the seconds that `workers` take for `count` segments of `frames` frames each."""
    scanned, own = 0.0, 0.0
    others = [0.0] * (workers - 1)
    heapq.heapify(others)
    for _ in range(count):
        scanned += cost["scan"] * frames
        if others and others[0] <= max(scanned, own):
            heapq.heapreplace(others, max(scanned, others[0]) + cost["make"] * frames)
        else:
            own = max(scanned, own) + cost["make"] * frames
            scanned = max(scanned, own - 2 * cost["make"] * frames)  # two segments may wait for the owner
    return max([own, scanned, *others]) + cost["join"] * frames * count


def main() -> None:
    """Measure, simulate, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", default="640x360")
    parser.add_argument("--minutes", type=float, default=90)
    given = parser.parse_args()
    width, height = map(int, given.size.split("x"))
    with tempfile.TemporaryDirectory(prefix="filmcolor-scaling-") as name:
        cost = measure(Path(name), width, height)
    count = round(given.minutes * 60 * 24 / SEGMENT_FRAMES)
    one = simulate(1, count, SEGMENT_FRAMES, cost)
    rows = [
        {"workers": n, "hours": round(simulate(n, count, SEGMENT_FRAMES, cost) / 3600, 3),
         "speed-up": round(one / simulate(n, count, SEGMENT_FRAMES, cost), 2)}
        for n in (1, 2, 4, 8, 16, 32, 64)
    ]  # fmt: skip
    print(
        json.dumps(
            {
                "size": given.size,
                "minutes of film": given.minutes,
                "measured milliseconds a frame": {k: round(1000 * v, 2) for k, v in cost.items()},
                "simulated": rows,
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
