"""Distances between sets of pictures: Frechet (FID) and kernel (KID).

Blind to a wrong but plausible color, and to flicker. Always over all frames of all clips, never per clip:
the covariance of few frames is singular and the mean of such distances is another quantity.
"""

from dataclasses import dataclass, field

import numpy as np

from filmcolor.quality.bootstrap import Estimate
from filmcolor.quality.frames import Array

ENOUGH = 2048
"""Independent pictures under which a Frechet distance is noise and marked "low N"."""


def frechet(mean1: Array, cov1: Array, mean2: Array, cov2: Array) -> float:
    """Return |m1 - m2|^2 + Tr(S1 + S2 - 2 (S1 S2)^(1/2)) of means (d,) and covariances (d, d).

    The trace of the root is that of the symmetric (S1^(1/2) S2 S1^(1/2))^(1/2), whose eigenvalues are
    real, so no general matrix root is needed.
    Source: Dowson and Landau 1982; Heusel et al. 2017.
    """
    values, vectors = np.linalg.eigh(cov1)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    inner = np.linalg.eigvalsh(root @ cov2 @ root)
    trace = np.trace(cov1) + np.trace(cov2) - 2 * np.sqrt(np.maximum(inner, 0)).sum()
    return max(0.0, float(((mean1 - mean2) ** 2).sum() + trace))  # rounding can go just below


def _kernel(x: Array, y: Array) -> Array:
    return np.asarray((x @ y.T / x.shape[1] + 1.0) ** 3)


def _unbiased(xx: Array, yy: Array, xy: Array) -> float:
    m, n = len(xx), len(yy)
    own = (xx.sum() - np.trace(xx)) / (m * (m - 1)) + (yy.sum() - np.trace(yy)) / (n * (n - 1))
    return float(own - 2 * xy.mean())


@dataclass(slots=True)
class SetDistance:
    """Gather features of made and true pictures; both distances come from the same features."""

    _made: list[Array] = field(default_factory=list)
    _true: list[Array] = field(default_factory=list)

    def update(self, made: Array, truth: Array) -> None:
        """Add features (n, d) of made pictures and (m, d) of true ones."""
        self._made.append(made)
        self._true.append(truth)

    @property
    def pictures(self) -> int:
        """Number of made pictures."""
        return sum(len(x) for x in self._made)

    def compute_frechet(self) -> float | None:
        """Return the Frechet distance, or None under two pictures."""
        x, y = np.concatenate(self._made), np.concatenate(self._true)
        if min(len(x), len(y)) < 2:
            return None
        return frechet(
            x.mean(0),
            np.atleast_2d(np.cov(x, rowvar=False)),
            y.mean(0),
            np.atleast_2d(np.cov(y, rowvar=False)),
        )

    def compute_kernel(self, subsets: int = 200, seed: int = 0) -> Estimate | None:
        """Return the unbiased squared MMD with the kernel (x.y/d + 1)^3, or None under four pictures.

        Its interval is that of `subsets` halves drawn without replacement (with replacement would bias
        an unbiased estimate), so it is wider than the figure's own. Source: Binkowski et al. 2018.
        """
        x, y = np.concatenate(self._made), np.concatenate(self._true)
        m, n = len(x), len(y)
        if min(m, n) < 4:
            return None
        xx, yy, xy = _kernel(x, x), _kernel(y, y), _kernel(x, y)
        random = np.random.default_rng(seed)
        found = []
        for _ in range(subsets):
            i, j = random.permutation(m)[: m // 2], random.permutation(n)[: n // 2]
            found.append(_unbiased(xx[np.ix_(i, i)], yy[np.ix_(j, j)], xy[np.ix_(i, j)]))
        low, high = np.percentile(found, [2.5, 97.5])
        return Estimate(_unbiased(xx, yy, xy), float(low), float(high))
