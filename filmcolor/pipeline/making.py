"""One segment from its footage to its file: a pure function, whichever process calls it."""

import io
import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from filmcolor.color.carry import ChromaCarrier
from filmcolor.color.compose import ChromaComposer
from filmcolor.color.gamut import tables
from filmcolor.color.lightness import lightness_table
from filmcolor.color.sight import Sight
from filmcolor.color.siting import ChromaGrid
from filmcolor.errors import InputError, cannot_write
from filmcolor.files import publish
from filmcolor.film import FilmInfo, Frame, Plane
from filmcolor.flow.agree import Earlier
from filmcolor.model.predict import Predictor
from filmcolor.pipeline.anchors import Anchored, Passed, Piece, color_footage, motion_of, predictions
from filmcolor.pipeline.memory import Recalled, View, earlier_of, views_file, views_of
from filmcolor.pipeline.scan import Footage, sight_of
from filmcolor.pipeline.segment import Carry, Compose, color_segment
from filmcolor.pipeline.stored import Half, store_colors
from filmcolor.pipeline.watch import Watch, figures_file
from filmcolor.settings import RunSettings
from filmcolor.video.decode import decode
from filmcolor.video.encode import Encoding, SegmentWriter, choose_encoding
from filmcolor.video.probe import probe

Spent = Callable[[str, float], float]
"""A stage and when it began (perf_counter) -> the time now; adds up busy time."""

_BESIDE = 0.001
"""Seconds before a segment's first frame at which another decoder is asked to begin."""
_NEAR = 10
"""Seconds that a decoder rather decodes than searches."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What all segments of a film have in common."""

    info: FilmInfo
    settings: RunSettings
    encoding: Encoding
    sight: Sight
    lightness: npt.NDArray[np.float32]
    compose: Compose
    carry: Carry
    predictor: Predictor


@dataclass(frozen=True, slots=True)
class SegmentTask:
    """One segment to be made. settled: color of its first frame where the segment before shares it.

    recalled: of each piece, what its shot takes its colors from, if anything; empty: nothing for any of them.
    """

    number: int
    footage: tuple[Footage, ...]
    settled: Half | None
    recalled: tuple[Recalled | None, ...] = ()

    @property
    def start(self) -> int:
        """The segment's first frame."""
        return self.footage[0].start

    @property
    def stop(self) -> int:
        """The frame behind its last."""
        return self.footage[-1].stop

    @property
    def shared_end(self) -> bool:
        """Whether the next segment takes the color of this one's last anchor."""
        return self.footage[-1].shared_end and not self.footage[-1].colored


class Away(Protocol):
    """A segment that another process makes."""

    def ended(self) -> bool:
        """Whether it is made, or will not be."""

    def anchored(self) -> bool:
        """Wait until the color of its last anchor is stored; False where it will not be."""

    def made(self) -> int | None:
        """Wait until it is made; return how many frames the generator colored, None where it was not made."""


class Hands(Protocol):
    """Other processes that may make segments of a film."""

    def take(self, task: SegmentTask, folder: Path) -> Away | None:
        """Take a segment, whose files go to the workspace `folder`; None where nobody is free. Never waits."""


def set_up(source: Path, out: Path, settings: RunSettings, predictor: Predictor) -> Setup:
    """Look at a film and decide how it is colored. Raises InputError, OutputError."""
    info = probe(source)
    encoding = choose_encoding(info, settings, out)
    return set_up_known(info, encoding, settings, predictor)


def set_up_known(info: FilmInfo, encoding: Encoding, settings: RunSettings, predictor: Predictor) -> Setup:
    """Decide how a film is colored that was looked at already."""
    sight = sight_of(info, settings.size)
    table = lightness_table(info.bits, info.tags.full_range)
    return Setup(
        info,
        settings,
        encoding,
        sight,
        table,
        _composer(info, encoding, sight, settings.saturation),
        _carrier(info, encoding),
        predictor,
    )


