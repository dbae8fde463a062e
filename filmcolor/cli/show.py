"""Progress on a terminal or as JSON lines, always on stderr."""

import json
import sys
import time
from pathlib import Path
from typing import Literal

from filmcolor.pipeline.progress import Progress

Style = Literal["auto", "json", "off"]
_OFTEN = ("scan", "color")  # stages that report oftener than one can see


class Screen:
    """Draws the progress of one input after another; a callable for `pipeline.progress.Report`."""

    def __init__(self, style: Style, quiet: bool) -> None:
        self._style = style
        self._quiet = quiet
        self._live = style == "auto" and not quiet and sys.stderr.isatty()
        self._name = ""
        self._began = self._drawn = 0.0
        self._width = 0

    def begin(self, name: Path) -> None:
        """Start on another input."""
        self._name = name.name
        self._began = time.monotonic()
        self._drawn = 0.0

    def __call__(self, now: Progress) -> None:
        """Report one moment."""
        if now.warning is not None:
            self._warn(now.warning)
        elif self._style == "json":
            if now.stage not in _OFTEN or self._due(0.5):
                self._json({"event": now.stage, "film": self._name, "frames": now.frames, "total": now.total,
                            "shots": now.shots, "fps": round(self._rate(now), 2)})  # fmt: skip
        elif self._live and (now.stage not in _OFTEN or self._due(0.1)):
            self._draw(now)

    def _due(self, seconds: float) -> bool:
        now = time.monotonic()
        if now - self._drawn < seconds:
            return False
        self._drawn = now
        return True

    def _rate(self, now: Progress) -> float:
        return now.frames / max(time.monotonic() - self._began, 1e-3)

    def _warn(self, line: str) -> None:
        if self._style == "json":
            self._json({"event": "warning", "film": self._name, "text": line})
            return
        self._clear()
        print(f"filmcolor: warning: {line}", file=sys.stderr, flush=True)  # noqa: T201

    def _json(self, value: dict[str, object]) -> None:
        print(json.dumps(value), file=sys.stderr, flush=True)  # noqa: T201

    def _draw(self, now: Progress) -> None:
        rate = self._rate(now)
        if now.stage == "join":
            text = f"{self._name}: joining {now.frames} frames"
        elif now.stage == "done":
            self._clear()
            return
        else:
            share, left = "", ""
            if now.total:
                share = f"/{now.total} {min(100, 100 * now.frames // now.total)}%"
                seconds = int(max(0, now.total - now.frames) / max(rate, 1e-3))
                left = f", {seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d} left"
            text = f"{self._name}: shot {now.shots}, frame {now.frames}{share}, {rate:.1f} frames/s{left}"
        self._clear()
        sys.stderr.write(text)
        sys.stderr.flush()
        self._width = len(text)

    def _clear(self) -> None:
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()
            self._width = 0
