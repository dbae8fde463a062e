"""A still picture's luma and chroma, small: enough to see whether it is in color already."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from filmcolor.video.picture import PictureFormat
from filmcolor.video.pillow import opened

Samples = npt.NDArray[np.float32]

# Pillow's names; its DPX is none, and of deep TIFFs it knows few.
_NAMES: dict[PictureFormat, str] = {
    "JPEG": "JPEG",
    "PNG": "PNG",
    "TIFF": "TIFF",
    "WEBP": "WEBP",
    "BMP": "BMP",
    "GIF": "GIF",
    "PNM": "PPM",
}


def small_color(
    path: Path, form: PictureFormat, max_pixels: int, side: int
) -> tuple[Samples, Samples, Samples] | None:
    """Return Y', Cb and Cr (h, w) of the first page, 8-bit code values, Cb and Cr from neutral 0, or None.

    side: about the short side in samples. None where Pillow cannot read the picture.
    """
    if form not in _NAMES:
        return None
    try:
        with opened(path, (_NAMES[form],), max_pixels, truncated=True) as image:
            scale = side / min(image.size)
            size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
            small = (
                image.convert("RGB").resize(size).convert("YCbCr") if scale < 1 else image.convert("YCbCr")
            )
            planes = np.asarray(small).astype(np.float32)
    except (
        Exception
    ):  # damaged or of an odd kind: reading it for its luma has told so, or could do it another way
        return None
    return planes[..., 0], planes[..., 1] - 128, planes[..., 2] - 128
