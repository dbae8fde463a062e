from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from filmcolor.color.sight import choose_sight
from filmcolor.film import Frame
from filmcolor.pipeline.plan import SEGMENT_FRAMES, segments
from filmcolor.pipeline.scan import PIECE_FRAMES, Footage, scan

SIGHT = choose_sight(64, 48, Fraction(1), 0, 64)
BASE = np.random.default_rng(3).integers(40, 200, (3, 6, 8)).repeat(8, 1).repeat(8, 2).astype(np.uint8)


def film(*shots: int) -> Iterator[Frame]:
    """Shots of so many frames, each of its own picture that brightens a little."""
    pts = 0
    for k, frames in enumerate(shots):
        for i in range(frames):
            yield Frame(luma=BASE[k % 3] + np.uint8(i % 7), pts=pts * 3, time_base=Fraction(1, 75))
            pts += 1


def covered(pieces: list[Footage]) -> list[int]:
    return [i for piece in pieces for i in range(piece.start, piece.stop)]


def test_pieces_follow_each_other_without_gap_and_know_their_times() -> None:
    pieces = list(scan(film(30, 25, 40), SIGHT, 8))
    assert covered(pieces) == list(range(95))
    assert [t for piece in pieces for t in piece.pts] == [3 * i for i in range(95)]


def test_a_cut_ends_a_piece_and_nothing_is_shared_across_it() -> None:
    pieces = list(scan(film(30, 25, 40), SIGHT, 8))
    assert [(p.start, p.stop, p.shot) for p in pieces] == [(0, 30, 0), (30, 55, 1), (55, 95, 2)]
    assert not any(p.shared_start or p.shared_end for p in pieces)
    assert all(len(p.small) == p.stop - p.start for p in pieces)


def test_a_long_take_comes_in_pieces_that_share_a_frame() -> None:
    pieces = list(scan(film(2 * PIECE_FRAMES + 50), SIGHT, 8))
    assert [p.stop - p.start for p in pieces] == [PIECE_FRAMES, PIECE_FRAMES, 50]
    assert [p.shared_end for p in pieces] == [True, True, False]
    assert [p.shared_start for p in pieces] == [False, True, True]
    assert (pieces[0].small[-1] == pieces[1].small[0]).all()
    assert {p.shot for p in pieces} == {0}


def test_it_is_causal() -> None:
    seen = 0

    def counted() -> Iterator[Frame]:
        nonlocal seen
        for frame in film(3 * PIECE_FRAMES):
            seen += 1
            yield frame

    next(iter(scan(counted(), SIGHT, 8)))
    assert seen < PIECE_FRAMES + 40


def test_a_film_of_one_frame_is_one_piece() -> None:
    assert covered(list(scan(film(1), SIGHT, 8))) == [0]


def test_short_shots_share_a_segment_and_every_frame_is_in_one() -> None:
    pieces = list(scan(film(20, 30, 25, 40, 30, 10), SIGHT, 8))
    groups = list(segments(pieces))
    assert [p for group in groups for p in group] == pieces
    assert all(g[-1].stop - g[0].start >= SEGMENT_FRAMES for g in groups[:-1])


def test_deep_luma_makes_the_same_pieces() -> None:
    deep = (
        Frame(luma=f.luma.astype(np.uint16) << 2, pts=f.pts, time_base=f.time_base) for f in film(30, 25, 40)
    )
    assert [(p.start, p.stop) for p in scan(deep, SIGHT, 10)] == [(0, 30), (30, 55), (55, 95)]
