"""Shots: where one ends and the next begins, seen in thumbnails of luma.

Thumbnails of 16x9 are compared without their mean and contrast, so that exposure flicker is no cut. A hard
cut is one pair of frames unlike each other between pairs that are alike; a flash is none, since the picture
comes back. A dissolve is a run of frames that are mixtures of the picture before and the picture behind;
it is cut in its middle. Black leader is a shot of its own.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from filmcolor.film import Shot

_COLUMNS, _LINES = 16, 9
# A pair is unlike below this correlation, where both neighboring pairs are more alike by the step: found
# all six cuts of 20 clips and no false one, fast motion included.
_UNLIKE, _STEP = 0.6, 0.2
# Variance (code values squared) below which a thumbnail is flat: black leader, fades, grain alone.
_FLAT = 4.0
# Frames that a flash or a gap of black lasts at most; a leader is longer, and so is a shot.
_FLASH = 5
_STEADY = 3
# Half lengths of a dissolve in frames. The picture before and the one behind are unlike; between them every
# frame is a mixture that explains this share of its variance.
_HALVES = (2, 3, 4, 6, 8, 11, 14)
_MIXED, _ENDS_UNLIKE = 0.91, 0.58
# A fast pan over a smooth picture passes for a mixture of four frames (a newsreel did, at 0.93): so short a
# one, the blended frame of a splice, must be purer and stand between frames that are alike.
_MIXED_SHORT, _ALIKE = 0.97, 0.9
_DIP, _STEADY_WEIGHT = 0.3, 0.08
# Frames from one dissolve to the next, at least.
_APART = 12
# Neighbors within a longer dissolve are more alike than this.
_STEP_ALIKE = 0.75
_LOOK = max(_HALVES) + max(_HALVES) // 2 + 1


@dataclass(frozen=True, slots=True)
class _Window:
    """Thumbnails around a boundary: covariances and likenesses between all of them."""

    covariance: npt.NDArray[np.float64]
    likeness: npt.NDArray[np.float64]


class ShotDetector:
    """Takes small luma frame by frame; gives each shot as soon as its end is sure.

    Causal: what was given never changes. After n frames every boundary up to frame n - look_ahead is known.
    """

    look_ahead = _LOOK

    def __init__(self) -> None:
        self._thumbs: list[npt.NDArray[np.float64]] = []  # of the frames from self._first on, without mean
        self._first = 0
        self._seen = 0
        self._start = 0
        self._decided = 0  # boundaries before frame numbers up to this are decided
        self._soft_until = 0

    def push(self, luma: npt.NDArray[np.uint8]) -> list[Shot]:
        """Take the next frame, (rh, rw) uint8 luma; return the shots that are finished, mostly none."""
        size = (_COLUMNS, _LINES) if luma.shape[1] >= luma.shape[0] else (_LINES, _COLUMNS)
        thumb = cv2.resize(luma, size, interpolation=cv2.INTER_AREA).astype(np.float64).ravel()
        self._thumbs.append(thumb - thumb.mean())
        self._seen += 1
        return self._decide(self._seen - _LOOK)

    def finish(self) -> list[Shot]:
        """Return the shots that are left; the last ends with the film."""
        shots = self._decide(self._seen - 1)
        if self._seen > self._start:
            shots.append(Shot(self._start, self._seen))
            self._start = self._seen
        return shots

    def _decide(self, until: int) -> list[Shot]:
        shots: list[Shot] = []
        while self._decided < until:
            self._decided += 1
            if self._cuts_before(self._decided):
                shots.append(Shot(self._start, self._decided))
                self._start = self._decided
            keep = self._decided - _LOOK - 2
            if keep > self._first:
                del self._thumbs[: keep - self._first]
                self._first = keep
        return shots

    def _cuts_before(self, frame: int) -> bool:
        stack = np.stack(self._thumbs[: frame - self._first + _LOOK])
        window = _compare(stack)
        at = frame - self._first
        since = frame - self._start
        if _is_hard(window, at) or _is_flat_edge(window, at):
            return True
        if since >= 2 and frame >= self._soft_until:
            half = _dissolve(window, at)
            # The two sides of one dissolve look like mixtures too: only its middle is a boundary.
            if half and since >= half:
                self._soft_until = frame + max(2 * half, _APART)
                return True
        return False


def _compare(stack: npt.NDArray[np.float64]) -> _Window:
    covariance = stack @ stack.T / stack.shape[1]
    # Flatness is added to both: two flat pictures are alike, a flat one and a picture are not.
    regular = covariance + _FLAT
    deviation = np.sqrt(np.diag(covariance) + _FLAT)
    return _Window(covariance, regular / np.outer(deviation, deviation))


def _is_hard(window: _Window, at: int) -> bool:
    """Return whether frame `at` shows another picture than the one before it, to stay."""
    like, count = window.likeness, len(window.likeness)
    here = like[at - 1, at]
    before = like[at - 2, at - 1] if at >= 2 else 1.0
    behind = like[at, at + 1] if at + 1 < count else 1.0
    if here >= _UNLIKE or here + _STEP >= min(before, behind):
        return False
    return not _comes_back(window, at)


def _comes_back(window: _Window, at: int) -> bool:
    """Return whether the picture before `at` is seen again just behind, or that of `at` was just before."""
    like, count = window.likeness, len(window.likeness)
    later = like[at - 1, at + 1 : min(count, at + 1 + _FLASH)]
    earlier = like[max(0, at - 1 - _FLASH) : at - 1, at]
    back = max(_UNLIKE, like[at - 1, at] + _STEP)
    return bool((later > back).any() or (earlier > back).any())


def _is_flat_edge(window: _Window, at: int) -> bool:
    """Return whether a black (or white, or blank) stretch begins or ends before frame `at`."""
    flat = np.diag(window.covariance) < _FLAT
    before, behind = flat[max(0, at - _STEADY) : at], flat[at : at + _STEADY]
    if len(before) < _STEADY or len(behind) < _STEADY:
        return False
    edge = (before.all() and not behind.any()) or (behind.all() and not before.any())
    return bool(edge) and not _comes_back(window, at)


def _dissolve(window: _Window, at: int) -> int:
    """Return the half length of a dissolve whose middle lies before frame `at`, or 0."""
    cov, like = window.covariance, window.likeness
    for half in _HALVES:
        first, last = at - half, at + half - 1
        if first < 0 or last >= len(cov):
            return 0
        if (
            like[first, last] > _ENDS_UNLIKE
            or not _is_middle(like, first, last)
            or min(cov[first, first], cov[last, last]) < 4 * _FLAT
        ):
            continue
        short = half == _HALVES[0]
        if not short and np.diag(like, 1)[first:last].min() < _STEP_ALIKE:
            continue  # a hard cut lies within
        if short and not (
            first > 0 and last + 1 < len(cov) and min(like[first - 1, first], like[last, last + 1]) > _ALIKE
        ):
            continue
        share, explained, weight = _mixture(cov, first, last)
        crosses = share[half - 2] >= 0.5 > share[half - 1]
        pure = explained.min() >= (_MIXED_SHORT if short else _MIXED)
        # Midway through a dissolve the picture is half of each. A frame of a pan that its neighbors explain
        # as well has a whole picture's contrast: with ends of likeness e, its weights sum to
        # sqrt(2 / (1 + e)).
        most = 1 + _DIP * (np.sqrt(2 / (1 + max(0.0, like[first, last]))) - 1)
        # Flicker of exposure makes weights of its own; what it hides is not guessed.
        dips = weight[half - 2 : half].mean() < most and weight.std() < _STEADY_WEIGHT
        if pure and crosses and dips and (np.diff(share) < 0.1).all():
            return half
    return 0


def _is_middle(like: npt.NDArray[np.float64], first: int, last: int) -> bool:
    """Return whether two frames are less alike than any earlier or later pair of that distance nearby.

    Any part of a dissolve looks like a dissolve from its own first to its own last frame; the pair around the
    middle of the whole is the least alike.
    """
    nearby = np.diag(like, last - first)
    reach = max(1, (last - first) // 4)
    return bool(like[first, last] <= nearby[max(0, first - reach) : first + reach + 1].min() + 0.02)


def _mixture(
    cov: npt.NDArray[np.float64], first: int, last: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Explain the frames between two by their mixture.

    Returns, of the frames first + 1 .. last - 1: the share of the first in each (0..1, from weights that are
    not negative), how much of its variance a mixture of such shares explains, and the sum of the weights.
    """
    a, b, ab = cov[first, first], cov[last, last], cov[first, last]
    middle = np.arange(first + 1, last)
    to_a, to_b, own = cov[middle, first], cov[middle, last], cov[middle, middle]
    scale = max(a * b - ab * ab, 1e-9)
    weight_a = np.clip((to_a * b - to_b * ab) / scale, 0, None)
    weight_b = np.clip((to_b * a - to_a * ab) / scale, 0, None)
    weight = weight_a + weight_b
    share = weight_a / np.maximum(weight, 1e-9)
    rest = 1 - share
    residual = own - 2 * (share * to_a + rest * to_b) + share**2 * a + rest**2 * b + 2 * share * rest * ab
    return share, 1 - residual / (own + _FLAT), weight
