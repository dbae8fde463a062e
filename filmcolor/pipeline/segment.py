"""Phase B: one segment, a pure function of its frames and its stored anchors.

Luma goes straight from decoder to encoder; chroma takes the detour and meets it just before the encoder.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from itertools import islice, repeat

import cv2
import numpy as np
import numpy.typing as npt

from filmcolor.film import Frame, Plane
from filmcolor.pipeline.ahead import ahead
from filmcolor.pipeline.anchors import Passed, Piece
from filmcolor.pipeline.side_by_side import side_by_side

Map = npt.NDArray[np.float32]
Compose = Callable[[Frame, Map], tuple[Plane, Plane]]
"""A frame and its ab (2, ah, aw) -> Cb and Cr code values (ch, cw) for the encoder."""
Carry = Callable[[Frame], tuple[Plane, Plane]]
"""A frame that is in color already -> its own Cb and Cr for the encoder."""
Write = Callable[[Frame, Plane, Plane], None]
See = Callable[[Piece, Frame, Map | None], None]
"""A piece, its next frame, and the frame's ab (None: it keeps its own color), for who wants to know what comes out."""

_READ_AHEAD = 1  # frames that wait, beside the one that is being read
_COLORS_AHEAD = 8
_MOST_AT_ONCE = 4  # frames: each needs the memory of its picture in floating point


def color_segment(
    pieces: Sequence[Piece],
    frames: Iterator[Frame],
    compose: Compose,
    carry: Carry,
    write: Write,
    colored: Callable[[], None],
    see: See,
) -> None:
    """Color the frames of a segment one by one and hand them to `write`.

    The film is read in one thread, color is carried from the anchors in another, frames are composed in several; this
    one writes. frames: stands at the segment's first frame and is taken as far as its last. colored: called
    after each frame. Raises ValueError where the film ends before the segment does.
    """

    def colors() -> Iterator[tuple[Piece, Map | None]]:
        for piece in pieces:
            for ab in repeat(None, piece.frames) if isinstance(piece, Passed) else piece.color():
                yield piece, ab

    def next_ones() -> Generator[tuple[Piece, Frame, Map | None], None, None]:
        left = sum(piece.frames for piece in pieces)
        own = islice(frames, left)
        with closing(ahead(own, _READ_AHEAD)) as read, closing(ahead(colors(), _COLORS_AHEAD)) as carried:
            for frame, (piece, ab) in zip(read, carried):
                left -= 1
                yield piece, frame, ab
        if left:
            raise ValueError("the film ended before its segment")

    def composed(
        item: tuple[Piece, Frame, Map | None],
    ) -> tuple[Piece, Frame, Map | None, tuple[Plane, Plane]]:
        _, frame, ab = item
        return *item, carry(frame) if ab is None else compose(frame, ab)

    # with two threads or three, decoder, encoder and the next segment's anchors have enough for them to do
    threads = min(_MOST_AT_ONCE, cv2.getNumThreads() // 2)
    with closing(next_ones()) as items, closing(side_by_side(composed, items, threads)) as made:
        for piece, frame, ab, chroma in made:
            write(frame, *chroma)
            see(piece, frame, ab)
            colored()
