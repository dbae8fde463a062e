"""From scores of pictures and clips to the table: mean, median, interval by bootstrap."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from filmcolor.quality.bootstrap import mean_interval
from filmcolor.quality.catalog import Figure
from filmcolor.quality.colorfulness import delta_colorfulness
from filmcolor.quality.score import Scores

Scored = Mapping[str, Any]
"""An item of a quality document: name, frames, rows."""


def summarize(
    items: Sequence[Scored], row: str, figures: Iterable[Figure]
) -> dict[str, dict[str, float | int | None]]:
    """Return mean, median, 95 % interval and number of each figure of one row over items."""
    table: dict[str, dict[str, float | int | None]] = {}
    for figure in figures:
        values = [v for item in items if (v := item["rows"].get(row, {}).get(figure.key)) is not None]
        if values:
            found = mean_interval(values)
            table[figure.key] = {
                "mean": found.value, "median": float(np.median(values)), "low": found.low, "high": found.high,
                "n": len(values),
            }  # fmt: skip
        else:
            table[figure.key] = {"mean": None, "median": None, "low": None, "high": None, "n": 0}
    return table


def over_set(items: Sequence[Scored], row: str) -> dict[str, float | None]:
    """Return figures that only a whole set of pictures has."""
    own: list[Scores] = [item["rows"][row] for item in items]
    true: list[Scores] = [item["rows"]["truth"] for item in items]
    gray: list[Scores] = [item["rows"]["gray"] for item in items]
    if not own:
        return {}
    cf, true_cf = [float(s["cf"] or 0) for s in own], [float(s["cf"] or 0) for s in true]
    delta = delta_colorfulness(cf, true_cf)
    gain = [float(s["psnr_gain"] or 0) for s in own]
    return {
        "dcf_set": delta.of_set,
        "dcf_picture": delta.per_picture,
        "dcf_signed": delta.signed,
        "cf_ratio": float(np.mean(cf) / np.mean(true_cf)) if np.mean(true_cf) > 0 else None,
        "worse_than_gray": float(np.mean([g < 0 for g in gain])),
        **{f"{key}_over_gray": _over(own, gray, key) for key in ("stlpips", "lpips")},
    }


def _over(own: Sequence[Scores], gray: Sequence[Scores], key: str) -> float | None:
    pairs = [
        (a, b) for s, g in zip(own, gray, strict=True) if (a := s.get(key)) is not None and (b := g.get(key))
    ]
    return float(np.mean([a for a, _ in pairs]) / np.mean([b for _, b in pairs])) if pairs else None


def worst(items: Sequence[Scored], row: str, count: int = 10) -> list[dict[str, Any]]:
    """Return the pictures and clips with the largest CIEDE2000, the worst first."""
    found = [(item["rows"][row].get("ciede2000"), item["name"]) for item in items if row in item["rows"]]
    ranked = sorted(((v, n) for v, n in found if v is not None), reverse=True)
    return [{"name": name, "ciede2000": value} for value, name in ranked[:count]]
