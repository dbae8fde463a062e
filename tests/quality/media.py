"""Small pictures and clips in color, made by the tests."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image


def texture(size: int = 96, seed: int = 0) -> np.ndarray:
    """Smooth colored blobs with some detail, (size, size, 3) uint8."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(30, 226, (7, 7, 3)).astype(np.uint8)).resize(
        (size, size), Image.Resampling.BICUBIC
    )
    return np.clip(np.asarray(coarse) + random.normal(0, 6, (size, size, 1)), 0, 255).astype(np.uint8)


def make_pictures(folder: Path, count: int = 3, size: int = 64) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        Image.fromarray(texture(size, i)[: size - 8]).save(folder / f"scene{i}.png")


def make_clip(path: Path, frames: int = 12, size: int = 64) -> None:
    """A pan of 2 pixels a frame over a texture, FFV1 in RGB."""
    path.parent.mkdir(parents=True, exist_ok=True)
    wide = texture(size + 2 * frames, 9)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = size, size - 16, "bgr0"
        for t in range(frames):
            view = np.ascontiguousarray(wide[: size - 16, 2 * t : 2 * t + size])
            frame = av.VideoFrame.from_ndarray(view, format="rgb24").reformat(format="bgr0")
            frame.pts, frame.time_base = t, 1 / Fraction(25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
