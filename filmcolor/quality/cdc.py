"""Color distribution consistency (TCVC): how much histograms change over 1, 2 and 4 frames."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from filmcolor.quality.frames import Array

LAGS = (1, 2, 4)


def js_divergence(p: Array, q: Array) -> Array:
    """Return the Jensen-Shannon divergence (natural log, 0..ln 2) of distributions (..., n).

    Not its square root, which scipy's `jensenshannon` returns.
    """
    m = (p + q) / 2

    def to_mean(x: Array) -> Array:
        terms = np.zeros(np.broadcast_shapes(x.shape, m.shape))
        np.divide(x, m, out=terms, where=x > 0)
        np.log(terms, out=terms, where=x > 0)
        return np.asarray((x * terms).sum(axis=-1))

    return (to_mean(p) + to_mean(q)) / 2


def code_histograms(frame: npt.NDArray[np.uint8]) -> Array:
    """Return (c, 256) distributions of the 8-bit values of a frame (h, w, c)."""
    counts = [np.bincount(frame[..., c].ravel(), minlength=256) for c in range(frame.shape[-1])]
    return np.asarray(np.stack(counts) / (frame.shape[0] * frame.shape[1]), np.float64)


def ab_histograms(lab: npt.NDArray[np.floating]) -> Array:
    """Return (2, 256) distributions of a and b, bins over -128..128, of CIELAB (h, w, 3)."""
    bins = np.clip(np.floor(lab[..., 1:]) + 128, 0, 255).astype(np.intp)
    counts = [np.bincount(bins[..., c].ravel(), minlength=256) for c in (0, 1)]
    return np.asarray(np.stack(counts) / bins[..., 0].size, np.float64)


@dataclass(slots=True)
class Consistency:
    """CDC of one clip from the distributions of its frames, in order, never across a cut.

    Blind to place and driven by luma motion: read it beside its values on gray and on truth. Lower than
    truth is not better, it is usually gray.
    Source: Liu et al. 2021 (arXiv 2110.04562); code lyh-18/TCVC, codes/eval_results.py.
    """

    _frames: list[Array] = field(default_factory=list)
    _shot: list[int] = field(default_factory=list)

    def update(self, histograms: Array, shot: int = 0) -> None:
        """Add the distributions (c, n) of the next frame, of shot number `shot`."""
        self._frames.append(histograms)
        self._shot.append(shot)

    def compute(self) -> float | None:
        """Return the mean over lags and channels, or None where a lag has no pair (under 5 frames)."""
        means: list[float] = []
        for lag in LAGS:
            pairs = [i for i in range(len(self._frames) - lag) if self._shot[i] == self._shot[i + lag]]
            if not pairs:
                return None
            first = np.stack([self._frames[i] for i in pairs])
            later = np.stack([self._frames[i + lag] for i in pairs])
            means.append(float(js_divergence(first, later).mean()))
        return float(np.mean(means))
