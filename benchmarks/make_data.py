"""Make a small data set in color that anyone can make again: scikit-image's photographs and made scenes.

The scenes are textures in motion whose exact flow is known (filmcolor.quality.made_film).
usage: python benchmarks/make_data.py FOLDER
"""

import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image
from skimage import data

from filmcolor.quality.made_film import made_film

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")
RATE = Fraction(24)


def write_clip(path: Path, height: int, width: int, frames: int, seed: int) -> None:
    """Write a made scene as a lossless clip in color."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = width, height, "bgr0"
        for t, picture in enumerate(made_film(height, width, frames, seed=seed)):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24").reformat(
                format="bgr0"
            )
            frame.pts, frame.time_base = t, 1 / RATE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def main(folder: Path) -> None:
    """Write photographs and clips below `folder`."""
    (folder / "photo").mkdir(parents=True, exist_ok=True)
    (folder / "video").mkdir(exist_ok=True)
    for name in PHOTOGRAPHS:
        Image.fromarray(getattr(data, name)()).save(folder / "photo" / f"{name}.png")
    for seed in range(2):
        write_clip(folder / "video" / f"made{seed}.mkv", 288, 512, 96, seed)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
