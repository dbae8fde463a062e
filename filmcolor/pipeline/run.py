"""One film from end to end: probe, scan, color the anchors, color each segment, join.

Two passes run side by side, the first a bounded number of segments ahead: phase A (scan, anchors)
in a thread, phase B (segments) here.
"""

import itertools
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from filmcolor import __version__
from filmcolor.color.bars import active_box
from filmcolor.color.compose import ChromaComposer
from filmcolor.color.lightness import lightness_table
from filmcolor.color.sight import Sight, choose_sight
from filmcolor.color.siting import ChromaGrid
from filmcolor.errors import InputError, OutputError
from filmcolor.files import publish
from filmcolor.film import FilmInfo, Frame, Plane
from filmcolor.model.predict import Predictor
from filmcolor.model.weights import load_model
from filmcolor.pipeline.ahead import ahead
from filmcolor.pipeline.anchors import Anchored, Half, color_footage, motion_of, predictions
from filmcolor.pipeline.journal import Journal, hash_head_and_tail, made_here
from filmcolor.pipeline.plan import segments
from filmcolor.pipeline.progress import Progress, Report, silent
from filmcolor.pipeline.scan import Footage, scan
from filmcolor.pipeline.segment import Compose, color_segment
from filmcolor.pipeline.workspace import clear, held, part_of, workspace_of
from filmcolor.settings import RunSettings
from filmcolor.video.compare import comparison_of, write_comparison
from filmcolor.video.decode import decode, sample_luma
from filmcolor.video.encode import Encoding, SegmentWriter, choose_encoding
from filmcolor.video.join import join
from filmcolor.video.probe import probe

LOOK_AHEAD = 2
"""Segments that phase A may be ahead of phase B."""
_COUNTS = ("frames", "shots", "anchors", "warnings")


@dataclass(frozen=True, slots=True)
class RunResult:
    """What came of a run. anchors: frames that the generator colored in this run.

    stage_seconds: busy time of each stage, in seconds; stages overlap, so their sum exceeds the wall time.
    """

    path: Path
    frames: int
    shots: int
    anchors: int = 0
    warnings: tuple[str, ...] = ()
    stage_seconds: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class _Account:
    """What the two phases of one run have counted; phase A writes its own fields, phase B its own."""

    shots: int = 0
    anchors: int = 0
    pts: list[int] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def spent(self, stage: str, since: float) -> float:
        """Add the time since `since` to a stage; return the time now."""
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - since
        return now


@dataclass(frozen=True, slots=True)
class _Job:
    """One segment on its way from phase A to phase B. pieces is None where its file is finished."""

    number: int
    start: int
    stop: int
    pieces: tuple[Anchored, ...] | None


def load_predictor(settings: RunSettings) -> Predictor:
    """Load the generator that the settings name. Raises ModelError."""
    return Predictor(
        load_model(settings.model),
        device=settings.device,
        precision=settings.precision,
        mirrored=settings.mirrored,
        seed=settings.seed,
    )


def color_film(
    source: Path,
    out: Path,
    settings: RunSettings,
    progress: Report = silent,
    predictor: Predictor | None = None,
) -> RunResult:
    """Color one film; the source is only read, `out` appears when everything is in it.

    Raises InputError, OutputError, ModelError. Unfinished segments stay in the workspace when the
    run is interrupted; the same call goes on from there.
    """
    info = probe(source)
    encoding = choose_encoding(info, settings, out)
    predictor = predictor or load_predictor(settings)
    basis = {
        "source": f"{hash_head_and_tail(source)} {source.stat().st_mtime_ns}",
        "weights": predictor.digest,
        "engine": predictor.engine,
        "version of filmcolor": __version__,
        **{f"setting, {name}": value for name, value in settings.effects().items()},
        "encoding": str(encoding),
    }
    folder = workspace_of(out, settings.workspace)
    with held(folder, fresh=settings.fresh):
        journal = Journal(folder, basis)
        result = _finished(journal, out)
        if result is None:
            result = _color(info, encoding, out, settings, progress, predictor, journal, folder)
            if settings.compare:
                write_comparison(source, info.stream, out, comparison_of(out))
            journal.add_done({name: getattr(result, name) for name in _COUNTS})
        clear(folder)
    return result


def _finished(journal: Journal, out: Path) -> RunResult | None:
    """Return what an earlier run has finished but for the cleaning, or None."""
    if journal.done is None or not made_here(journal.folder, out):
        return None
    counts: dict[str, Any] = {k: v for k, v in journal.done.items() if k in _COUNTS}
    counts["warnings"] = tuple(counts.get("warnings", ()))
    return RunResult(path=out, **counts)


