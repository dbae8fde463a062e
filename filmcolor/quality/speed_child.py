"""The measured process of `bench speed`: `python -m filmcolor.quality.speed_child TASK`.

TASK is one JSON object; the answer is one JSON line on stdout. A process of its own for each run, so that
peak memory is that run's and nothing is warm that a user's run would find cold, but for the network: it is
loaded, and a few frames are colored, before the clock starts; `startup_seconds` says what that took.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from filmcolor.errors import FilmcolorError
from filmcolor.quality.process import resident_mib
from filmcolor.settings import RunSettings


def _settings(task: dict[str, Any]) -> RunSettings:
    values = dict(task["settings"])
    values["model"] = Path(values["model"]) if values.get("model") else None
    return RunSettings(**values)


def run(task: dict[str, Any]) -> dict[str, Any]:
    """Color `source` into `out` and return the figures of it."""
    began = time.perf_counter()
    from filmcolor.pipeline.run import color_film, load_predictor

    settings = _settings(task)
    predictor = load_predictor(settings)
    warm = Path(task["warm_up"])
    color_film(warm, warm.with_name(f"warmed{Path(task['out']).suffix}"), settings, predictor=predictor)
    import torch

    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    startup = time.perf_counter() - began
    wall, cpu = time.perf_counter(), time.process_time()
    result = color_film(Path(task["source"]), Path(task["out"]), settings, predictor=predictor)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    vram = torch.cuda.max_memory_allocated() / 2**20 if torch.cuda.is_available() else None
    return {
        "seconds": wall, "cpu_seconds": cpu, "frames": result.frames, "shots": result.shots, "vram_mib": vram,
        "startup_seconds": startup, "stages": dict(result.stage_seconds or {}),
    }  # fmt: skip


def transcode(task: dict[str, Any]) -> dict[str, Any]:
    """Decode the colored film and encode it as the run did; return the figures of it."""
    from filmcolor.video.encode import choose_encoding
    from filmcolor.video.probe import probe
    from filmcolor.video.transcode import transcode as again

    out = Path(task["out"])
    encoding = choose_encoding(probe(Path(task["source"])), _settings(task), out)
    wall, cpu = time.perf_counter(), time.process_time()
    frames = again(Path(task["colored"]), out, encoding.codec, encoding.pixel_format, dict(encoding.options))
    return {
        "seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu, "frames": frames,
        "codec": encoding.codec,
    }  # fmt: skip


def main() -> None:
    """Do the task of the command line; a FilmcolorError becomes one line and its exit code."""
    task = json.loads(sys.argv[1])
    try:
        answer = run(task) if task["what"] == "run" else transcode(task)
    except FilmcolorError as error:
        sys.stderr.write(f"filmcolor: {error}\n")
        sys.exit(error.exit_code)
    memory = resident_mib("self")
    sys.stdout.write(json.dumps(answer | {"peak_rss_mib": memory[1] if memory else None}) + "\n")


if __name__ == "__main__":
    main()
