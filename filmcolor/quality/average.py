"""Mean over frames, then over clips: the aggregation of every metric."""

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass(slots=True)
class Average:
    """Gather one value a frame; `compute` gives the mean over clips of the mean over frames.

    Two clips of 90 and 10 frames weigh the same: 90 frames at 30 and 10 at 20 make 25, not 29
    (`over_frames`).
    """

    _values: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def update(self, value: float | None, clip: str = "") -> None:
        """Add the value of one frame of `clip`; None (not measured) is not counted."""
        if value is not None:
            self._values[clip].append(float(value))

    @property
    def frames(self) -> int:
        """Number of values."""
        return sum(len(v) for v in self._values.values())

    @property
    def clips(self) -> int:
        """Number of clips with a value."""
        return len(self._values)

    def compute(self) -> float | None:
        """Return the mean over clips, or None without a value."""
        if not self._values:
            return None
        return sum(sum(v) / len(v) for v in self._values.values()) / len(self._values)

    def over_frames(self) -> float | None:
        """Return the mean over all frames, or None without a value."""
        return sum(sum(v) for v in self._values.values()) / self.frames if self._values else None
