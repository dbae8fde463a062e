"""`filmcolor bench quality`: gray from truth, color, score, beside the rows that every table needs."""

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from filmcolor.errors import InputError
from filmcolor.quality.baselines import ROWS, Baselines, Row, gray, rounded
from filmcolor.quality.catalog import CLIP, PICTURE
from filmcolor.quality.cielab import rgb_to_lab
from filmcolor.quality.colorizers import Colorizer
from filmcolor.quality.document import QUALITY, Document
from filmcolor.quality.features import FeatureNet
from filmcolor.quality.frechet import ENOUGH, SetDistance
from filmcolor.quality.judges import load_judges
from filmcolor.quality.luma import rec601_luma
from filmcolor.quality.machine import machine_facts, made_now, usable_cores
from filmcolor.quality.quality_settings import QualitySettings
from filmcolor.quality.samples import ranked, save_sample, strip
from filmcolor.quality.score import Judges, Picture, Scores, score_picture, truth_of
from filmcolor.quality.score_clip import Coded, beside_truth, score_clip, true_clip
from filmcolor.quality.sources import (
    FILMS,
    PICTURES,
    Item,
    find,
    match_outputs,
    read_picture,
    reduced,
    scored_size,
    spread,
)  # fmt: skip
from filmcolor.quality.summary import over_set, summarize, worst
from filmcolor.video.rgb import rate_of, read_rgb_frames, write_gray_film

Report = Callable[[str], None]
_SAMPLES_EACH = 3


@dataclass(slots=True)
class _Run:
    """What one measurement carries along; `work` holds gray sources and results until the end."""

    settings: QualitySettings
    colorize: Colorizer | None
    judges: Judges
    baselines: Baselines
    work: Path
    outputs: dict[str, Path] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=lambda: {"coloring": 0.0})

    def spent(self, key: str, began: float) -> None:
        self.seconds[key] = self.seconds.get(key, 0.0) + time.perf_counter() - began


def bench_quality(
    settings: QualitySettings,
    colorize: Colorizer | None,
    *,
    about: dict[str, str | None],
    command: str = "filmcolor bench quality",
    samples: Path | None = None,
    progress: Report = lambda _: None,
) -> Document:
    """Return the quality document of a folder of pictures and clips.

    colorize: what is measured, or None with `settings.outputs`. about: facts of it for the document.
    samples: folder for the report's pictures, or None. Raises InputError (nothing to score, names or sizes
    that do not pair), ModelError, and whatever the colorizer raises.
    """
    began = time.perf_counter()
    pictures, clips = find(settings.data)
    pictures, clips = spread(pictures, settings.limit), spread(clips, settings.limit)
    outputs: dict[str, Path] = {}
    if settings.outputs is not None:
        outputs = match_outputs(pictures, settings.outputs, PICTURES) | match_outputs(
            clips, settings.outputs, FILMS
        )
    elif colorize is None:
        raise ValueError("expected a colorizer or a folder of outputs")
    judges, features, names, missing = load_judges(settings)
    mean_ab = _mean_ab(pictures, clips, settings)
    with tempfile.TemporaryDirectory(prefix="filmcolor-bench-") as folder:
        run = _Run(settings, colorize, judges, Baselines(mean_ab), Path(folder), outputs)
        jobs = settings.jobs or usable_cores()
        with ThreadPoolExecutor(jobs) as pool:
            scored = list(_pictures(pictures, run, pool, jobs, progress))
            filmed = [_clip(item, run, pool, progress) for item in clips]
        rows = ("truth", settings.subject, "gray", "half", "mean")
        distances = _distances(pictures, run, features, rows) if features and pictures else {}
        entries = (
            _samples(samples, scored, filmed, {i.name: i for i in (*pictures, *clips)}, run)
            if samples
            else []
        )
    run.spent("all", began)
    summary = {
        row: {
            "pictures": summarize(scored, row, PICTURE) if scored else {},
            "clips": summarize(filmed, row, (*PICTURE, *CLIP)) if filmed else {},
            "set": over_set(scored, row) | distances.get(row, {}),
        }
        for row in rows
    }
    return {
        "format": QUALITY,
        "made": made_now(command),
        "machine": machine_facts(),
        "subject": {"row": settings.subject, "about": "outputs of another tool" if settings.outputs else "colored here"}
        | about,
        "data": {
            "folder": settings.data.name, "pictures": len(scored), "clips": len(filmed),
            "frames": sum(c["frames"] for c in filmed), "mean_ab": list(mean_ab),
            "digest": _digest((*pictures, *clips)),
        },
        "settings": {k: getattr(settings, k) for k in ("lines", "every", "limit", "frames", "lpips_net")},
        "not_measured": missing,
        "judges": names,
        "seconds": run.seconds,
        "summary": summary,
        "worst": worst((*scored, *filmed), settings.subject),
        "pictures": scored,
        "clips": filmed,
        "samples": entries,
    }  # fmt: skip


