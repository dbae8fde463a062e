"""Phase A of one film: its shots are found, their scenes recalled and their anchors colored, ahead of phase B."""

import itertools
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from filmcolor.errors import OutputError
from filmcolor.film import FilmInfo
from filmcolor.pipeline.ahead import ahead
from filmcolor.pipeline.anchors import Piece
from filmcolor.pipeline.journal import Journal
from filmcolor.pipeline.making import (
    Away,
    Hands,
    SegmentTask,
    Setup,
    anchors_made,
    color_anchors,
    end_file,
    store_ends,
)
from filmcolor.pipeline.memory import Recalled, SceneMemory, describer, views_file, views_of
from filmcolor.pipeline.plan import segments
from filmcolor.pipeline.scan import Footage, scan
from filmcolor.pipeline.stored import Half, stored_colors
from filmcolor.video.damage import Damage
from filmcolor.video.decode import decode
from filmcolor.video.telecine import FieldWatch


@dataclass(slots=True)
class Account:
    """What the two phases of one run have counted; phase A writes its own fields, phase B its own.

    anchors: colored in phase A; others: in segments that were handed away. recalled: shots recognized.
    """

    damage: Damage
    shots: int = 0
    recalled: int = 0
    passed_frames: int = 0
    passed_shots: int = 0
    anchors: int = 0
    others: int = 0
    pts: list[int] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def spent(self, stage: str, since: float) -> float:
        """Add the time since `since` to a stage; return the time now."""
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - since
        return now


@dataclass(frozen=True, slots=True)
class Job:
    """One segment on its way from phase A to phase B. pieces is None where this process does not make it.

    away: the segment was handed to another process.
    """

    task: SegmentTask
    pieces: tuple[Piece, ...] | None
    away: Away | None = None


def phase_a(
    setup: Setup,
    journal: Journal,
    account: Account,
    warn: Callable[[str], None],
    hands: Hands | None,
    own: threading.Semaphore,
) -> Generator[Job, None, None]:
    """Yield the film's segments in order, with the color of their anchors.

    own: how many more segments may wait for this process, where there are other hands.
    """
    settings, folder = setup.settings, journal.folder
    film = decode(
        setup.info,
        warn=warn,
        start=settings.start,
        end=settings.end,
        damage=account.damage,
        chroma=not settings.recolor,
    )
    settled: Half | None = None
    last: Job | None = None
    memory = None
    if settings.remembers:
        memory = SceneMemory(describer(setup.predictor, setup.sight, setup.lightness), setup.info.bits)
    colors = _Colors(setup, folder, account)
    fields = FieldWatch(setup.info.bits)
    scanned = scan(fields.through(film), setup.sight, setup.info.bits, pyscenedetect=settings.pyscenedetect)
    # the next piece is read while the anchors of this one are colored
    with closing(film), closing(ahead(scanned, 1)) as footages:
        for number, footage in enumerate(segments(footages)):
            account.pts.extend(itertools.chain.from_iterable(piece.pts for piece in footage))
            account.shots = footage[-1].shot + 1
            _count_passed(footage, account, setup.info, warn)
            if last is not None and last.away is not None and last.task.shared_end:
                settled = _end_of(last, setup, folder, account)
            recalled: tuple[Recalled | None, ...] = ()
            if memory is not None:
                clock = time.perf_counter()
                recalled = memory.recall(number, footage)
                account.recalled = memory.recalled
                account.spent("memory", clock)
            task = SegmentTask(number, footage, settled, recalled)
            kept = None
            if journal.has(number, task.start, task.stop) and (memory is None or colors.stored(number)):
                kept = stored_colors(end_file(folder, number), 3)
            if kept is None and memory is not None:
                task = colors.told(task, memory)
            if kept is not None:
                last = Job(task, None)
                settled = kept if task.shared_end else None
            elif hands is not None and (away := _offer(task, folder, hands, own)) is not None:
                last = Job(task, None, away)
                if memory is not None:  # else nobody asks for them, and they would pile up
                    colors.handed_away(last)
                settled = None
            else:
                pieces = color_anchors(task, setup, account.spent)
                account.anchors += anchors_made(pieces, task)
                store_ends(pieces, task, setup, folder)
                last = Job(task, pieces)
                settled = pieces[-1].ab[-1] if task.shared_end else None
            yield last
    for line in fields.found().warnings(setup.info):
        warn(line)


def _count_passed(
    footage: Sequence[Footage], account: Account, info: FilmInfo, warn: Callable[[str], None]
) -> None:
    for piece in footage:
        if not piece.colored:
            continue
        if not account.passed_frames:
            second = float((piece.pts[0] - info.first_pts) * info.time_base)
            warn(
                f"{info.path.name}: in color already at {second:.2f} s; such parts are passed through as they are"
                " (--recolor colors them, too)"
            )
        account.passed_frames += piece.stop - piece.start
        account.passed_shots += not piece.shared_start


def _offer(task: SegmentTask, folder: Path, hands: Hands, own: threading.Semaphore) -> Away | None:
    """Hand a segment away, or return None as soon as this process can take it."""
    while (away := hands.take(task, folder)) is None:
        if own.acquire(timeout=0.05):
            return None
    return away


class _Colors:
    """Finds the colors that shots are recalled by, wherever the segments that hold them are made."""

    def __init__(self, setup: Setup, folder: Path, account: Account) -> None:
        self._setup, self._folder, self._account = setup, folder, account
        self._away: dict[int, Job] = {}

    def stored(self, number: int) -> bool:
        """Whether a finished segment's colors can be read."""
        return stored_colors(views_file(self._folder, number), 4) is not None

    def handed_away(self, job: Job) -> None:
        """Keep a segment that others make until its colors are stored."""
        self._away[job.task.number] = job

    def told(self, task: SegmentTask, memory: SceneMemory) -> SegmentTask:
        """Return the task with the colors that earlier segments have for it. Waits for those that need it."""
        # what the task recalls may have been pushed out of memory by its own many shots
        asked = memory.segments() | {each.view.segment for each in task.recalled if each is not None}
        for number, job in list(self._away.items()):
            over = job.away is not None and job.away.ended() and views_file(self._folder, number).is_file()
            if over or number not in asked:
                del self._away[number]
        found = [
            each
            if each is None or each.view.segment == task.number
            else replace(each, ab=self._views(each.view.segment)[each.view.place])
            for each in task.recalled
        ]
        return replace(task, recalled=tuple(found))

    def _views(self, number: int) -> Half:
        job = self._away.get(number)
        if job is not None and job.away is not None:
            job.away.anchored()  # where it will not be, nothing is stored
        views = stored_colors(views_file(self._folder, number), 4)
        if views is None and job is not None:
            views = views_of(color_anchors(job.task, self._setup, self._account.spent))
        if views is None:
            raise OutputError(f"{self._folder}: the colors of segment {number} are gone; run again")
        return views


def _end_of(job: Job, setup: Setup, folder: Path, account: Account) -> Half:
    """Return the color of the last anchor of a segment that was handed away."""
    assert job.away is not None
    kept = stored_colors(end_file(folder, job.task.number), 3) if job.away.anchored() else None
    return color_anchors(job.task, setup, account.spent)[-1].ab[-1] if kept is None else kept
