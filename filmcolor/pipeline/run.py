"""One film from end to end: probe, scan, color the anchors, color each segment, join.

Two passes run side by side, the first a bounded number of segments ahead: phase A (anchors) in a thread, and its
scan in another, phase B (segments) here.
"""

import contextlib
import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from filmcolor import __version__
from filmcolor.errors import InputError, cannot_write
from filmcolor.files import publish
from filmcolor.film import FilmInfo
from filmcolor.model.predict import Predictor
from filmcolor.model.weights import load_model
from filmcolor.pipeline.ahead import ahead
from filmcolor.pipeline.figures import FilmFigures, read_figures
from filmcolor.pipeline.journal import Journal, hash_head_and_tail, made_here
from filmcolor.pipeline.making import (
    Hands,
    Maker,
    SegmentTask,
    Setup,
    segment_file,
    set_up_known,
    write_segment,
)
from filmcolor.pipeline.note import color_note
from filmcolor.pipeline.phase_a import Account, Job, phase_a
from filmcolor.pipeline.places import with_room
from filmcolor.pipeline.progress import Progress, Report, silent
from filmcolor.pipeline.watch import figures_file
from filmcolor.pipeline.workspace import clear, held, part_of, workspace_of
from filmcolor.settings import RunSettings
from filmcolor.video.compare import comparison_of, write_comparison
from filmcolor.video.damage import Damage
from filmcolor.video.decode import decode
from filmcolor.video.encode import choose_encoding
from filmcolor.video.framemd5 import sidecars_of, write_luma_md5, write_result_md5
from filmcolor.video.join import join
from filmcolor.video.probe import probe

LOOK_AHEAD = 2
"""Segments that phase A may be ahead of phase B."""
_AWAY_AHEAD = 16
"""The same, where other processes make some of them."""
_COUNTS = ("frames", "shots", "anchors", "recalled", "passed_frames", "passed_shots", "warnings")


@dataclass(frozen=True, slots=True)
class RunResult:
    """What came of a run. anchors: frames that the generator colored in this run. recalled: shots that took
    the colors of an earlier one of the same scene. passed_frames, passed_shots: in color already, and kept so.

    damage: what of the source could not be read (None: a picture, a sequence, or a result that was there
    already). stage_seconds: busy time of each stage, in seconds; stages overlap, so their sum exceeds
    the wall time. info: the film as it was read. figures: of its shots. basis: what the work stands on. All
    three for films alone.
    """

    path: Path
    frames: int
    shots: int
    anchors: int = 0
    warnings: tuple[str, ...] = ()
    stage_seconds: dict[str, float] = field(default_factory=dict)
    damage: Damage | None = None
    info: FilmInfo | None = None
    figures: FilmFigures | None = None
    basis: dict[str, str] = field(default_factory=dict)
    recalled: int = 0
    passed_frames: int = 0
    passed_shots: int = 0

    @property
    def partial(self) -> bool:
        """Whether frames of the source are missing in the result."""
        return self.damage is not None and self.damage.partial


def load_predictor(settings: RunSettings) -> Predictor:
    """Load the generator that the settings name. Raises ModelError."""
    return Predictor(
        load_model(settings.model),
        device=settings.device,
        precision=settings.precision,
        mirrored=settings.mirrored,
        seed=settings.seed,
        warn=logging.getLogger(__name__).warning,
    )


