"""The figures of a film's shots, put together from what was noted of its segments."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

GRAY_BELOW = 2.0
"""Mean C*ab that the network gave, under which a frame counts as left gray."""
JUMP = 2.0
"""Change of a frame's mean C*ab from the frame before, within a shot, that is a jump of saturation."""
MOST_PICTURES = 120
"""Shots whose pictures are kept, evenly spread over the film."""
_ROW = 5


@dataclass(frozen=True, slots=True)
class ShotFigures:
    """Figures of one shot, frames `start <= i < stop`; seconds of its first and last frame.

    chroma: mean C*ab of its frames; least, most: of the frames' means. gray: frames left gray. outside:
    share (0..1) of places whose color gave way to the gamut. jumps: of saturation; largest: the largest
    change of a frame's mean C*ab, with the frame that it leads to (None: a shot of one frame). flicker: mean
    length of the second difference of the frames' mean (a, b) (None: fewer than three frames). pictures:
    (gray, color) as Base64 of JPEG, or empty.
    """

    start: int
    stop: int
    seconds: tuple[float, float]
    chroma: float
    least: float
    most: float
    gray: int
    outside: float
    jumps: int
    largest: tuple[float, int] | None
    flicker: float | None
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PassedShot:
    """A shot in color already, frames `start <= i < stop`; seconds of its first and last frame."""

    start: int
    stop: int
    seconds: tuple[float, float]


@dataclass(frozen=True, slots=True)
class FilmFigures:
    """Figures of all shots. missing: frames of which nothing is known. passed: shots that kept their own color."""

    shots: tuple[ShotFigures, ...]
    missing: int = 0
    passed: tuple[PassedShot, ...] = ()


@dataclass(slots=True)
class _Shot:
    """A shot while it is read."""

    start: int
    begins: float
    ends: float = 0.0
    pictures: tuple[str, ...] = ()
    frames: int = 0
    chroma: float = 0.0
    least: float = math.inf
    most: float = 0.0
    gray: int = 0
    outside: float = 0.0
    jumps: int = 0
    largest: tuple[float, int] | None = None
    bends: float = 0.0
    _before: list[tuple[float, float, float]] = field(default_factory=list)

    def add(self, rows: list[list[float]]) -> None:
        for a, b, chroma, wanted, outside in rows:
            self.least, self.most = min(self.least, chroma), max(self.most, chroma)
            self.chroma += chroma
            self.outside += outside
            self.gray += wanted < GRAY_BELOW
            if self._before:
                change = abs(chroma - self._before[-1][2])
                self.jumps += change > JUMP
                if self.largest is None or change > self.largest[0]:
                    self.largest = (round(change, 3), self.start + self.frames)
            if len(self._before) == 2:
                (a0, b0, _), (a1, b1, _) = self._before
                self.bends += math.hypot(a - 2 * a1 + a0, b - 2 * b1 + b0)
            self._before = [*self._before[-1:], (a, b, chroma)]
            self.frames += 1

    def done(self) -> ShotFigures:
        n = self.frames
        return ShotFigures(
            self.start,
            self.start + n,
            (round(self.begins, 6), round(self.ends, 6)),
            round(self.chroma / n, 3),
            round(self.least, 3),
            round(self.most, 3),
            self.gray,
            round(self.outside / n, 5),
            self.jumps,
            self.largest,
            round(self.bends / (n - 2), 4) if n > 2 else None,
            self.pictures,
        )


def read_figures(files: list[Path], frames: int, shots: int) -> FilmFigures:
    """Return the figures of a film from the files of its segments, in order, one of them in memory at a time.

    frames, shots: how many the film has. Files that are gone or damaged leave a hole, which is counted.
    """
    every = max(1, -(-shots // MOST_PICTURES))
    found: list[ShotFigures] = []
    passed: list[PassedShot] = []
    shot: _Shot | None = None
    known = 0
    for part in _parts(files):
        if part["passed"]:
            if shot is not None:
                found.append(shot.done())
                shot = None
            _pass_by(passed, part)
            known += part["passed"]
            continue
        goes_on = part["goes_on"] and shot is not None and shot.start + shot.frames == part["start"]
        if not goes_on:
            if shot is not None:
                found.append(shot.done())
            pictures = tuple(part["pictures"]) if len(found) % every == 0 else ()
            shot = _Shot(part["start"], part["seconds"][0], pictures=pictures)
        assert shot is not None
        shot.add(part["rows"])
        shot.ends = part["seconds"][1]
        known += len(part["rows"])
    if shot is not None:
        found.append(shot.done())
    return FilmFigures(tuple(found), max(0, frames - known), tuple(passed))


def _pass_by(passed: list[PassedShot], part: dict[str, Any]) -> None:
    start, seconds = part["start"], part["seconds"]
    if part["goes_on"] and passed and passed[-1].stop == start:
        before = passed.pop()
        start, seconds = before.start, (before.seconds[0], seconds[1])
    passed.append(
        PassedShot(start, part["start"] + part["passed"], (round(seconds[0], 6), round(seconds[1], 6)))
    )


def _parts(files: list[Path]) -> Iterator[dict[str, Any]]:
    for file in files:
        try:
            parts = json.loads(file.read_bytes())
        except (OSError, ValueError, RecursionError):
            continue
        if isinstance(parts, list) and all(_fits(part) for part in parts):
            yield from parts


def _fits(part: Any) -> bool:
    """Whether a value read from a file is what `Watch.store` writes."""
    return (
        isinstance(part, dict)
        and type(part.get("start")) is int
        and type(part.get("goes_on")) is bool
        and _numbers(part.get("seconds"), 2)
        and isinstance(part.get("rows"), list)
        and type(part.setdefault("passed", 0)) is int
        and (len(part["rows"]) > 0) != (part["passed"] > 0)
        and all(_numbers(row, _ROW) for row in part["rows"])
        and isinstance(part.get("pictures"), list)
        and len(part["pictures"]) in (0, 2)
        and all(isinstance(p, str) and p.isascii() and _is_base64(p) for p in part["pictures"])
    )


def _is_base64(text: str) -> bool:
    return text.rstrip("=").replace("+", "").replace("/", "").isalnum()


def _numbers(values: Any, count: int) -> bool:
    return (
        isinstance(values, list)
        and len(values) == count
        and all(type(v) in (int, float) and math.isfinite(v) for v in values)
    )
