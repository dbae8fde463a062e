"""The progress of a batch: a live table on a terminal, JSON lines for programs, else a line for each event that counts."""

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

from filmcolor.batch.board import Board, Screen, as_event
from filmcolor.cli.show import Style

_EVERY = 1.0
_LOUD = ("warning", "failed", "lost", "again")


@contextlib.contextmanager
def screen_of(style: Style, quiet: bool, as_json: bool) -> Iterator[Screen]:
    """Yield the screen for a style. as_json: stdout belongs to the document at the end."""
    if style == "json":
        yield JsonScreen()
    elif style == "auto" and not quiet and sys.stderr.isatty():
        with LiveScreen() as live:
            yield live
    else:
        yield PlainScreen(quiet or style == "off", results=not as_json)


class JsonScreen:
    """One JSON object a line, on stderr."""

    def __init__(self) -> None:
        self._drawn = 0.0

    def show(self, board: Board) -> None:
        """Write a moment, once a second."""
        now = time.monotonic()
        if now - self._drawn < _EVERY:
            return
        self._drawn = now
        workers = [
            {"worker": line.worker, "film": line.film, "stage": line.stage, "frames": line.frames,
             "total": line.total, "shots": line.shots, "fps": round(line.rate, 2)}
            for line in board.lines
        ]  # fmt: skip
        self.tell(
            "progress", films=board.films, done=board.done, failed=board.failed, frames=board.frames,
            total=board.total_frames, segments=board.segments, fps=round(board.rate, 2),
            seconds_left=None if board.left is None else round(board.left), workers=workers,
        )  # fmt: skip

    def tell(self, event: str, **values: Any) -> None:
        """Write an event."""
        print(json.dumps(as_event(event, values)), file=sys.stderr, flush=True)  # noqa: T201


class PlainScreen:
    """A line for each finished film on stdout, and one on stderr for what needs a look."""

    def __init__(self, quiet: bool, results: bool) -> None:
        self._quiet, self._results = quiet, results

    def show(self, board: Board) -> None:
        """Draw nothing."""

    def tell(self, event: str, **values: Any) -> None:
        """Write an event."""
        if event == "done" and self._results:
            print(_done(values), flush=True)  # noqa: T201
        elif event in _LOUD and not self._quiet:
            print(_said(event, values), file=sys.stderr, flush=True)  # noqa: T201


class LiveScreen:
    """A table that is drawn again and again, with events scrolling above it."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = Console(stderr=True)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)

    def __enter__(self) -> "LiveScreen":
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, board: Board) -> None:
        """Draw a moment."""
        self._live.update(_table(board), refresh=True)

    def tell(self, event: str, **values: Any) -> None:
        """Write an event above the table."""
        if event == "done":
            self._print(_done(values))
        elif event in _LOUD:
            self._print(_said(event, values))

    def _print(self, line: str) -> None:
        from rich.text import Text

        self._console.print(Text(line), soft_wrap=True)  # Text: [x] in a name is no markup


def _table(board: Board) -> Any:
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    over = board.done + board.failed
    share = board.frames / board.total_frames if board.total_frames else over / max(1, board.films)
    head = Table.grid(padding=(0, 2))
    failed = f", {board.failed} failed" if board.failed else ""
    head.add_row(
        Text(f"{over} of {board.films} films{failed}", style="bold"),
        ProgressBar(total=1.0, completed=min(1.0, share), width=30),
        Text(f"{100 * min(1.0, share):.0f} %"),
        Text(f"{board.rate:.1f} frames/s"),
        Text("" if board.left is None else f"{clock(board.left)} left"),
        Text(f"{board.segments} segments", style="dim"),
    )
    rows = Table.grid(padding=(0, 2))
    for line in board.lines:
        known = line.total or 0
        rows.add_row(
            Text(line.worker, style="dim"),
            Text(line.film or "–", overflow="ellipsis", no_wrap=True),
            Text(_STAGES.get(line.stage, line.stage)),
            ProgressBar(total=1.0, completed=min(1.0, line.frames / known), width=16) if known else Text(""),
            Text(f"frame {line.frames}{f' of {known}' if known else ''}" if line.frames else ""),
            Text(f"shot {line.shots}" if line.shots else ""),
            Text(f"{line.rate:.1f}/s" if line.frames else "", style="dim"),
        )
    return Group(head, rows)


_STAGES = {"color": "colors", "join": "joins", "segment": "helps", "done": "checks", "read": "reads"}


def clock(seconds: float) -> str:
    """Return a time as people read it: 0:07:31, or 3 d 04:10."""
    whole = int(seconds)
    if whole >= 86400:
        return f"{whole // 86400} d {whole // 3600 % 24:02d}:{whole // 60 % 60:02d}"
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _done(values: dict[str, Any]) -> str:
    count = values.get("frames") or 0
    frames = f": {count} {'frame' if count == 1 else 'frames'}" if count else ""
    lost = f", {values['lost']} lost to damage" if values.get("lost") else ""
    return f"{values['out']}{frames}{lost} in {values['seconds']:.1f} s"


def _said(event: str, values: dict[str, Any]) -> str:
    text = values.get("text", "")
    film = values.get("film", "")
    if event == "again":
        return f"filmcolor: {text}; tries again"
    if event == "lost":
        return f"filmcolor: {text}; another takes its place"
    if event == "warning":
        return f"filmcolor: warning: {text}"
    return f"filmcolor: {film}: {text}" if film and film not in text else f"filmcolor: {text}"