def color_anchors(task: SegmentTask, setup: Setup, spent: Spent) -> tuple[Piece, ...]:
    """Return the task's pieces with the color of their anchors; those in color already have none."""
    pieces: list[Piece] = []
    settled = task.settled
    for number, piece in enumerate(task.footage):
        if piece.colored:
            none = np.zeros((1, 2, setup.sight.rows // 2, setup.sight.columns // 2), np.float16)
            pieces.append(Passed(piece.start, piece.stop, none, piece.shared_start))
            settled = None
            continue
        recalled = task.recalled[number] if task.recalled else None
        earlier = None if recalled is None else _earlier(recalled, piece, pieces, setup.info.bits)
        pieces.append(_anchored(piece, setup, settled, earlier, spent))
        settled = pieces[-1].ab[-1] if piece.shared_end else None
    return tuple(pieces)


def anchors_made(pieces: Sequence[Piece], task: SegmentTask) -> int:
    """Return how many frames the generator colored: anchors that a seam shares count once."""
    inner = sum(piece.shared_start and not piece.colored for piece in task.footage[1:])
    seams = inner + (task.settled is not None and not task.footage[0].colored)
    return sum(len(piece.anchors) for piece in pieces) - seams


def write_segment(
    pieces: Sequence[Piece],
    frames: Iterator[Frame],
    setup: Setup,
    target: Path,
    report: Callable[[], None],
    part: Path | None = None,
) -> None:
    """Write the segment's file, under another name (`part`) until it is complete. Raises OutputError."""
    part = part or target.with_suffix(".part")
    watch = Watch(setup.info, setup.sight, setup.settings.saturation)
    try:
        with SegmentWriter(part, setup.encoding, setup.info) as writer:
            color_segment(pieces, frames, setup.compose, setup.carry, writer.write, report, watch.see)
        watch.store(figures_file(target))
        publish(part, target)
    except OSError as error:
        raise cannot_write(target.parent, error) from error
    finally:
        part.unlink(missing_ok=True)


def segment_file(folder: Path, number: int) -> Path:
    """Return where a finished segment lies in the workspace."""
    return folder / f"segment-{number:06d}.mkv"


def end_file(folder: Path, number: int) -> Path:
    """Return where the color of a segment's last anchor lies in the workspace."""
    return folder / f"anchors-{number:06d}.npy"


def store_ends(pieces: Sequence[Piece], task: SegmentTask, setup: Setup, folder: Path) -> None:
    """Keep what other segments need of this one's colors: those of its views, then that of its last anchor."""
    if setup.settings.remembers:
        store_colors(views_file(folder, task.number), views_of(pieces))
    store_colors(end_file(folder, task.number), pieces[-1].ab[-1])


def nothing() -> None:
    """Do nothing."""


def store_task(path: Path, task: SegmentTask) -> None:
    """Write a task for another process."""
    arrays: dict[str, npt.NDArray[Any]] = {"number": np.array(task.number)}
    if task.settled is not None:
        arrays["settled"] = task.settled
    for i, piece in enumerate(task.footage):
        numbers = (piece.shot, piece.start, piece.stop, piece.shared_start, piece.shared_end, piece.colored)
        arrays[f"numbers {i}"] = np.array(numbers, np.int64)
        arrays[f"pts {i}"] = np.array(piece.pts, np.int64)
        arrays[f"small {i}"] = np.stack(piece.small)
    for i, recalled in enumerate(task.recalled):
        if recalled is not None:
            view = recalled.view
            arrays[f"view {i}"] = np.array((view.segment, view.piece, view.last), np.int64)
            arrays[f"view luma {i}"] = view.luma
            if recalled.ab is not None:
                arrays[f"view ab {i}"] = recalled.ab
    packed = io.BytesIO()
    np.savez(packed, **arrays)  # type: ignore[arg-type]
    part = path.with_name(f"{path.stem}.{os.getpid()}.part")
    part.write_bytes(packed.getvalue())
    part.replace(path)


def stored_task(path: Path) -> SegmentTask:
    """Read a task that another process wrote. Raises OSError, ValueError, KeyError."""
    with np.load(path, allow_pickle=False) as file:
        footage = []
        for i in range(sum(name.startswith("pts ") for name in file.files)):
            shot, start, stop, shared_start, shared_end, colored = (int(n) for n in file[f"numbers {i}"])
            small, pts = tuple(file[f"small {i}"]), tuple(int(n) for n in file[f"pts {i}"])
            shared = bool(shared_start), bool(shared_end)
            footage.append(Footage(shot, start, stop, *shared, small, pts, bool(colored)))
        settled = file["settled"] if "settled" in file.files else None
        recalled: list[Recalled | None] = []
        for i in range(len(footage)):
            if f"view {i}" not in file.files:
                recalled.append(None)
                continue
            segment, number, last = (int(n) for n in file[f"view {i}"])
            ab = file[f"view ab {i}"] if f"view ab {i}" in file.files else None
            recalled.append(Recalled(View(segment, number, bool(last), file[f"view luma {i}"]), ab))
        return SegmentTask(int(file["number"]), tuple(footage), settled, tuple(recalled))


class OtherFrames(Exception):
    """A decoder that began in the middle gave other frames than the one that began at the start."""


class Maker:
    """Makes segments of one film with a decoder of its own; cheapest in rising order."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self._chroma = not setup.settings.recolor
        self._film: Generator[Frame, None, None] | None = None
        self._at = 0
        self._pts = 0

    def make(
        self,
        task: SegmentTask,
        folder: Path,
        report: Callable[[], None],
        anchored: Callable[[], None] = nothing,
        part: Path | None = None,
    ) -> int:
        """Color the anchors, store the last one (then call `anchored`), and write the segment's file.

        Returns how many frames the generator colored. Raises OutputError, and InputError where the film's frames
        are no longer those of the task.
        """
        pieces = color_anchors(task, self.setup, lambda _, since: since)
        store_ends(pieces, task, self.setup, folder)
        anchored()
        target = segment_file(folder, task.number)
        for find in (self._found, self._counted):
            frames = _same(find(task), task, self.setup.sight)
            try:
                write_segment(pieces, frames, self.setup, target, report, part)
            except OtherFrames:
                self.close()
                continue
            self._at, self._pts = task.stop, task.footage[-1].pts[-1]
            return anchors_made(pieces, task)
        raise InputError(f"{self.setup.info.path}: changed while it was colored; run again with --fresh")

    def close(self) -> None:
        """Close the decoder."""
        if self._film is not None:
            self._film.close()
            self._film = None
        self._at = 0

    def _found(self, task: SegmentTask) -> Iterator[Frame]:
        """Return the task's frames, from where the decoder stands or from where the container is searched."""
        info, first = self.setup.info, task.footage[0].pts[0]
        near = (first - self._pts) * info.time_base <= _NEAR
        if self._film is None or task.start < self._at or not near:
            self.close()
            begin = float((first - info.first_pts) * info.time_base) - _BESIDE
            self._film = decode(info, start=max(begin, 0.0), end=self.setup.settings.end, chroma=self._chroma)
        return (frame for frame in self._film if frame.pts >= first)

    def _counted(self, task: SegmentTask) -> Iterator[Frame]:
        """Return the task's frames by their number, from the film's first."""
        settings = self.setup.settings
        self._film = decode(self.setup.info, start=settings.start, end=settings.end, chroma=self._chroma)
        return islice(self._film, task.start, None)


def _same(frames: Iterator[Frame], task: SegmentTask, sight: Sight) -> Iterator[Frame]:
    """Yield the frames of the task, each compared with the footage. Raises OtherFrames."""
    for piece in task.footage:
        for pts, small in zip(piece.pts, piece.small, strict=False):
            frame = next(frames, None)
            if frame is None or frame.pts != pts or not np.array_equal(sight.small(frame.luma), small):
                raise OtherFrames
            yield frame


def _earlier(recalled: Recalled, piece: Footage, before: Sequence[Piece], bits: int) -> Earlier:
    """Return the color that a piece begins from. before: the segment's pieces before it."""
    view, ab = recalled.view, recalled.ab
    if ab is None:
        ab = before[view.piece].ab[-1 if view.last else 0]
    return earlier_of(view, ab, piece, bits)


def _anchored(
    piece: Footage, setup: Setup, settled: Half | None, earlier: Earlier | None, spent: Spent
) -> Anchored:
    clock = time.perf_counter()
    motion = motion_of(piece, setup.info.bits)
    clock = spent("flow", clock)
    anchors, ab = color_footage(
        motion,
        predictions(piece, setup.sight, setup.lightness, setup.predictor),
        settled,
        every_frame=setup.settings.every_frame,
        smoothing=setup.settings.smoothing,
        earlier=earlier,
        returns=setup.settings.remembers,
    )
    spent("network", clock)
    return Anchored(piece.start, piece.stop, anchors, ab, motion, piece.shared_start)


def _carrier(info: FilmInfo, encoding: Encoding) -> Carry:
    size = {"height": info.height, "width": info.width}
    carrier = ChromaCarrier(
        source=ChromaGrid(**size, subsampling=info.subsampling, siting=info.tags.siting),
        target=ChromaGrid(**size, subsampling=encoding.subsampling, siting=encoding.siting),
        bits=info.bits,
        to_bits=encoding.bits,
        full_range=encoding.full_range,
    )
    return lambda frame: carrier.carry(frame.chroma, interlaced=frame.interlaced)


def _composer(info: FilmInfo, encoding: Encoding, sight: Sight, saturation: float) -> Compose:
    kr, kb = info.tags.luma_weights(info.height)
    grid = ChromaGrid(
        height=info.height, width=info.width, subsampling=encoding.subsampling, siting=encoding.siting
    )
    composer = ChromaComposer(
        kr=kr, kb=kb, full_range=encoding.full_range, bits=encoding.bits, grid=grid, saturation=saturation
    )
    tables(kr, kb)  # made once, before several threads ask for them
    drop = info.bits - encoding.bits
    kind = np.uint8 if encoding.bits == 8 else np.uint16

    def compose(frame: Frame, ab: npt.NDArray[np.float32]) -> tuple[Plane, Plane]:
        # where the result has less depth, cut luma is close enough to choose chroma by: the writer dithers its own
        luma: Plane = frame.luma if drop <= 0 else (frame.luma >> drop).astype(kind)  # type: ignore[assignment]
        return composer.compose(luma, ab, sight, interlaced=frame.interlaced)

    return compose
