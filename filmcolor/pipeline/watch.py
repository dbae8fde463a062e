"""What is noted of each frame while its segment is made, kept beside the segment for the film's report."""

import base64
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from filmcolor.color.judge import judge, thumbnails
from filmcolor.color.sight import Sight
from filmcolor.color.ycbcr import luma_range
from filmcolor.film import FilmInfo, Frame
from filmcolor.pipeline.anchors import Piece

Map = npt.NDArray[np.float32]

THUMBNAIL_ROWS = 120
_LEAST = 40
"""Places across the short side that figures are made from, at least: more cost time and say the same."""


@dataclass(slots=True)
class _Part:
    """Frames of one shot within a segment. rows: a, b, chroma, wanted chroma, share out of gamut of each.

    passed: frames that keep their own color; they have no rows.
    """

    start: int
    goes_on: bool
    rows: list[tuple[float, ...]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    pictures: tuple[bytes, bytes] | None = None
    passed: int = 0


class Watch:
    """Looks at the frames of one segment as they are colored. Changes nothing."""

    def __init__(self, info: FilmInfo, sight: Sight, saturation: float) -> None:
        self._sight, self._saturation = sight, saturation
        self._weights = info.tags.luma_weights(info.height)
        self._black, self._span = luma_range(info.bits, info.tags.full_range)
        self._piece: Piece | None = None
        self._parts: list[_Part] = []
        self._places: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]] | None = None

    def see(self, piece: Piece, frame: Frame, ab: Map | None) -> None:
        """Note the next frame, which belongs to `piece`; ab (2, ah, aw), Lab units, as it is composed.

        None: it keeps its own color.
        """
        if piece is not self._piece:
            self._piece = piece
            if not (piece.shared_start and self._parts):
                self._parts.append(_Part(piece.start, piece.shared_start))
        part = self._parts[-1]
        part.seconds.append(float(frame.pts * frame.time_base))
        if ab is None:
            part.passed += 1
            return
        step = max(1, min(ab.shape[1:]) // _LEAST)
        thin = np.ascontiguousarray(ab[:, ::step, ::step])
        figures = judge(self._luma(frame, ab.shape[1:], step), thin, self._saturation, *self._weights)
        part.rows.append(tuple(round(value, 4) for value in figures))
        first = part.start == piece.start and not part.goes_on
        if first and len(part.rows) == piece.frames // 2 + 1:
            part.pictures = thumbnails(
                self._scaled(self._sight.small(frame.luma)),
                ab,
                self._saturation,
                self._weights,
                self._sight.turns,
                THUMBNAIL_ROWS,
            )

    def store(self, path: Path) -> None:
        """Write what was noted. Raises OSError.

        Not synced: it may be gone behind a power cut, and then the report says so.
        """
        parts = [
            {
                "start": part.start,
                "goes_on": part.goes_on,
                "seconds": [part.seconds[0], part.seconds[-1]],
                "rows": part.rows,
                "passed": part.passed,
                "pictures": [base64.b64encode(jpeg).decode("ascii") for jpeg in part.pictures or ()],
            }
            for part in self._parts
        ]
        part_file = path.with_name(
            f"{path.stem}.{os.getpid()}.part"
        )  # two processes may make the same segment
        part_file.write_text(json.dumps(parts, separators=(",", ":")), encoding="ascii")
        part_file.replace(path)

    def _luma(self, frame: Frame, shape: tuple[int, ...], step: int) -> Map:
        """Return Y' (0..1) of the frame at every `step`-th place of ab, one sample each."""
        if self._places is None:
            top, bottom, left, right = self._sight.box
            down, across = ((np.arange(0, n, step) + 0.5) / n for n in shape)
            self._places = (
                (top + down * (bottom - top)).astype(np.intp),
                (left + across * (right - left)).astype(np.intp),
            )
        return self._scaled(frame.luma[np.ix_(*self._places)])

    def _scaled(self, codes: npt.NDArray[Any]) -> Map:
        return (codes.astype(np.float32) - np.float32(self._black)) / np.float32(self._span)


def figures_file(segment: Path) -> Path:
    """Return where the figures of a segment's file lie."""
    return segment.with_name(segment.stem.replace("segment", "figures") + ".json")
