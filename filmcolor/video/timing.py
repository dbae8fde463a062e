"""The times of a film's frames, counted while they come: rate, gaps, frames shown longer than others."""

from dataclasses import dataclass, field
from fractions import Fraction

from filmcolor.film import FilmInfo, Frame
from filmcolor.video.holes import Holes

# Soft telecine: of the frames so many at least are shown for three fields, and all but a few for two or three.
_LONG_LEAST, _LONG_MOST, _REST = 0.35, 0.65, 0.1
_LEAST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When a film's frames are shown. Seconds on the film's own clock, where the first may be before or after 0.

    end: of the last frame, by its duration. constant: one step from frame to frame, to the nearest tick.
    rate: frames a second, counted (None for a single frame). shortest, longest: steps in seconds. gaps: (second,
    length in seconds, frames that would fill it) in a film that has one rate elsewhere. soft_telecine: about every
    second frame is shown for three fields, the others for two.
    """

    frames: int
    first: Fraction
    last: Fraction
    end: Fraction
    constant: bool
    rate: Fraction | None
    shortest: Fraction | None
    longest: Fraction | None
    gaps: tuple[tuple[Fraction, Fraction, int], ...]
    soft_telecine: bool


@dataclass(slots=True)
class Clock:
    """Watches the times of the frames of a film, in order, in flat memory."""

    info: FilmInfo
    frames: int = 0
    _first: int = 0
    _last: int = 0
    _duration: int = 0
    _shortest: int | None = None
    _longest: int | None = None
    _holes: Holes = field(default_factory=Holes)

    def see(self, frame: Frame) -> None:
        """Take the next frame."""
        if not self.frames:
            self._first = frame.pts
        else:
            step = frame.pts - self._last
            self._shortest = step if self._shortest is None else min(step, self._shortest)
            self._longest = step if self._longest is None else max(step, self._longest)
        self._holes.see(frame.pts)
        self._last, self._duration = frame.pts, frame.duration
        self.frames += 1

    def found(self) -> Timing:
        """Return what the times are. Raises ValueError without a frame."""
        if not self.frames:
            raise ValueError("no frame, no time")
        base, steps = self.info.time_base, self.frames - 1
        three = self._three_fields()
        soft = _LONG_LEAST <= three <= _LONG_MOST
        gaps = [] if soft else self._holes.found()
        missing = sum(gap.frames for gap in gaps)
        step = self._holes.step
        if steps and self._shortest is not None and self._longest is not None and not gaps:
            constant = self._longest - self._shortest <= 1
        else:
            constant = step is not None or not steps
        span = (self._last - self._first) * base
        rate = Fraction(steps + missing) / span if span > 0 else None
        usual = round(step) if step else (self._longest or 0)
        return Timing(
            frames=self.frames,
            first=self._first * base,
            last=self._last * base,
            end=(self._last + (self._duration or usual)) * base,
            constant=constant,
            rate=rate,
            shortest=None if self._shortest is None else self._shortest * base,
            longest=None if self._longest is None else self._longest * base,
            gaps=tuple((gap.before * base, (gap.after - gap.before) * base, gap.frames) for gap in gaps),
            soft_telecine=soft,
        )

    def _three_fields(self) -> float:
        """Return the share of frames that are shown for three fields where all others are shown for two."""
        steps = self._holes.steps
        best = 0.0
        for short in steps:
            even = sum(n for step, n in steps.items() if abs(step - short) <= 1)
            long = sum(n for step, n in steps.items() if abs(2 * step - 3 * short) <= 3 and step > short + 2)
            if self.frames > _LEAST and even + long >= (1 - _REST) * (self.frames - 1):
                best = max(best, long / (even + long))
        return best
