"""Small color pictures for the training tests."""

import io
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image


def picture(number: int, height: int = 48, width: int = 64) -> Image.Image:
    """Two colored halves with a ramp, different for each number."""
    rng = np.random.default_rng(number)
    pixels = np.empty((height, width, 3), np.float64)
    pixels[:, : width // 2], pixels[:, width // 2 :] = rng.integers(0, 256, 3), rng.integers(0, 256, 3)
    pixels *= np.linspace(0.4, 1.0, height)[:, None, None]
    return Image.fromarray(pixels.round().astype(np.uint8))


def write_folder(folder: Path, count: int) -> Path:
    """PNG pictures 000.png and on."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        picture(number).save(folder / f"{number:03}.png")
    return folder


def write_tar(path: Path, count: int, first: int = 0) -> Path:
    """The same pictures in a tar."""
    with tarfile.open(path, "w") as archive:
        for number in range(first, first + count):
            data = io.BytesIO()
            picture(number).save(data, "PNG")
            member = tarfile.TarInfo(f"{number:03}.png")
            member.size = len(data.getvalue())
            archive.addfile(member, io.BytesIO(data.getvalue()))
    return path
