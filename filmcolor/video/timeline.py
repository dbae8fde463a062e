"""Arithmetic of time for a join: PTS to ticks of the output, and decoding times from them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of the source the result holds, in seconds of the source's clock.

    origin: what becomes zero. first, last: what lies outside is cut (last exclusive); None: nothing is.
    """

    origin: Fraction = Fraction(0)
    first: Fraction | None = None
    last: Fraction | None = None

    def holds(self, begin: Fraction) -> bool:
        """Whether something that begins at `begin` seconds is in the window."""
        return (self.first is None or begin >= self.first) and (self.last is None or begin < self.last)

    def clip(self, begin: Fraction, end: Fraction) -> tuple[Fraction, Fraction] | None:
        """Return the part of [begin, end) in the window, or None."""
        if self.first is not None:
            begin = max(begin, self.first)
        if self.last is not None:
            end = min(end, self.last)
        return (begin, end) if end > begin else None


def to_ticks(
    pts: Sequence[int], time_base: Fraction, origin: Fraction, unit: Fraction
) -> tuple[list[int], bool]:
    """Return times as ticks of `unit` after `origin`, rising strictly, and whether any was rounded.

    pts: rising strictly, in units of time_base. Rounds half up; times that fall on one tick move apart.
    """
    ticks: list[int] = []
    inexact = False
    factor = time_base / unit
    base = origin / unit
    for value in pts:
        exact = value * factor - base
        tick = (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
        inexact = inexact or exact.denominator != 1
        if ticks and tick <= ticks[-1]:
            tick = ticks[-1] + 1
        ticks.append(tick)
    return ticks, inexact


def reorder_delay(ranks: Sequence[int]) -> int:
    """Return by how many frames decoding must lead: the least d with ranks[i] >= i - d for all i.

    ranks: place in presentation order of each packet, in decoding order.
    """
    return max((i - rank for i, rank in enumerate(ranks)), default=0)


def decoding_time(index: int, ticks: Sequence[int], delay: int) -> int:
    """Return the DTS of the packet at `index` in decoding order: the PTS `delay` frames before.

    Rises strictly and is never later than the packet's PTS. The first `delay` lie before the film.
    """
    if index >= delay:
        return ticks[index - delay]
    gap = ticks[1] - ticks[0] if len(ticks) > 1 else 1
    return ticks[0] - (delay - index) * gap
