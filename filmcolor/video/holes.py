"""Holes in the time of a film that otherwise has one rate: where frames may be missing without a trace."""

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction

LEAST = 12
"""Steps that must be alike before a longer one is a hole."""
SHARE = 0.05
"""Share of uneven steps above which the film has no one rate, and a long step says nothing."""
MOST_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Hole:
    """Between two neighboring frames, at PTS `before` and `after`, `frames` seem to be missing."""

    before: int
    after: int
    frames: int


@dataclass(slots=True)
class Holes:
    """Watches the times of a film's frames, in order."""

    _steps: Counter[int] = field(default_factory=Counter)
    _long: list[tuple[int, int]] = field(default_factory=list)
    last: int | None = None
    _uneven: int = 0

    def see(self, pts: int) -> None:
        """Take the next frame's PTS."""
        if self.last is not None:
            step = pts - self.last
            if len(self._steps) < 64 or step in self._steps:
                self._steps[step] += 1
            else:
                self._uneven += 1
            usual = self._steps.most_common(1)[0][0]
            if 2 * step > 3 * usual + 2 and len(self._long) < MOST_KEPT:
                self._long.append((self.last, pts))
        self.last = pts

    @property
    def step(self) -> Fraction | None:
        """The film's one step in ticks, or None where it has no one rate."""
        if not self._steps:
            return None
        usual = self._steps.most_common(1)[0][0]
        near = [(step, n) for step, n in self._steps.items() if abs(step - usual) <= 1]
        even = sum(n for _, n in near)
        total = sum(self._steps.values()) + self._uneven
        if even < LEAST or total - even > SHARE * total:
            return None
        return Fraction(sum(step * n for step, n in near), even)

    @property
    def steps(self) -> Counter[int]:
        """Steps from frame to frame in ticks and how often each was seen; of more than 64, the first 64."""
        return Counter(self._steps)

    def found(self) -> list[Hole]:
        """Return the holes of a film that has one rate, none of another."""
        step = self.step
        if step is None or step <= 0:
            return []
        holes = (Hole(a, b, round((b - a) / step) - 1) for a, b in self._long)
        return [hole for hole in holes if hole.frames > 0]
