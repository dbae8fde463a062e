"""A numbered series of pictures from end to end: colored like a film, written picture by picture."""

import time
from collections.abc import Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path

from filmcolor.color.bars import active_box
from filmcolor.color.lightness import lightness_table
from filmcolor.color.sight import Sight, choose_sight
from filmcolor.errors import InputError, OutputError
from filmcolor.film import FilmInfo
from filmcolor.model.predict import Predictor
from filmcolor.pipeline.ahead import ahead
from filmcolor.pipeline.anchors import Anchored, color_footage, motion_of, predictions
from filmcolor.pipeline.memory import SceneMemory, describer, earlier_of, views_of
from filmcolor.pipeline.note import color_note
from filmcolor.pipeline.pictures import rgb_of
from filmcolor.pipeline.progress import Progress, Report, silent
from filmcolor.pipeline.run import RunResult, load_predictor
from filmcolor.pipeline.scan import scan
from filmcolor.pipeline.stored import Half
from filmcolor.settings import RunSettings
from filmcolor.video.sequence import FileSequence, find_sequence, read_frames, read_pictures, sequence_info
from filmcolor.video.still import write_still

_USUAL_RATE = Fraction(24)


def color_sequence(
    source: Path,
    out: Path,
    settings: RunSettings,
    progress: Report = silent,
    predictor: Predictor | None = None,
) -> RunResult:
    """Color the series that a pattern or a folder names into the folder `out`; same names, format and depth.

    Raises InputError, OutputError, ModelError. Each picture appears when it is complete.
    """
    began = time.perf_counter()
    sequence = find_sequence(source)
    if sequence is None:
        raise InputError(f"{source}: no numbered series of pictures here, and not a film")
    _refuse(sequence, out, settings)
    predictor = predictor or load_predictor(settings)
    warnings = list(sequence.warnings)
    for line in warnings:
        progress(Progress("read", warning=line))

    def warn(line: str) -> None:
        if line not in warnings:
            warnings.append(line)
            progress(Progress("read", warning=line))

    rate = Fraction(settings.rate).limit_denominator(100_000) if settings.rate else _USUAL_RATE
    _, first = next(read_pictures(sequence, settings.max_pixels, strict=settings.strict))
    info = sequence_info(sequence, rate, first)
    box = active_box([first.pages[0]], info.height, info.width, info.bits, True)
    sight = choose_sight(info.width, info.height, info.aspect, info.rotation, settings.size, box)
    note = color_note(predictor.model)
    made = done = shots = 0
    table = lightness_table(info.bits, True)
    memory = SceneMemory(describer(predictor, sight, table), info.bits) if settings.remembers else None
    pieces = ahead(_anchored(sequence, rate, info, sight, settings, predictor, memory), 1)
    pictures = read_pictures(sequence, settings.max_pixels, warn=warn, strict=settings.strict)
    with closing(pieces), closing(pictures):
        for shot, piece in pieces:
            shots = shot + 1
            made += len(piece.anchors)
            for ab in piece.color():
                index, picture = next(pictures)
                rgb = rgb_of(picture.pages[0], picture.bits, ab, sight, settings.saturation)
                for line in write_still(picture, [rgb], sequence.result(index, out), note):
                    warn(line)
                done += 1
                progress(Progress("color", done, len(sequence.files), shots))
    progress(Progress("done", done, done, shots))
    seconds = {"sequence": time.perf_counter() - began}
    recalled = 0 if memory is None else memory.recalled
    return RunResult(out, done, shots, made, tuple(warnings), seconds, recalled=recalled)


def _refuse(sequence: FileSequence, out: Path, settings: RunSettings) -> None:
    if out.exists() and out.resolve() == sequence.files[0].parent.resolve():
        raise OutputError(f"{out}: is the folder of the source; choose another output")
    existing = next((p for i in range(len(sequence.files)) if (p := sequence.result(i, out)).exists()), None)
    if existing is not None and not settings.overwrite:
        raise OutputError(f"{existing}: exists; use --overwrite to replace it")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{out}: cannot make this folder: {error.strerror}") from error


def _anchored(
    sequence: FileSequence,
    rate: Fraction,
    info: FilmInfo,
    sight: Sight,
    settings: RunSettings,
    predictor: Predictor,
    memory: SceneMemory | None,
) -> Iterator[tuple[int, Anchored]]:
    """Yield shot and colored anchors of each piece, in order (phase A)."""
    table = lightness_table(info.bits, True)
    settled: Half | None = None
    views: dict[int, Half] = {}
    frames = read_frames(sequence, rate, settings.max_pixels, strict=settings.strict)
    for number, piece in enumerate(scan(frames, sight, info.bits, pyscenedetect=settings.pyscenedetect)):
        recalled = None if memory is None else memory.recall(number, (piece,))[0]
        earlier = None
        if recalled is not None:
            view = recalled.view
            earlier = earlier_of(view, views[view.segment][view.place], piece, info.bits)
        motion = motion_of(piece, info.bits)
        predict = predictions(piece, sight, table, predictor)
        anchors, ab = color_footage(
            motion,
            predict,
            settled,
            every_frame=settings.every_frame,
            smoothing=settings.smoothing,
            earlier=earlier,
            returns=settings.remembers,
        )
        settled = ab[-1] if piece.shared_end else None
        anchored = Anchored(piece.start, piece.stop, anchors, ab, motion, piece.shared_start)
        if memory is not None:
            views[number] = views_of([anchored])
            views = {k: v for k, v in views.items() if k in memory.segments()}
        yield piece.shot, anchored
