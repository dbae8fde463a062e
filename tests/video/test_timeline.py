from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filmcolor.video.timeline import Window, decoding_time, reorder_delay, to_ticks

MS = Fraction(1, 1000)
RISING = st.lists(st.integers(1, 5000), min_size=1, max_size=40).map(
    lambda steps: [sum(steps[: k + 1]) for k in range(len(steps))]
)


@given(RISING, st.integers(1, 100_000))
def test_ticks_rise_and_stay_within_one_of_the_exact_time(pts: list[int], rate: int) -> None:
    ticks, _ = to_ticks(pts, Fraction(1, rate), Fraction(0), MS)
    assert all(b > a for a, b in pairwise(ticks))
    if rate <= 1000:  # no two frames share a tick
        assert all(
            abs(t - p * Fraction(1000, rate)) <= Fraction(1, 2) for t, p in zip(ticks, pts, strict=True)
        )


def test_a_finer_unit_keeps_times_exact_and_says_nothing() -> None:
    assert to_ticks([0, 1001, 3003], Fraction(1, 30000), Fraction(0), Fraction(1, 30000)) == (
        [0, 1001, 3003],
        False,
    )
    assert to_ticks([0, 1001], Fraction(1, 30000), Fraction(0), MS) == ([0, 33], True)


@given(RISING, st.randoms(use_true_random=False))
def test_decoding_times_rise_and_never_come_after_the_picture(pts: list[int], random) -> None:  # type: ignore[no-untyped-def]
    ranks = list(range(len(pts)))
    for k in range(0, len(ranks) - 3, 3):  # as B-frames do: the later one first
        part = ranks[k : k + 3]
        random.shuffle(part)
        ranks[k : k + 3] = part
    delay = reorder_delay(ranks)
    times = [decoding_time(i, pts, delay) for i in range(len(pts))]
    assert all(b > a for a, b in pairwise(times))
    assert all(times[i] <= pts[rank] for i, rank in enumerate(ranks))


@pytest.mark.parametrize(
    ("span", "kept"),
    [((0, 1), None), ((0, 3), (2, 3)), ((3, 9), (3, 5)), ((5, 6), None), ((0, 9), (2, 5))],
)
def test_a_window_clips_what_reaches_over_its_edges(
    span: tuple[int, int], kept: tuple[int, int] | None
) -> None:
    window = Window(Fraction(2), Fraction(2), Fraction(5))
    assert window.clip(Fraction(span[0]), Fraction(span[1])) == kept