def _digest(items: Sequence[Item]) -> str:
    """Return a hash of the names and sizes of the data: two documents compare only on the same data."""
    text = "\n".join(f"{i.name} {i.path.stat().st_size}" for i in items)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _mean_ab(
    pictures: Sequence[Item], clips: Sequence[Item], settings: QualitySettings
) -> tuple[float, float]:
    """Return the one (a, b) that fits all truths best: what a network without sight would answer."""
    means = [rgb_to_lab(read_picture(i.path, 64))[..., 1:].mean(axis=(0, 1)) for i in pictures]
    if not means:
        for item in clips:
            frame = next(read_rgb_frames(item.path, 1), None)
            if frame is not None:
                means.append(rgb_to_lab(reduced(frame.rgb, 64))[..., 1:].mean(axis=(0, 1)))
    a, b = np.mean(means, axis=0)
    return float(a), float(b)


def _pictures(
    items: Sequence[Item], run: _Run, pool: ThreadPoolExecutor, jobs: int, progress: Report
) -> Iterator[dict[str, Any]]:
    """Yield the scores of pictures in order: coloring here, one after the other, scoring in the pool."""
    waiting: list[Future[dict[str, Any]]] = []
    for number, item in enumerate(items, 1):
        truth = read_picture(item.path, run.settings.lines)
        made = _colored_picture(item, truth, run)
        waiting.append(pool.submit(_score_picture, item, truth, made, run))
        progress(f"picture {number} of {len(items)}: {item.stem}")
        while len(waiting) > 2 * jobs:
            yield waiting.pop(0).result()
    for future in waiting:
        yield future.result()


def _colored_picture(item: Item, truth: Picture, run: _Run) -> Picture:
    out = run.outputs.get(item.name)
    if out is None:
        source, out = (run.work / f"{part}__{item.name.replace('/', '__')}.png" for part in ("gray", "made"))
        Image.fromarray(gray(truth)[..., 0]).save(source, compress_level=1)
        began = time.perf_counter()
        assert run.colorize is not None
        run.colorize(source, out)
        run.spent("coloring", began)
        run.outputs[item.name] = out
    return _sized_picture(item, out, truth, run)


def _sized_picture(item: Item, out: Path, truth: Picture, run: _Run) -> Picture:
    """Return the output as scored: of the scored size, or of the source's own, then reduced as the truth."""
    made = read_picture(out)
    if made.shape != truth.shape:
        own = read_picture(item.path)
        if made.shape != own.shape:
            raise InputError(
                f"{out}: is {made.shape[1]}x{made.shape[0]}, "
                f"its source {own.shape[1]}x{own.shape[0]}; nothing is stretched"
            )
        made = read_picture(out, run.settings.lines)
    return made


def _score_picture(item: Item, truth: Picture, made: Picture, run: _Run) -> dict[str, Any]:
    given = rounded(rec601_luma(truth.astype(np.float64))).astype(np.float64)
    shared = truth_of(truth, given, run.judges)
    pictures: dict[str, Picture] = {row: run.baselines.picture(row, truth, given) for row in ROWS}
    pictures[run.settings.subject] = made
    rows: dict[str, Scores] = {row: score_picture(p, shared, run.judges) for row, p in pictures.items()}
    return {"name": item.name, "frames": 1, "size": f"{truth.shape[1]}x{truth.shape[0]}", "rows": rows}


