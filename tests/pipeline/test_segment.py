"""A segment's threads: order, where the decoder stands behind it, errors of each stage, frames held."""

import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import pytest

from filmcolor.pipeline.segment import color_segment


class Shown:
    """A frame that only knows its number."""

    def __init__(self, number: int) -> None:
        self.number = number


@dataclass
class Carried:
    """A piece whose color is the number of its frame; it fails at one."""

    start: int
    frames: int
    fails: int | None = None

    def color(self) -> Iterator[np.ndarray]:
        for i in range(self.start, self.start + self.frames):
            if i == self.fails:
                raise KeyError(i)
            yield np.full(2, float(i), np.float32)


class Film:
    """A decoder of numbered frames that counts those still held."""

    def __init__(self, frames: int, fails: int | None = None) -> None:
        self.alive: weakref.WeakSet[Shown] = weakref.WeakSet()
        self.closed = False
        self.frames = self._decode(frames, fails)

    def _decode(self, frames: int, fails: int | None) -> Iterator[Shown]:
        try:
            for i in range(frames):
                if i == fails:
                    raise OSError(i)
                shown = Shown(i)
                self.alive.add(shown)
                yield shown
                del shown
        finally:
            self.closed = True


@pytest.fixture(params=[1, 8])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = cv2.getNumThreads()
    cv2.setNumThreads(request.param)
    yield request.param
    cv2.setNumThreads(before)


def colored(film: Film, pieces: list[Carried], stop: int | None = None) -> tuple[list[tuple[int, int]], int]:
    """Color a segment; return what was written, and how many frames were held at most."""
    written: list[tuple[int, int]] = []
    most = 0

    def write(frame: Any, cb: Any, cr: Any) -> None:
        nonlocal most
        most = max(most, len(film.alive))
        if frame.number == stop:
            raise RuntimeError(stop)
        written.append((frame.number, cb))

    def compose(frame: Any, ab: Any) -> Any:
        return int(ab[0]), frame.number

    def nothing(*_: Any) -> Any:
        return None

    color_segment(pieces, film.frames, compose, nothing, write, nothing, nothing)  # type: ignore[arg-type]
    return written, most


def test_frames_meet_their_color_in_order_and_the_decoder_stands_behind_them(threads: int) -> None:
    film = Film(100)
    written, most = colored(film, [Carried(0, 20), Carried(20, 30)])
    assert written == [(i, i) for i in range(50)]
    assert next(film.frames).number == 50  # type: ignore[call-overload]
    assert not film.closed
    assert most <= (4 if threads == 1 else 8)


@pytest.mark.parametrize(
    ("film", "pieces", "stop", "error"),
    [
        (Film(30), [Carried(0, 20), Carried(20, 30)], None, ValueError),
        (Film(100, fails=25), [Carried(0, 50)], None, OSError),
        (Film(100), [Carried(0, 20), Carried(20, 30, fails=23)], None, KeyError),
        (Film(100), [Carried(0, 50)], 22, RuntimeError),
    ],
    ids=["film ends", "decoder", "color", "writer"],
)
def test_an_error_of_any_stage_comes_out_and_leaves_no_thread(
    film: Film, pieces: list[Carried], stop: int | None, error: type[Exception]
) -> None:
    before = set(threading.enumerate())
    with pytest.raises(error):
        colored(film, pieces, stop)
    assert not [each for each in set(threading.enumerate()) - before if each.name == "ahead"]
