"""`filmcolor bench speed`: whole films, beside decode and encode alone, in turn.

The machine is shared and its clock moves: a run and a bare transcode of the same colored frames follow each
other (A B A B), and the ratio is taken pair by pair.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np

from filmcolor.errors import InputError
from filmcolor.quality.document import SPEED, Document
from filmcolor.quality.machine import machine_facts, made_now
from filmcolor.quality.made_film import made_luma
from filmcolor.quality.process import Measured, measure
from filmcolor.settings import RunSettings
from filmcolor.video.rgb import write_photographic_film

Report = Callable[[str], None]
Measure = Callable[[dict[str, Any]], Measured]
Series = Literal["size", "length", "film"]
SIZES = {
    "240p": (240, 426),
    "480p": (480, 854),
    "720p": (720, 1280),
    "1080p": (1080, 1920),
    "2160p": (2160, 3840),
}
RATE = Fraction(24)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedSettings:
    """What is timed. film: a film of the user, else made ones of `sizes` (names of SIZES).

    frames: of a made film. lengths: multiples of it, at the first size, that show whether memory stays
    flat. repeats: pairs of run and transcode.
    """

    film: Path | None = None
    sizes: tuple[str, ...] = ("480p", "720p", "1080p")
    frames: int = 96
    lengths: tuple[int, ...] = (1, 2, 4)
    repeats: int = 3

    def __post_init__(self) -> None:
        for size in self.sizes:
            if size not in SIZES:
                raise ValueError(f"size must be one of {', '.join(SIZES)}, instead got {size!r}")
        if self.frames < 2 or self.repeats < 1 or any(n < 1 for n in self.lengths):
            raise ValueError("frames must be at least 2, repeats and lengths at least 1")


@dataclass(frozen=True, slots=True)
class _Film:
    name: str
    path: Path
    series: Series
    repeats: int


def in_a_child(task: dict[str, Any]) -> Measured:
    """Do a task of `speed_child` in a process of its own."""
    return measure([sys.executable, "-m", "filmcolor.quality.speed_child", json.dumps(task)])


def bench_speed(
    settings: SpeedSettings,
    run: RunSettings,
    *,
    command: str = "filmcolor bench speed",
    progress: Report = lambda _: None,
    perform: Measure = in_a_child,
) -> Document:
    """Return the speed document. Raises InputError where the film cannot be read, ModelError."""
    with tempfile.TemporaryDirectory(prefix="filmcolor-bench-") as name:
        folder = Path(name)
        warm_up = folder / "warm_up.mkv"
        write_photographic_film(warm_up, made_luma(240, 426, 4), RATE)
        films = []
        for film in _films(settings, folder, progress):
            films.append(_time(film, warm_up, folder, run, perform, progress))
            if film.series != "film":
                film.path.unlink()
    kept = asdict(run) | {"model": run.model.name if run.model else None}
    shown = {k: v for k, v in kept.items() if isinstance(v, str | int | float | bool) or v is None}
    shown |= {
        "repeats": settings.repeats,
        "made_frames": settings.frames,
        "warm_up": "4 frames and the network, not timed",
    }
    return {
        "format": SPEED,
        "made": made_now(command),
        "machine": machine_facts(),
        "settings": shown,
        "films": films,
    }


def _films(settings: SpeedSettings, folder: Path, progress: Report) -> Any:
    """Yield the films to time, each made just before its turn: a 2160p one is large."""
    if settings.film is not None:
        if not settings.film.is_file():
            raise InputError(f"{settings.film}: no such file")
        yield _Film(settings.film.name, settings.film, "film", settings.repeats)
        return
    plan: list[tuple[str, int, Series, int]] = [
        (s, settings.frames, "size", settings.repeats) for s in settings.sizes
    ]
    plan += [(settings.sizes[0], settings.frames * n, "length", 1) for n in settings.lengths if n > 1]
    for size, frames, series, repeats in plan:
        progress(f"making {frames} frames of {size}")
        path = folder / f"made-{size}-{frames}.mkv"
        write_photographic_film(path, made_luma(*SIZES[size], frames), RATE)
        yield _Film(f"{size}, {frames} frames", path, series, repeats)


def _time(
    film: _Film, warm_up: Path, folder: Path, run: RunSettings, perform: Measure, progress: Report
) -> dict[str, Any]:
    values = {k: v for k, v in asdict(run).items() if k not in ("model", "workspace")}
    values |= {"model": str(run.model) if run.model else None, "overwrite": True}
    out = folder / f"colored{_suffix(film.path, run)}"
    task = {"source": str(film.path), "settings": values, "warm_up": str(warm_up)}
    ours: list[Measured] = []
    bare: list[Measured] = []
    for turn in range(film.repeats):
        progress(f"{film.name}: run {turn + 1} of {film.repeats}")
        ours.append(perform(task | {"what": "run", "out": str(out)}))
        again = folder / f"again{out.suffix}"
        bare.append(perform(task | {"what": "transcode", "colored": str(out), "out": str(again)}))
        again.unlink(missing_ok=True)
    width, height = _size(film.path)
    out.unlink(missing_ok=True)
    frames = int(ours[0].answer["frames"])
    a, b = ([m.answer for m in runs] for runs in (ours, bare))
    last = ours[-1]
    return {
        "name": film.name, "series": film.series, "width": width, "height": height, "frames": frames,
        "shots": int(a[0]["shots"]), "codec": str(b[0]["codec"]),
        "fps": spread_of([x["frames"] / x["seconds"] for x in a]),
        "transcode_fps": spread_of([x["frames"] / x["seconds"] for x in b]),
        "transcode_ratio": spread_of([x["seconds"] / y["seconds"] for x, y in zip(a, b, strict=True)]),
        "added_cpu_ms": spread_of(
            [1000 * (x["cpu_seconds"] - y["cpu_seconds"]) / frames for x, y in zip(a, b, strict=True)]
        ),
        "startup_seconds": float(np.median([x["startup_seconds"] for x in a])),
        "peak_rss_mib": max(m.peak_rss_mib for m in ours),
        "transcode_rss_mib": max(m.peak_rss_mib for m in bare),
        "peak_vram_mib": max((x["vram_mib"] for x in a if x["vram_mib"] is not None), default=None),
        "stages": {k: float(v) for k, v in a[-1]["stages"].items()} or None,
        "runs": [
            {"order": order, "seconds": x["seconds"], "cpu_seconds": x["cpu_seconds"]}
            for pair in zip(a, b, strict=True) for order, x in zip("AB", pair, strict=True)
        ],
        "memory": [list(moment) for moment in last.memory],
    }  # fmt: skip


def _suffix(path: Path, run: RunSettings) -> str:
    from filmcolor.video.choose import result_suffix
    from filmcolor.video.probe import probe

    return result_suffix(probe(path), run)


def _size(path: Path) -> tuple[int, int]:
    from filmcolor.video.probe import probe

    info = probe(path)
    return info.width, info.height


def spread_of(values: Sequence[float]) -> dict[str, float | int]:
    """Return the median and the quartiles of repeated measurements."""
    low, median, high = np.percentile(np.asarray(values, dtype=np.float64), [25, 50, 75])
    return {"median": float(median), "low": float(low), "high": float(high), "n": len(values)}