def _clip(item: Item, run: _Run, pool: ThreadPoolExecutor, progress: Report) -> dict[str, Any]:
    settings = run.settings
    limit = settings.frames or None
    frames, coded, lumas = [], [], []
    for frame in read_rgb_frames(item.path, limit):
        frames.append(reduced(frame.rgb, settings.lines))
        coded.append(rounded(frame.luma.astype(np.float64)))
        lumas.append(reduced(coded[-1].astype(np.float32), settings.lines))
    if not frames:
        raise InputError(f"{item.path}: not one frame could be decoded")
    out = run.outputs.get(item.name)
    if out is None:
        source, out = (run.work / f"{part}__{item.name.replace('/', '__')}.mkv" for part in ("gray", "made"))
        write_gray_film(source, coded, rate_of(item.path))
        began = time.perf_counter()
        assert run.colorize is not None
        run.colorize(source, out)
        run.spent("coloring", began)
        run.outputs[item.name] = out
    native = coded[0].shape
    coded.clear()
    shared = true_clip(frames, lumas, settings.every)

    def baseline(row: Row) -> Scores:
        made = (Coded(run.baselines.picture(row, f, y)) for f, y in zip(frames, lumas, strict=True))
        return score_clip(item.name, made, shared)

    waiting: dict[str, Future[Scores]] = {row: pool.submit(baseline, row) for row in ROWS}
    subject = _made_frames(out, native, run)
    waiting[settings.subject] = pool.submit(score_clip, str(out), subject, shared)
    scores = {row: future.result() for row, future in waiting.items()}
    rows = {row: beside_truth(found, scores["truth"]) for row, found in scores.items()}
    progress(f"clip {item.stem}: {len(frames)} frames")
    size = f"{frames[0].shape[1]}x{frames[0].shape[0]}"
    return {
        "name": item.name,
        "frames": len(frames),
        "cuts": len(shared.motion.cuts),
        "size": size,
        "rows": rows,
    }


def _made_frames(out: Path, native: tuple[int, ...], run: _Run) -> Iterator[Coded]:
    lines, limit = run.settings.lines, run.settings.frames or None
    scored = scored_size(native[1], native[0], lines)
    for frame in read_rgb_frames(out, limit):
        h, w = frame.luma.shape
        if (h, w) not in (native, scored[::-1]):
            raise InputError(f"{out}: is {w}x{h}, its source {native[1]}x{native[0]}; nothing is stretched")
        yield Coded(reduced(frame.rgb, lines), reduced(frame.luma, lines))


def _distances(
    items: Sequence[Item], run: _Run, features: FeatureNet, rows: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Return KID, and FID as a note beside its N, of each row over all pictures at once."""
    found = {row: SetDistance() for row in rows}
    for item in items:
        truth = read_picture(item.path, run.settings.lines)
        given = rounded(rec601_luma(truth.astype(np.float64))).astype(np.float64)
        pictures: dict[str, Picture] = {row: run.baselines.picture(row, truth, given) for row in ROWS}
        pictures[run.settings.subject] = _sized_picture(item, run.outputs[item.name], truth, run)
        values = features.of([pictures[row] for row in rows])
        for i, row in enumerate(rows):
            found[row].update(values[i : i + 1], values[:1])  # the first row is the truth
    table: dict[str, dict[str, Any]] = {}
    for row, distance in found.items():
        kernel, n = distance.compute_kernel(), distance.pictures
        table[row] = {
            "kid": kernel and {"value": kernel.value, "low": kernel.low, "high": kernel.high, "n": n},
            "fid": {"value": distance.compute_frechet(), "n": n, "low_n": n < ENOUGH},
        }
    return table


def _samples(
    folder: Path,
    scored: Sequence[dict[str, Any]],
    filmed: Sequence[dict[str, Any]],
    items: dict[str, Item],
    run: _Run,
) -> list[dict[str, Any]]:
    row, lines, limit = run.settings.subject, run.settings.lines, run.settings.frames or None
    entries = []
    for name, rank in ranked([(s["name"], s["rows"][row]["ciede2000"]) for s in scored], _SAMPLES_EACH):
        truth = read_picture(items[name].path, lines)
        made = _sized_picture(items[name], run.outputs[name], truth, run)
        entries.append(
            save_sample(folder, name, "picture", rank, {"before": gray(truth), "after": made, "truth": truth})
        )
    for name, rank in ranked([(c["name"], c["rows"][row]["ciede2000"]) for c in filmed], 1):
        films = {"truth": items[name].path, "after": run.outputs[name]}
        strips = {role: strip([f.rgb for f in read_rgb_frames(path, limit)]) for role, path in films.items()}
        strips["before"] = gray(strips["truth"])
        entries.append(save_sample(folder, name, "clip", rank, strips))
    return entries
