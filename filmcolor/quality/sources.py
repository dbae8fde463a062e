"""Pictures and clips with a true color, found in a folder and read at the size they are scored at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from filmcolor.errors import InputError

Picture = npt.NDArray[np.uint8]
_Sample = TypeVar("_Sample", np.uint8, np.float32)
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"})
FILMS = frozenset({".mkv", ".mp4", ".mov", ".avi", ".webm", ".m4v", ".mxf", ".ts"})
WITHOUT_TRUTH = "bw"
"""Folders of this name hold black-and-white originals: there is no truth to score against."""


@dataclass(frozen=True, slots=True)
class Item:
    """One picture or clip. name: its path below the folder, without suffix."""

    name: str
    path: Path

    @property
    def stem(self) -> str:
        """The name's last part."""
        return self.name.rsplit("/", 1)[-1]


def _walk(folder: Path) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder}: cannot read folder: {error.strerror}") from error
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            if entry.name != WITHOUT_TRUTH:
                yield from _walk(entry)
        else:
            yield entry


def find(folder: Path) -> tuple[list[Item], list[Item]]:
    """Return the pictures and the clips below `folder`, in the order of their names.

    Raises InputError where there is no such folder, nothing in it, or two files of one name.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: not a folder; give one with pictures or clips in color")
    pictures: list[Item] = []
    clips: list[Item] = []
    for path in _walk(folder):
        item = Item(path.relative_to(folder).with_suffix("").as_posix(), path)
        if path.suffix.lower() in PICTURES:
            pictures.append(item)
        elif path.suffix.lower() in FILMS:
            clips.append(item)
    if not pictures and not clips:
        raise InputError(f"{folder}: holds no pictures and no clips")
    for kind in (pictures, clips):
        names = [i.name for i in kind]
        for name in names:
            if names.count(name) > 1:
                raise InputError(f"{folder}: two files are named {name}; scores would mix them up")
    return pictures, clips


def spread(items: Sequence[Item], limit: int) -> list[Item]:
    """Return at most `limit` items (0: all), evenly spaced."""
    if not limit or limit >= len(items):
        return list(items)
    return [items[i * len(items) // limit] for i in range(limit)]


def match_outputs(items: Sequence[Item], folder: Path, kind: frozenset[str]) -> dict[str, Path]:
    """Return the output of each item by its name: same name, any suffix of `kind`, `.color` allowed.

    Raises InputError where one is missing or two would do: nothing is paired by order.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: not a folder")
    found: dict[str, list[Path]] = {}
    for path in _walk(folder):
        if path.suffix.lower() in kind:
            name = path.relative_to(folder).with_suffix("").as_posix().removesuffix(".color")
            for key in {name, name.rsplit("/", 1)[-1]}:
                found.setdefault(key, []).append(path)
    outputs = {}
    for item in items:
        candidates = found.get(item.name) or found.get(item.stem) or []
        if len(candidates) != 1:
            what = "no output" if not candidates else f"{len(candidates)} outputs"
            raise InputError(f"{folder}: {what} named {item.stem}; each source needs one of its name")
        outputs[item.name] = candidates[0]
    return outputs


def scored_size(width: int, height: int, lines: int) -> tuple[int, int]:
    """Return (width, height) with a short side of `lines` pixels, smaller ones (and lines 0) as they are."""
    scale = lines / min(width, height) if lines else 1.0
    return (width, height) if scale >= 1 else (round(width * scale), round(height * scale))


def read_picture(path: Path, lines: int = 0) -> Picture:
    """Return a picture (h, w, 3), upright, reduced with Lanczos to `lines`. Raises InputError."""
    try:
        with Image.open(path) as opened:
            image = ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(f"{path}: cannot read picture: {error}") from error
    size = scored_size(image.width, image.height, lines)
    image = image if size == image.size else image.resize(size, Image.Resampling.LANCZOS)
    return np.asarray(image)


def reduced(frame: npt.NDArray[_Sample], lines: int) -> npt.NDArray[_Sample]:
    """Return a film frame (h, w) or (h, w, 3) reduced to `lines` by averaging areas."""
    size = scored_size(frame.shape[1], frame.shape[0], lines)
    if size == (frame.shape[1], frame.shape[0]):
        return frame
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), frame.dtype)
