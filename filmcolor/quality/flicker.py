"""Flicker: how the mean color of a shot shakes from frame to frame (ours; no published standard)."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from filmcolor.quality.frames import Array


@dataclass(slots=True)
class Flicker:
    """Mean length of the second difference of the mean (a, b), in a*b* units; steady change is free."""

    _means: list[Array] = field(default_factory=list)
    _shot: list[int] = field(default_factory=list)

    def update(self, lab: npt.NDArray[np.floating], shot: int = 0) -> None:
        """Add the next frame, CIELAB (h, w, 3), of shot number `shot`."""
        self._means.append(np.asarray(lab[..., 1:], dtype=np.float64).mean(axis=(0, 1)))
        self._shot.append(shot)

    def compute(self) -> float | None:
        """Return the flicker of the clip, or None without three frames in a shot."""
        bends = [
            float(np.linalg.norm(self._means[i + 1] - 2 * self._means[i] + self._means[i - 1]))
            for i in range(1, len(self._means) - 1)
            if self._shot[i - 1] == self._shot[i] == self._shot[i + 1]
        ]
        return float(np.mean(bends)) if bends else None
