"""Warping error: how much a followed pixel changes from one frame to the next."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from filmcolor.quality.motion import Step, follow


@dataclass(slots=True)
class WarpingError:
    """Mean over pairs of the mean squared change of visible pixels, averaged over channels.

    Given R'G'B' in 0..1 it is Lai's E_warp (0..1); given a and b its unit is a*b* squared. A pair without
    one visible pixel is skipped and counted: Lai's code calls it 0, which rewards failure. Graying lowers
    this score: read it beside colorfulness and the gray row.
    Source: Lai et al. 2018, section 4.2; code phoenix104104/fast_blind_video_consistency.
    """

    skipped: int = 0
    _errors: list[float] = field(default_factory=list)
    _visible: list[float] = field(default_factory=list)

    def update(self, first: npt.NDArray[np.float32], later: npt.NDArray[np.float32], step: Step) -> None:
        """Add the pair of frames (h, w, c) that `step` joins."""
        if not step.visible.any():
            self.skipped += 1
            return
        change = follow(later, step.flow).astype(np.float64) - first
        self._errors.append(float((change[step.visible] ** 2).mean()))
        self._visible.append(float(step.visible.mean()))

    def compute(self) -> float | None:
        """Return the error of the clip, or None without a pair."""
        return float(np.mean(self._errors)) if self._errors else None

    def visible(self) -> float | None:
        """Return the mean share of pixels that were compared."""
        return float(np.mean(self._visible)) if self._visible else None
