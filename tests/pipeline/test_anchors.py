"""Anchors: how often the network is asked, and how it looks at each; color near a seam."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

from filmcolor.color.sight import choose_sight
from filmcolor.flow.steady import steady
from filmcolor.pipeline.anchors import Anchored, color_footage, looks_at, motion_of, predictions
from filmcolor.pipeline.scan import Footage

HEIGHT, WIDTH = 64, 96


def _footage(frames: int, *, shared_end: bool = False, start: int = 0) -> Footage:
    wide = np.random.default_rng(3).integers(40, 200, (HEIGHT // 8, (WIDTH + 200) // 8)).astype(np.uint8)
    wide = np.kron(wide, np.ones((8, 8), np.uint8))
    small = tuple(wide[:, i : i + WIDTH].copy() for i in range(start, start + frames + shared_end))
    return Footage(0, start, start + frames, start > 0, shared_end, small, tuple(range(frames)))


class Sided:
    """Gives a = 30 in the left half of what it is shown, and counts passes."""

    mirrored = True

    def __init__(self, film_gain: float = 1.0, film_dark_reds: float = 1.0) -> None:
        self.passes = 0
        self.film_gain, self.film_dark_reds = film_gain, film_dark_reds

    def predict_with_entropy(
        self, seen: torch.Tensor, frames: Any = None, *, mirrored: bool = True
    ) -> tuple[torch.Tensor, None]:
        count, _, h, w = seen.shape
        self.passes += count * (2 if mirrored else 1)
        out = torch.zeros(count, 2, h // 2, w // 2)
        out[:, 0, :, : w // 4] = 30.0
        return (out + out.flip(3)) / 2 if mirrored else out, None


def _color(
    frames: int, film_gain: float = 1.0, film_dark_reds: float = 1.0
) -> tuple[tuple[int, ...], np.ndarray, Sided]:
    footage = _footage(frames)
    sight = choose_sight(WIDTH, HEIGHT, Fraction(1), 0, 64)
    network = Sided(film_gain, film_dark_reds)
    predict = predictions(footage, sight, np.linspace(0, 100, 256, dtype=np.float32), network)  # type: ignore[arg-type]
    anchors, ab = color_footage(motion_of(footage, 8), predict, None, every_frame=False, smoothing=True)
    return anchors, ab, network


def test_films_get_the_gain_that_the_weights_ask_for_films() -> None:
    _, plain, _ = _color(3)
    _, calmer, _ = _color(3, film_gain=0.5)
    assert np.abs(plain).max() > 1
    np.testing.assert_allclose(calmer, plain / 2, atol=0.05)


def test_films_get_less_dark_red_where_the_weights_ask_for_it() -> None:
    _, plain, _ = _color(3)
    _, calmer, _ = _color(3, film_dark_reds=0.5)
    share = calmer[0, 0][plain[0, 0] > 1] / plain[0, 0][plain[0, 0] > 1]
    assert 0.49 < share.min() < 0.51
    assert share.max() == 1  # luma of the footage is noise from black to white


def test_entropy_lies_as_the_film_does_however_it_was_looked_at() -> None:
    class Unsure(Sided):
        def predict_with_entropy(
            self, seen: torch.Tensor, frames: Any = None, *, mirrored: bool = True
        ) -> Any:
            ab, _ = super().predict_with_entropy(seen, frames, mirrored=mirrored)
            return ab, seen[:, 0, ::2, ::2]  # what is bright is unsure

    footage = _footage(3)
    sight = choose_sight(WIDTH, HEIGHT, Fraction(1), 90, 64)
    lightness = np.linspace(0, 100, 256, dtype=np.float32)
    predict = predictions(footage, sight, lightness, Unsure())  # type: ignore[arg-type]
    _, entropy = predict([0, 1, 2], ["mirrored", "both", "plain"])
    assert entropy is not None
    for each, small in zip(entropy, footage.small, strict=True):
        seen = lightness[small]
        assert each.shape == (HEIGHT // 2, WIDTH // 2)
        like = np.corrcoef(each.ravel(), seen.reshape(HEIGHT // 2, 2, WIDTH // 2, 2).mean((1, 3)).ravel())[
            0, 1
        ]
        assert like > 0.9  # turned or mirrored: 0.1


@pytest.mark.parametrize(("anchors", "looks"), [(1, ("both",)), (2, ("both", "both"))])
def test_few_anchors_are_looked_at_both_ways(anchors: int, looks: tuple[str, ...]) -> None:
    assert looks_at(anchors, alone=False) == looks


def test_many_anchors_take_turns_unless_each_stands_alone() -> None:
    assert looks_at(4, alone=False) == ("plain", "mirrored", "plain", "mirrored")
    assert looks_at(4, alone=True) == ("both",) * 4


def test_a_long_take_costs_one_pass_per_anchor_and_their_agreement_averages() -> None:
    anchors, ab, network = _color(60)
    assert network.passes == len(anchors) >= 4
    middle = ab[1:-1, 0].astype(np.float32)  # left and right of the picture now have about the same color
    width = middle.shape[2]
    left, right = middle[:, :, 8 : width // 2 - 8].mean(), middle[:, :, width // 2 + 8 : -8].mean()
    assert abs(left - right) < 12  # one look alone: 30


def test_a_short_shot_is_looked_at_both_ways() -> None:
    anchors, _, network = _color(6)
    assert len(anchors) <= 2
    assert network.passes == 2 * len(anchors)


def test_a_shared_frame_keeps_its_color_in_both_pieces_and_there_is_no_step() -> None:
    first, second = _footage(40, shared_end=True), _footage(40, start=40)
    assert np.array_equal(first.small[-1], second.small[0])
    rng = np.random.default_rng(0)
    motions = [motion_of(f, 8) for f in (first, second)]
    h, w = motions[0].size
    given = [
        np.stack([np.full((2, h, w), 20 + rng.normal(0, 3), np.float32) for _ in range(m.frames)])
        for m in motions
    ]
    given[0][-1] = given[1][0] = 26
    before = steady(given[0], motions[0], shared_end=True)
    behind = steady(given[1], motions[1], shared_start=True)
    assert np.array_equal(before[-1], behind[0])
    assert np.array_equal(before[-1], given[0][-1])

    def steps(ab: np.ndarray) -> np.ndarray:
        return np.abs(np.diff(ab, axis=0)).mean((1, 2, 3))

    inner = slice(12, -12)
    assert steps(before[inner]).mean() < 0.05 * steps(given[0][inner]).mean()
    # beside the seam the averaging fades out over twelve frames: the last step is no larger than what was given
    assert steps(before)[-1] < 0.4 * abs(26 - 20)


def test_a_surer_color_counts_for_more_where_anchors_agree() -> None:
    footage = _footage(40)
    motion = motion_of(footage, 8)
    h, w = motion.size

    def predict(numbers: Any, looks: Any) -> tuple[np.ndarray, np.ndarray]:
        ab = np.zeros((len(numbers), 2, h, w), np.float32)
        ab[:, 0], ab[1, 0] = 10.0, 40.0
        entropy = np.full((len(numbers), h, w), 3.6, np.float32)
        entropy[1] = 2.8
        return ab, entropy

    even: Any = lambda numbers, looks: (predict(numbers, looks)[0], None)  # noqa: E731
    options = {"every_frame": False, "smoothing": True}
    anchors, sure = color_footage(motion, predict, None, **options)
    _, alike = color_footage(motion, even, None, **options)
    assert len(anchors) >= 4
    assert alike[:, 0, 4:-4, 12:-12].mean() < 25 < sure[:, 0, 4:-4, 12:-12].mean()
    settled = np.full((2, h, w), 7, np.float16)
    assert np.array_equal(color_footage(motion, predict, settled, **options)[1][0], settled)


def test_a_piece_yields_each_of_its_frames_and_not_the_shared_one() -> None:
    footage = _footage(20, shared_end=True)
    motion = motion_of(footage, 8)
    ab = np.zeros((2, 2, *motion.size), np.float16)
    ab[:, 0] = 15
    piece = Anchored(0, 20, (0, 20), ab, motion)
    frames = list(piece.color())
    assert len(frames) == 20
    assert all(np.allclose(f[0], 15, atol=0.01) for f in frames)
