"""Confidence intervals by bootstrap: how far a mean over these pictures may be from that over others."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from filmcolor.quality.frames import Array

RESAMPLES = 2000
LEVEL = 0.95


class Estimate(NamedTuple):
    """A figure with its interval; low and high are equal to it where there is one value only."""

    value: float
    low: float
    high: float


def _picks(n: int, resamples: int, seed: int) -> Array:
    return np.random.default_rng(seed).integers(0, n, size=(resamples, n)).astype(np.intp)


def _interval(samples: Array, level: float) -> tuple[float, float]:
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(samples, [tail, 100 - tail])
    return float(low), float(high)


def mean_interval(
    values: Sequence[float], *, level: float = LEVEL, resamples: int = RESAMPLES, seed: int = 0
) -> Estimate:
    """Return the mean of independent `values` with its percentile interval.

    Source: Efron and Tibshirani 1993, chapter 13. Raises ValueError without values.
    """
    x = np.asarray(values, dtype=np.float64)
    if x.size == 0:
        raise ValueError("expected at least one value")
    means = x[_picks(len(x), resamples, seed)].mean(axis=1)
    return Estimate(float(x.mean()), *_interval(means, level))


def paired_ratio(
    a: Sequence[float],
    b: Sequence[float],
    *,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Estimate | None:
    """Return mean(b) / mean(a) with its interval, resampling pictures and not single values.

    The pairing takes out what makes pictures hard or easy. None where a mean of `a` is zero.
    Raises ValueError on lists of unequal length, or empty ones.
    """
    x, y = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if x.shape != y.shape or x.size == 0:
        raise ValueError(f"expected two lists of equal length, got {x.size} and {y.size}")
    picks = _picks(len(x), resamples, seed)
    below, above = x[picks].mean(axis=1), y[picks].mean(axis=1)
    if x.mean() == 0 or (below == 0).any():
        return None
    return Estimate(float(y.mean() / x.mean()), *_interval(above / below, level))


def paired_difference(
    a: Sequence[float],
    b: Sequence[float],
    *,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Estimate:
    """Return mean(b - a) with its interval. Raises ValueError on lists of unequal length."""
    if len(a) != len(b):
        raise ValueError(f"expected two lists of equal length, got {len(a)} and {len(b)}")
    gap = np.asarray(b, dtype=np.float64) - np.asarray(a, dtype=np.float64)
    return mean_interval(gap.tolist(), level=level, resamples=resamples, seed=seed)