def _color(
    info: FilmInfo,
    encoding: Encoding,
    out: Path,
    settings: RunSettings,
    progress: Report,
    predictor: Predictor,
    journal: Journal,
    folder: Path,
) -> RunResult:
    account = _Account(warnings=list(dict.fromkeys((*info.warnings, *encoding.warnings))))
    for line in account.warnings:
        progress(Progress("read", warning=line))
    sight = _sight(info, settings)
    compose = _composer(info, encoding, sight, settings.saturation)
    seen_warnings = set(account.warnings)
    lock = threading.Lock()

    def warn(line: str) -> None:
        with lock:
            if line in seen_warnings:
                return
            seen_warnings.add(line)
            account.warnings.append(line)
        progress(Progress("read", warning=line))

    total = info.frames
    done = 0

    def report() -> None:
        nonlocal done
        done += 1
        progress(Progress("color", done, total, account.shots))

    jobs = ahead(_phase_a(info, settings, sight, predictor, journal, folder, account, warn), LOOK_AHEAD)
    film = decode(info, warn=warn, strict=settings.strict, start=settings.start, end=settings.end)
    files: list[Path] = []
    with closing(jobs), closing(film):
        for job in jobs:
            began = time.perf_counter()
            name = folder / f"segment-{job.number:06d}.mkv"
            if job.pieces is None:
                for _ in itertools.islice(film, job.stop - job.start):
                    report()
            else:
                _write_segment(job.pieces, film, compose, encoding, info, name, report)
                journal.add(job.number, job.start, job.stop, name)
            files.append(name)
            account.spent("color and encode", began)
    if not account.pts:
        raise InputError(f"{info.path}: not one frame could be decoded")
    began = time.perf_counter()
    progress(Progress("join", done, done, account.shots))
    part = part_of(out)
    try:
        for line in join(files, info, encoding, settings, part, account.pts):
            warn(line)
        journal.add_result(part)
        publish(part, out)
    except OSError as error:
        raise OutputError(f"{out}: cannot write: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
    account.spent("join", began)
    progress(Progress("done", done, done, account.shots))
    return RunResult(
        out, len(account.pts), account.shots, account.anchors, tuple(account.warnings), dict(account.seconds)
    )


def _sight(info: FilmInfo, settings: RunSettings) -> Sight:
    samples = sample_luma(info)
    full = info.tags.full_range
    box = active_box(samples, info.height, info.width, info.bits, full) if samples else None
    return choose_sight(info.width, info.height, info.aspect, info.rotation, settings.size, box)


def _composer(info: FilmInfo, encoding: Encoding, sight: Sight, saturation: float) -> Compose:
    kr, kb = info.tags.luma_weights(info.height)
    grid = ChromaGrid(
        height=info.height, width=info.width, subsampling=encoding.subsampling, siting=encoding.siting
    )
    composer = ChromaComposer(
        kr=kr, kb=kb, full_range=encoding.full_range, bits=encoding.bits, grid=grid, saturation=saturation
    )
    drop = info.bits - encoding.bits
    kind = np.uint8 if encoding.bits == 8 else np.uint16

    def compose(frame: Frame, ab: npt.NDArray[np.float32]) -> tuple[Plane, Plane]:
        # where the result has less depth, cut luma is close enough to choose chroma by: the writer dithers its own
        luma: Plane = frame.luma if drop <= 0 else (frame.luma >> drop).astype(kind)  # type: ignore[assignment]
        return composer.compose(luma, ab, sight, interlaced=frame.interlaced)

    return compose


def _write_segment(
    pieces: Sequence[Anchored],
    film: Iterator[Frame],
    compose: Compose,
    encoding: Encoding,
    info: FilmInfo,
    target: Path,
    report: Callable[[], None],
) -> None:
    part = target.with_suffix(".part")
    try:
        with SegmentWriter(part, encoding, info) as writer:
            color_segment(pieces, film, compose, writer.write, report)
        publish(part, target)
    except OSError as error:
        raise OutputError(f"{target.parent}: cannot write: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


def _phase_a(
    info: FilmInfo,
    settings: RunSettings,
    sight: Sight,
    predictor: Predictor,
    journal: Journal,
    folder: Path,
    account: _Account,
    warn: Callable[[str], None],
) -> Generator[_Job, None, None]:
    """Yield the film's segments in order, with the color of their anchors."""
    table = lightness_table(info.bits, info.tags.full_range)
    film = decode(info, warn=warn, strict=settings.strict, start=settings.start, end=settings.end)
    settled: Half | None = None
    with closing(film):
        for number, footage in enumerate(
            segments(scan(film, sight, info.bits, pyscenedetect=settings.pyscenedetect))
        ):
            account.pts.extend(itertools.chain.from_iterable(piece.pts for piece in footage))
            account.shots = footage[-1].shot + 1
            start, stop = footage[0].start, footage[-1].stop
            stored = folder / f"anchors-{number:06d}.npy"
            kept = _stored_end(stored, footage[-1]) if journal.has(number, start, stop) else None
            if kept is not None:
                settled = kept if footage[-1].shared_end else None
                yield _Job(number, start, stop, None)
                continue
            pieces = []
            for piece in footage:
                pieces.append(_anchored(piece, info, settings, sight, table, predictor, settled, account))
                settled = pieces[-1].ab[-1] if piece.shared_end else None
            _store_end(stored, pieces[-1].ab[-1])
            yield _Job(number, start, stop, tuple(pieces))


def _anchored(
    piece: Footage,
    info: FilmInfo,
    settings: RunSettings,
    sight: Sight,
    table: npt.NDArray[np.float32],
    predictor: Predictor,
    settled: Half | None,
    account: _Account,
) -> Anchored:
    clock = time.perf_counter()
    motion = motion_of(piece, info.bits)
    clock = account.spent("flow", clock)
    anchors, ab = color_footage(
        motion,
        predictions(piece, sight, table, predictor),
        settled,
        every_frame=settings.every_frame,
        smoothing=settings.smoothing,
    )
    account.spent("network", clock)
    account.anchors += len(anchors) - (settled is not None)
    return Anchored(piece.start, piece.stop, anchors, ab, motion)


def _store_end(path: Path, ab: Half) -> None:
    """Keep the color of a segment's last anchor: the next segment may share it."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.save(file, ab)
    publish(part, path)


def _stored_end(path: Path, piece: Footage) -> Half | None:
    """Return the stored color of a finished segment's last anchor, or None where it cannot be read."""
    try:
        ab: Half = np.load(path, allow_pickle=False)
    except (OSError, ValueError):
        return None
    return ab if ab.dtype == np.float16 and ab.ndim == 3 else None
