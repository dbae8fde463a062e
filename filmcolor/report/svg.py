"""Small charts as inline SVG: scales, axes and marks; colors come from the page's style sheet."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 560, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 16, 14, 44


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Return round numbers that span low..high."""
    if not high > low:
        return [low]
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(s * power for s in (1, 2, 2.5, 5, 10) if s * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 10) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def number(value: float) -> str:
    """Return a short form of a figure for an axis or a label."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


@dataclass(frozen=True, slots=True)
class Axes:
    """A plot area with linear (or, in x, logarithmic) scales. x, y: (low, high)."""

    x: tuple[float, float]
    y: tuple[float, float]
    x_name: str
    y_name: str
    log_x: bool = False
    height: int = HEIGHT

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return the place of a point in the picture."""
        low, high = self.x
        if self.log_x:
            x, low, high = math.log10(max(x, 1e-9)), math.log10(low), math.log10(high)
        across = (x - low) / ((high - low) or 1)
        up = (y - self.y[0]) / ((self.y[1] - self.y[0]) or 1)
        return (
            round(_LEFT + across * (WIDTH - _LEFT - _RIGHT), 1),
            round(self.height - _BOTTOM - up * (self.height - _TOP - _BOTTOM), 1),
        )

    def frame(self, x_labels: Sequence[tuple[float, str]] | None = None) -> str:
        """Return grid, ticks and names of the axes. x_labels: instead of numbers."""
        parts = []
        for y in ticks(*self.y):
            left, at = self.at(self.x[0], y)
            parts.append(f'<path class="grid" d="M{left} {at}H{WIDTH - _RIGHT}"/>')
            parts.append(
                f'<text class="tick" x="{left - 8}" y="{at + 4}" text-anchor="end">{number(y)}</text>'
            )
        places = x_labels
        if places is None:
            values = _decades(*self.x) if self.log_x else ticks(*self.x)
            places = [(x, number(x)) for x in values]
        for x, label in places:
            at, bottom = self.at(x, self.y[0])
            parts.append(
                f'<text class="tick" x="{at}" y="{bottom + 17}" text-anchor="middle">{escape(label)}</text>'
            )
        bottom = self.height - _BOTTOM
        parts.append(f'<path class="axis" d="M{_LEFT} {bottom}H{WIDTH - _RIGHT}"/>')
        middle = (_LEFT + WIDTH - _RIGHT) / 2
        parts.append(
            f'<text class="name" x="{middle}" y="{self.height - 6}" text-anchor="middle">{escape(self.x_name)}</text>'
        )
        across = (self.height - _BOTTOM + _TOP) / 2
        parts.append(
            f'<text class="name" transform="translate(13 {across}) rotate(-90)" text-anchor="middle">{escape(self.y_name)}</text>'
        )
        return "".join(parts)


def _decades(low: float, high: float) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    found = [m * 10.0**e for e in range(first, last + 1) for m in (1, 2, 5)]
    return [v for v in found if low * 0.999 <= v <= high * 1.001]


def picture(body: str, title: str, height: int = HEIGHT) -> str:
    """Return a whole SVG with a title for screen readers."""
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}" '
        f'preserveAspectRatio="xMidYMid meet">{body}</svg>'
    )


def dot(at: tuple[float, float], kind: str, tip: str, radius: float = 4.5) -> str:
    """Return a marked point; kind is a class of the style sheet."""
    return (
        f'<circle class="{kind}" cx="{at[0]}" cy="{at[1]}" r="{radius}"><title>{escape(tip)}</title></circle>'
    )


def line(points: Sequence[tuple[float, float]], kind: str) -> str:
    """Return a line through places of the picture."""
    return f'<path class="line {kind}" d="M{"L".join(f"{x} {y}" for x, y in points)}"/>' if points else ""


def legend(names: Sequence[tuple[str, str]]) -> str:
    """Return (class, name) pairs as HTML above a chart."""
    keys = "".join(f'<span><i class="{kind}"></i>{escape(name)}</span>' for kind, name in names)
    return f'<p class="legend">{keys}</p>'
