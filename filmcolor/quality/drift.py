"""Drift: how far the color of one and the same thing wanders over 1, 8, 32 and 128 frames (ours)."""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from filmcolor.quality.motion import Step, follow

LEAST_CHROMA = 2.0


@dataclass(slots=True)
class Drift:
    """Mean distance of (a, b) along composed flow, by lag, in a*b* units.

    Falls with saturation as the warping error does: `relative` divides by the mean chroma.
    """

    _distances: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))

    def update(self, first: npt.NDArray[np.float32], later: npt.NDArray[np.float32], step: Step) -> None:
        """Add the pair of (a, b) pictures (h, w, 2) that `step` joins; nothing where nothing is visible."""
        if step.visible.any():
            gap = follow(later, step.flow).astype(np.float64) - first
            self._distances[step.lag].append(float(np.hypot(gap[..., 0], gap[..., 1])[step.visible].mean()))

    def compute(self) -> dict[int, float]:
        """Return the mean distance by lag."""
        return {lag: float(np.mean(values)) for lag, values in sorted(self._distances.items())}

    def slope(self) -> float | None:
        """Return the least-squares slope of distance against lag, or None under two lags."""
        found = self.compute()
        if len(found) < 2:
            return None
        return float(np.polyfit(list(found), list(found.values()), 1)[0])

    def relative(self, mean_chroma: float) -> dict[int, float] | None:
        """Return the distances over the clip's mean C*, or None where that is under 2 (gray)."""
        if mean_chroma < LEAST_CHROMA:
            return None
        return {lag: value / mean_chroma for lag, value in self.compute().items()}
