"""Pictures for the report: before, after and truth of the best, the median and the worst."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from filmcolor.quality.score import Picture

Rank = Literal["best", "median", "worst"]
STRIP = 5
"""Frames of a clip's strip."""


def ranked(names_and_values: Sequence[tuple[str, float]], each: int) -> list[tuple[str, Rank]]:
    """Return up to `each` names of the lowest values, of those around the median, and of the highest."""
    order = [name for name, _ in sorted(names_and_values, key=lambda x: x[1])]
    each = max(1, min(each, len(order) // 3))
    chosen: dict[str, Rank] = {}
    middle = max(0, len(order) // 2 - each // 2)
    groups: list[tuple[Rank, list[str]]] = [
        ("best", order[:each]), ("worst", order[::-1][:each]), ("median", order[middle : middle + each])
    ]  # fmt: skip
    for rank, names in groups:
        for name in names:
            chosen.setdefault(name, rank)
    return list(chosen.items())


def strip(frames: Sequence[Picture], width: int = 200) -> Picture:
    """Return frames side by side, evenly spaced in time, each `width` pixels wide."""
    picked = [frames[i * (len(frames) - 1) // max(1, STRIP - 1)] for i in range(min(STRIP, len(frames)))]
    small = []
    for frame in picked:
        image = Image.fromarray(frame)
        small.append(
            np.asarray(
                image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)
            )
        )
    return np.concatenate(small, axis=1)


def save_sample(
    folder: Path, name: str, kind: Literal["picture", "clip"], rank: Rank, pictures: dict[str, Picture]
) -> dict[str, Any]:
    """Write WebP files and return the sample's entry; file names are below the folder's own name."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for role, picture in pictures.items():
        file = f"{name.replace('/', '__')}.{role}.webp"
        Image.fromarray(picture).save(folder / file, quality=82, method=4)
        files[role] = f"{folder.name}/{file}"
    return {"name": name, "kind": kind, "rank": rank, "files": files}
