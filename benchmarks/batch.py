"""How the time of a batch falls with workers, and what a film costs besides its frames.

    python benchmarks/batch.py [--frames 3000] [--films 24] [-o batch.json]

Makes its films, runs `filmcolor batch run` with 1 and 2 workers on one long film and on many short ones, checks that
the bytes are the same, and prints JSON. Run it on a quiet machine.
"""

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def make_film(path: Path, shots: int, frames: int, width: int, height: int, seed: int = 1) -> None:
    """Write a gray H.264 film of `shots` shots of `frames` frames: a sliding ground with grain."""
    noise = np.random.default_rng(seed)
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=Fraction(24), options={"crf": "18", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for _ in range(shots):
            coarse = noise.integers(30, 220, (height // 16 + 1, width // 8 + 2)).astype(np.float32)
            ground = coarse.repeat(16, 0).repeat(16, 1)[:height]
            for i in range(frames):
                luma = np.roll(ground, i * 2, axis=1)[:, :width] + noise.normal(0, 4, (height, width))
                gray = np.full((height * 3 // 2, width), 128, np.uint8)
                gray[:height] = np.clip(luma, 16, 235)
                film.mux(stream.encode(av.VideoFrame.from_ndarray(gray, format="yuv420p")))
        film.mux(stream.encode(None))


def batch(vault: Path, out: Path, jobs: int) -> dict[str, object]:
    """Run a batch; return its wall time from the first film begun to the last done, and the whole."""
    command = [sys.executable, "-m", "filmcolor", "batch", "run", str(vault), "-o", str(out)]
    command += ["--jobs", str(jobs), "--progress", "json"]
    whole = time.perf_counter()
    begun = done = 0.0
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            event = json.loads(line)["event"] if line.startswith("{") else ""
            if event == "begun" and not begun:
                begun = time.perf_counter()
            if event == "done":
                done = time.perf_counter()
    if process.returncode:
        raise SystemExit(f"batch ended with {process.returncode}")
    digest = hashlib.sha256()
    for path in sorted(p for p in out.rglob("*.mp4")):
        digest.update(path.read_bytes())
    return {"workers": jobs, "seconds": round(done - begun, 2), "with_start": round(time.perf_counter() - whole, 2),
            "sha256": digest.hexdigest()}  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--frames", type=int, default=1440, help="of the long film")
    parser.add_argument("--films", type=int, default=16, help="short films of 8 frames")
    parser.add_argument("--size", default="640x360")
    parser.add_argument("-o", "--out", type=Path)
    given = parser.parse_args()
    width, height = map(int, given.size.split("x"))
    found: dict[str, object] = {
        "machine": platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "made": time.strftime("%Y-%m-%d"),
        "size": given.size,
        "frames": given.frames,
        "films": given.films,
    }
    with tempfile.TemporaryDirectory(prefix="filmcolor-batch-") as name:
        folder = Path(name)
        (folder / "long").mkdir()
        make_film(folder / "long" / "film.mp4", given.frames // 48, 48, width, height)
        rows = [batch(folder / "long", folder / f"long{jobs}", jobs) for jobs in (1, 2)]
        found["one long film"] = rows
        found["same bytes"] = len({row["sha256"] for row in rows}) == 1
        found["speed-up of 2 workers"] = round(
            float(str(rows[0]["seconds"])) / float(str(rows[1]["seconds"])), 3
        )
        (folder / "short").mkdir()
        for i in range(given.films):
            make_film(folder / "short" / f"{i:03d}.mp4", 1, 8, 160, 96, seed=i)
        (folder / "joined").mkdir()
        make_film(folder / "joined" / "film.mp4", given.films, 8, 160, 96)
        many = batch(folder / "short", folder / "many", 1)
        one = batch(folder / "joined", folder / "one", 1)
        each = (float(str(many["seconds"])) - float(str(one["seconds"]))) / (given.films - 1)
        found["short films"] = {"many": many, "the same frames as one film": one}
        found["seconds a film besides its frames"] = round(each, 3)
    text = json.dumps(found, indent=1)
    print(text)
    if given.out is not None:
        given.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
