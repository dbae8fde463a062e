"""`filmcolor bench compare`: two results side by side, pair by pair, and which figures got worse."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from filmcolor.errors import InputError
from filmcolor.quality.bootstrap import paired_ratio
from filmcolor.quality.catalog import FIGURES
from filmcolor.quality.document import QUALITY, Document

Way = Literal["higher", "lower"]
_PICTURES: tuple[tuple[str, Way], ...] = (
    ("psnr", "higher"), ("psnr_ab", "higher"), ("ciede2000", "lower"), ("ssim", "higher"),
    ("cf_gap", "lower"), ("stlpips", "lower"), ("lpips", "lower"), ("luma_psnr", "higher"),
)  # fmt: skip
# Steadiness counts here, since colorfulness (cf_gap) stands beside it: what a fade lowers, it raises there.
_CLIPS: tuple[tuple[str, Way], ...] = (
    ("psnr", "higher"), ("ciede2000", "lower"), ("cf_gap", "lower"), ("ab_error", "lower"),
    ("warp_ab", "lower"), ("flicker_ab", "lower"), ("drift_32", "lower"), ("luma_psnr", "higher"), ("gray_frames", "lower"),
)  # fmt: skip
_SPEED: tuple[tuple[str, str, Way], ...] = (
    ("fps", "frames/s", "higher"), ("transcode_ratio", "transcode ratio", "lower"),
    ("peak_rss_mib", "peak memory, MiB", "lower"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of two results. ratio: over 1 is better, whichever way the figure points.

    low, high: its interval (95 % by paired bootstrap; for speed from the quartiles), or None. n: pairs.
    """

    figure: str
    a: float
    b: float
    ratio: float
    low: float | None
    high: float | None
    n: int

    def worse(self, below: float) -> bool:
        """Return whether the ratio is under `below` and the interval leaves no doubt that it is under 1."""
        return self.ratio < below and (self.high is None or self.high < 1)


def goodness(a: float, b: float, way: Way) -> float:
    """Return how much better b is than a, as a ratio; where nothing can be divided: 1 equal, 0 or 2 else."""
    first, then = (a, b) if way == "higher" else (b, a)
    if first > 0:
        return then / first
    if a == b:
        return 1.0
    return 2.0 if (b > a) == (way == "higher") else 0.0


def _paired(a: Document, b: Document, kind: str, figures: Sequence[tuple[str, Way]]) -> Iterator[Line]:
    row_a, row_b = a["subject"]["row"], b["subject"]["row"]
    there = {item["name"]: item["rows"].get(row_b, {}) for item in b[kind]}
    for key, way in figures:
        pairs = [
            (x, y)
            for item in a[kind]
            if (x := item["rows"].get(row_a, {}).get(key)) is not None
            and (y := there.get(item["name"], {}).get(key)) is not None
        ]
        if not pairs:
            continue
        xs, ys = [x for x, _ in pairs], [y for _, y in pairs]
        mean_a, mean_b = sum(xs) / len(xs), sum(ys) / len(ys)
        interval = paired_ratio(xs, ys) if way == "higher" else paired_ratio(ys, xs)
        low, high = (interval.low, interval.high) if interval else (None, None)
        figure = FIGURES[key]
        name = f"{kind}: {figure.name}" + (f", {figure.unit}" if figure.unit else "")
        yield Line(name, mean_a, mean_b, goodness(mean_a, mean_b, way), low, high, len(pairs))


def _quality(a: Document, b: Document) -> list[Line]:
    for key in ("lines", "every", "frames"):
        if a["settings"].get(key) != b["settings"].get(key):
            raise InputError(
                "the two results cannot be compared: "
                f"{key} {a['settings'].get(key)} and {b['settings'].get(key)}"
            )
    lines = [*_paired(a, b, "pictures", _PICTURES), *_paired(a, b, "clips", _CLIPS)]
    if not lines:
        raise InputError("the two results have no picture and no clip in common")
    return lines


def _speed(a: Document, b: Document) -> list[Line]:
    there = {film["name"]: film for film in b["films"]}
    lines = []
    for film in a["films"]:
        other: dict[str, Any] | None = there.get(film["name"])
        if other is None:
            continue
        for key, name, way in _SPEED:
            x, y = film[key], other[key]
            if isinstance(x, dict):
                ends = goodness(x["high"], y["low"], way), goodness(x["low"], y["high"], way)
                ratio = goodness(x["median"], y["median"], way)
                lines.append(
                    Line(f"{film['name']}: {name}", x["median"], y["median"], ratio, min(ends), max(ends),
                         min(x["n"], y["n"]))
                )  # fmt: skip
            else:
                lines.append(Line(f"{film['name']}: {name}", x, y, goodness(x, y, way), None, None, 1))
    if not lines:
        raise InputError("the two results have no film in common")
    return lines


def compare(a: Document, b: Document) -> list[Line]:
    """Return the figures of two results of one kind; b is held against a.

    Raises InputError where they are of two kinds, were scored in two ways, or share nothing.
    """
    if a["format"] != b["format"]:
        raise InputError(f"the two results are of two kinds: {a['format']} and {b['format']}")
    return _quality(a, b) if a["format"] == QUALITY else _speed(a, b)