def color_film(
    source: Path,
    out: Path,
    settings: RunSettings,
    progress: Report = silent,
    predictor: Predictor | None = None,
    hands: Hands | None = None,
) -> RunResult:
    """Color one film; the source is only read, `out` appears when everything is in it.

    hands: other processes that may make some of the segments. Raises InputError, OutputError,
    ModelError. Unfinished segments stay in the workspace when the
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
        info = with_room(info, encoding, settings, folder, out)
        result = _finished(journal, out)
        if result is None:
            setup = set_up_known(info, encoding, settings, predictor)
            result = _color(setup, out, progress, journal, hands)
            if settings.compare:
                write_comparison(source, info.stream, out, comparison_of(out))
            if settings.framemd5:
                pictures, luma = sidecars_of(out)
                write_result_md5(out, pictures)
                with closing(decode(info, start=settings.start, end=settings.end)) as frames:
                    write_luma_md5(info, frames, luma)
            if not result.partial:  # what was lost is told by reading the film again
                journal.add_done({name: getattr(result, name) for name in _COUNTS})
        files = sorted(map(figures_file, folder.glob("segment-*.mkv")))
        figures = read_figures(files, result.frames, result.shots)
        clear(folder)
    return replace(result, info=info, figures=figures, basis=basis)


def _finished(journal: Journal, out: Path) -> RunResult | None:
    """Return what an earlier run has finished but for the cleaning, or None."""
    if journal.done is None or not made_here(journal.folder, out):
        return None
    counts: dict[str, Any] = {k: v for k, v in journal.done.items() if k in _COUNTS}
    counts["warnings"] = tuple(counts.get("warnings", ()))
    return RunResult(path=out, **counts)


def _color(setup: Setup, out: Path, progress: Report, journal: Journal, hands: Hands | None) -> RunResult:
    info, encoding, settings = setup.info, setup.encoding, setup.settings
    warnings = list(dict.fromkeys((*info.warnings, *encoding.warnings)))
    account = Account(Damage(info.path, settings.strict), warnings=warnings)
    for line in account.warnings:
        progress(Progress("read", warning=line))
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

    own = threading.Semaphore(LOOK_AHEAD)
    jobs = ahead(
        phase_a(setup, journal, account, warn, hands, own), LOOK_AHEAD if hands is None else _AWAY_AHEAD
    )
    film = decode(
        info,
        warn=warn,
        strict=settings.strict,
        start=settings.start,
        end=settings.end,
        chroma=not settings.recolor,
    )
    files: list[Path] = []
    away: list[Job] = []

    def finish(task: SegmentTask) -> None:
        finished = journal.add(task.number, task.start, task.stop, segment_file(journal.folder, task.number))
        progress(Progress("color", done, total, account.shots, segment=finished))

    with closing(jobs), closing(film), closing(Maker(setup)) as maker, _open(own):
        for job in jobs:
            began = time.perf_counter()
            task = job.task
            if job.pieces is not None:
                own.release()
                write_segment(job.pieces, film, setup, segment_file(journal.folder, task.number), report)
                finish(task)
            else:
                for _ in itertools.islice(film, task.stop - task.start):
                    if job.away is None:
                        report()
            if job.away is not None:
                away.append(job)
            for ended in [each for each in away if each.away is not None and each.away.ended()]:
                away.remove(ended)
                _take_back(ended, maker, journal.folder, account, report)
                finish(ended.task)
            files.append(segment_file(journal.folder, task.number))
            account.spent("color and encode", began)
        for job in away:
            _take_back(job, maker, journal.folder, account, report)
            finish(job.task)
    if not account.pts:
        raise InputError(f"{info.path}: not one frame could be decoded")
    began = time.perf_counter()
    progress(Progress("join", done, done, account.shots))
    part = part_of(out)
    try:
        note, moved = color_note(setup.predictor.model), account.damage.moved
        for line in join(files, info, encoding, settings, part, account.pts, note, moved):
            warn(line)
        journal.add_result(part)
        publish(part, out)
    except OSError as error:
        raise cannot_write(out, error) from error
    finally:
        part.unlink(missing_ok=True)
    account.spent("join", began)
    progress(Progress("done", done, done, account.shots))
    return RunResult(
        out,
        len(account.pts),
        account.shots,
        account.anchors + account.others,
        tuple(account.warnings),
        dict(account.seconds),
        account.damage,
        recalled=account.recalled,
        passed_frames=account.passed_frames,
        passed_shots=account.passed_shots,
    )


@contextlib.contextmanager
def _open(own: threading.Semaphore) -> Iterator[None]:
    """On leaving, let phase A through, so that it sees that it is to stop."""
    try:
        yield
    finally:
        own.release(_AWAY_AHEAD)


def _take_back(job: Job, maker: Maker, folder: Path, account: Account, report: Callable[[], None]) -> None:
    """Wait for a segment that was handed away; make it here where the others could not."""
    assert job.away is not None
    made = job.away.made()
    if made is not None and segment_file(folder, job.task.number).is_file():
        account.others += made
        for _ in range(job.task.stop - job.task.start):
            report()
        return
    account.others += maker.make(job.task, folder, report)
