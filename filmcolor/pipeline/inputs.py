"""Several inputs, one after the other: which is a film, a picture or a sequence, and where each result goes."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from filmcolor.errors import FilmcolorError, InputError, OutputError
from filmcolor.model.predict import Predictor
from filmcolor.pipeline.journal import made_here
from filmcolor.pipeline.kinds import Kind, kind_of
from filmcolor.pipeline.making import Hands
from filmcolor.pipeline.pictures import color_picture
from filmcolor.pipeline.progress import Report
from filmcolor.pipeline.run import RunResult, color_film, load_predictor
from filmcolor.pipeline.sequence import color_sequence
from filmcolor.pipeline.several import Several
from filmcolor.pipeline.workspace import workspace_of
from filmcolor.settings import RunSettings
from filmcolor.video.choose import result_suffix
from filmcolor.video.compare import comparison_of
from filmcolor.video.framemd5 import sidecars_of
from filmcolor.video.probe import probe
from filmcolor.video.sequence import find_sequence
from filmcolor.video.still import still_suffix


@dataclass(frozen=True, slots=True)
class Task:
    """One input and where its result goes."""

    kind: Kind
    source: Path
    out: Path


def color_inputs(
    sources: Sequence[Path],
    out: str | None,
    settings: RunSettings,
    progress: Report,
    *,
    begin: Callable[[Path], None],
    planned: Callable[[Sequence[Path]], None] = lambda _: None,
    skip_existing: bool = False,
) -> Iterator[RunResult]:
    """Color each source, yielding its result when it is there. `begin` is told each source first, `planned`
    the places of all results before any work.

    out: a file, a folder (a path that ends with a separator or exists as one), or None (beside the
    source). Whatever is wrong with the outputs is raised before anything is colored. With several
    sources a failed one is reported and the rest goes on; PartialError at the end, also where frames of
    a film were lost to damage.
    """
    several = len(sources) > 1
    tasks, account = [], Several(len(sources), progress)
    for source in sources:
        try:
            tasks.append(_task(source, out, settings, several))
        except InputError as error:
            account.failed(error)
    _refuse_collisions(tasks)
    tasks = [task for task in tasks if _wanted(task, settings, skip_existing)]
    planned([task.out for task in tasks])
    predictor = cache(lambda: load_predictor(settings))
    for task in tasks:
        begin(task.source)
        try:
            result = color_task(task, settings, progress, predictor())
        except FilmcolorError as error:
            account.failed(error)
            continue
        account.done(task.source, partial=result.partial)
        yield result
    account.end("the result holds what is there")


def color_task(
    task: Task, settings: RunSettings, progress: Report, predictor: Predictor, hands: Hands | None = None
) -> RunResult:
    """Color one source. hands: other processes that may make some of a film's segments.

    Raises InputError, OutputError, ModelError.
    """
    if task.kind == "film":
        return color_film(task.source, task.out, settings, progress, predictor, hands)
    if task.kind == "picture":
        return color_picture(task.source, task.out, settings, progress, predictor)
    return color_sequence(task.source, task.out, settings, progress, predictor)


def files_of(task: Task, settings: RunSettings) -> tuple[Path, ...]:
    """Return the files that a task writes: the result, and what is asked for beside it. Raises InputError."""
    if task.kind == "sequence":
        sequence = find_sequence(task.source)
        return tuple(sequence.result(i, task.out) for i in range(len(sequence.files))) if sequence else ()
    beside: list[Path] = []
    if task.kind == "film" and settings.compare:
        beside.append(comparison_of(task.out))
    if task.kind == "film" and settings.framemd5:
        beside.extend(sidecars_of(task.out))
    return (task.out, *beside)


def _task(source: Path, out: str | None, settings: RunSettings, several: bool) -> Task:
    kind = kind_of(source)
    if out is not None and kind == "sequence" and not several:
        return Task(kind, source, Path(out))
    if out is None:
        folder, named = source.parent, None
    elif out.endswith(("/", os.sep)) or Path(out).is_dir():
        folder, named = Path(out), None
    elif several:
        raise OutputError(f"{out}: several inputs need a folder to go to; write -o {out}/")
    else:
        folder, named = Path(out).parent, Path(out)
    if named is None:
        named = folder / result_name(kind, source, settings, beside=out is None)
        if out is not None and not folder.exists():
            _make(folder)
    if kind != "sequence" and not folder.is_dir():
        raise OutputError(f"{folder}: not a folder; make it first")
    return Task(kind, source, named)


def result_name(kind: Kind, source: Path, settings: RunSettings, *, beside: bool) -> str:
    """Return what the result of a source is called by default. beside: it lies beside its source."""
    if kind == "sequence":
        stem = source.name if source.is_dir() else source.parent.name
        return f"{stem}.color" if beside else stem
    suffix = still_suffix(source) if kind == "picture" else result_suffix(probe(source), settings)
    return f"{source.stem}.color{suffix}" if beside else f"{source.stem}{suffix}"


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot make this folder: {error.strerror}") from error


def _refuse_collisions(tasks: Sequence[Task]) -> None:
    taken: dict[Path, Path] = {}
    for task in tasks:
        where = task.out.absolute()
        if where in taken:
            raise OutputError(
                f"{task.out}: both {taken[where]} and {task.source} would go there; run them apart"
            )
        taken[where] = task.source


def _wanted(task: Task, settings: RunSettings, skip_existing: bool) -> bool:
    out = task.out
    if task.kind == "sequence" or not os.path.lexists(out):
        return True  # a sequence looks at its single files itself
    if out.exists() and task.source.exists() and out.samefile(task.source):
        raise OutputError(f"{out}: is the source itself; choose another output")
    if task.kind == "film" and made_here(workspace_of(out, settings.workspace), out):
        return True  # a run that was stopped in its last moment: only cleaning is left
    if skip_existing:
        return False
    if out.is_dir():
        raise OutputError(f"{out}: is a folder; write -o {out}/ to put the result into it")
    if not settings.overwrite:
        raise OutputError(f"{out}: exists; use --overwrite to replace it or --skip-existing to leave it")
    return True
