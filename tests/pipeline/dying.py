"""A run that dies by SIGKILL at a named step, in a process of its own.

The steps are seams between functions of the package, wrapped in the dying process alone: the package knows
nothing of them.
"""

import functools
import multiprocessing
import os
import pathlib
import resource
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from filmcolor.color.gamut import tables
from filmcolor.errors import FilmcolorError
from filmcolor.model.predict import Predictor
from filmcolor.pipeline import inputs, journal, making, plan, run, stored, workspace
from filmcolor.pipeline.inputs import color_inputs
from filmcolor.pipeline.journal import Journal
from filmcolor.pipeline.progress import silent
from filmcolor.pipeline.run import RunResult
from filmcolor.settings import RunSettings
from filmcolor.video import join
from filmcolor.video.encode import SegmentWriter

SETTINGS = RunSettings(size=64, mirrored=False, preset="archive")
SEGMENT = 8
"""Frames of a segment in these runs."""
SECOND = "segment-000001"

Wrapped = Callable[..., Any]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    threading.Event().wait()  # the signal may take a moment


def _wrap(owner: Any, name: str, make: Callable[[Wrapped], Wrapped]) -> None:
    setattr(owner, name, functools.wraps(getattr(owner, name))(make(getattr(owner, name))))


def before(owner: Any, name: str, word: str = "", count: int = 1) -> Callable[[], None]:
    """Die when the `count`th call of `owner.name` with `word` in one of its arguments begins."""
    left = [count]

    def make(call: Wrapped) -> Wrapped:
        def dying(*args: Any, **more: Any) -> Any:
            if any(word in str(a) for a in args):
                left[0] -= 1
                if not left[0]:
                    die()
            return call(*args, **more)

        return dying

    return lambda: _wrap(owner, name, make)


def after(owner: Any, name: str, word: str = "", count: int = 1) -> Callable[[], None]:
    """Die when the `count`th call of `owner.name` with `word` in one of its arguments has ended."""
    left = [count]

    def make(call: Wrapped) -> Wrapped:
        def dying(*args: Any, **more: Any) -> Any:
            found = call(*args, **more)
            if any(word in str(a) for a in args):
                left[0] -= 1
                if not left[0]:
                    die()
            return found

        return dying

    return lambda: _wrap(owner, name, make)


def in_the_middle(owner: Any, name: str, count: int) -> Callable[[], None]:
    """Die when the generator `owner.name` is asked for its item number `count`."""

    def make(call: Wrapped) -> Wrapped:
        def dying(*args: Any, **more: Any) -> Iterator[Any]:
            for number, item in enumerate(call(*args, **more)):
                if number == count:
                    die()
                yield item

        return dying

    return lambda: _wrap(owner, name, make)


def tearing(word: str) -> Callable[[], None]:
    """Die when half of the first journal line with `word` in it is written."""

    def make(call: Wrapped) -> Wrapped:
        def dying(path: Path, line: str) -> None:
            if word in line:
                with path.open("a") as file:
                    file.write(line[: len(line) // 2])
                die()
            call(path, line)

        return dying

    return lambda: _wrap(journal, "append_line", make)


STEPS: dict[str, Callable[[], None]] = {
    "workspace made, no journal": before(Journal, "__init__"),
    "journal's first line torn": tearing("basis"),
    "journal begun": after(Journal, "__init__"),
    "views written, not renamed": before(stored, "publish", "views-000001"),
    "views in place": after(stored, "publish", "views-000001"),
    "anchors written, not renamed": before(stored, "publish", "anchors-000001"),
    "anchors in place": after(stored, "publish", "anchors-000001"),
    "first segment opened": before(SegmentWriter, "write", count=1),
    "second segment opened": before(SegmentWriter, "write", count=SEGMENT + 1),
    "second segment half encoded": before(SegmentWriter, "write", count=SEGMENT + SEGMENT // 2),
    "second segment closed, not synced": before(making, "publish", SECOND),
    "second segment synced, not renamed": before(pathlib.Path, "replace", SECOND),
    "second segment renamed, folder not synced": after(pathlib.Path, "replace", SECOND),
    "second segment in place, not journaled": before(Journal, "add", SECOND),
    "second segment's line torn": tearing(SECOND),
    "second segment journaled": after(Journal, "add", SECOND),
    "all segments journaled": before(run, "join"),
    "join opened": in_the_middle(join, "_merged", 0),
    "join half written": in_the_middle(join, "_merged", SEGMENT + 3),
    "joined, not read again": before(join, "verify"),
    "joined and verified": before(Journal, "add_result"),
    "result's line torn": tearing("result"),
    "result journaled, not synced": before(run, "publish", "filmcolor-part"),
    "result synced, not renamed": before(pathlib.Path, "replace", "filmcolor-part"),
    "result renamed, folder not synced": after(pathlib.Path, "replace", "filmcolor-part"),
    "result in place": before(Journal, "add_done"),
    "last line torn": tearing("done"),
    "last line written": before(run, "clear"),
    "workspace half cleared": before(workspace, "_remove", SECOND),
    "only the journal left": before(workspace, "_remove", journal.JOURNAL),
}


@functools.cache
def predictor() -> Predictor:
    """Load what every run needs, once; in one thread, so that processes can be forked off."""
    torch.set_num_threads(1)
    tables(0.299, 0.114)
    return run.load_predictor(SETTINGS)


def color(source: Path, out: Path) -> RunResult:
    """Color a film as `filmcolor run SOURCE -o OUT` does."""
    (result,) = color_inputs([source], str(out), SETTINGS, silent, begin=lambda _: None)
    return result


def _run(source: Path, out: Path, step: str | None, seconds: float | None, room: int | None) -> None:
    plan.SEGMENT_FRAMES = SEGMENT
    inputs.load_predictor = lambda _: predictor()
    if step is not None:
        STEPS[step]()
    if seconds is not None:
        timer = threading.Timer(seconds, die)
        timer.daemon = True
        timer.start()
    if room is not None:  # Python ignores the signal, so that writing fails as on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    try:
        color(source, out)
    except FilmcolorError as error:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        out.with_name("said").write_text(str(error))
        sys.exit(error.exit_code)


def killed(source: Path, out: Path, step: str | None = None, seconds: float | None = None) -> bool:
    """Color a film in a process of its own, until `step` or for `seconds`; tell whether it was killed."""
    code = _process(source, out, step, seconds, None)
    assert code in (0, -signal.SIGKILL), f"ended with {code}"
    return code != 0


def cramped(source: Path, out: Path, room: int) -> int:
    """Color a film where no file can grow beyond `room` bytes; return the exit code. The error is in the file `said`."""
    return _process(source, out, None, None, room)


def _process(source: Path, out: Path, step: str | None, seconds: float | None, room: int | None) -> int:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.pipeline.dying_preload"])
    process = context.Process(target=_run, args=(source, out, step, seconds, room))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")  # torch's pool of threads does not live through a fork
        process.start()
    process.join(120)
    assert process.exitcode is not None, "still running"
    return process.exitcode
