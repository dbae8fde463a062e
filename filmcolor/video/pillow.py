"""Pillow, kept on a short leash: size limits, damage found, modes brought to luma and alpha."""

import contextlib
import io
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile

from filmcolor.errors import InputError
from filmcolor.film import Plane
from filmcolor.video.code_values import luma_of
from filmcolor.video.picture import Kept, rgb_profile

_DEEP_GRAY = ("I;16", "I;16L", "I;16B", "I;16N")


def refuse_large(path: Path, pixels: int, max_pixels: int) -> None:
    """Raise InputError if a picture (all its pages together) has more pixels than allowed."""
    if pixels > max_pixels:
        raise InputError(
            f"{path}: claims {pixels} pixels, more than the limit of {max_pixels}; raise it with --max-pixels"
        )


@contextlib.contextmanager
def opened(
    path: Path, formats: tuple[str, ...], max_pixels: int, *, truncated: bool = False
) -> Iterator[Image.Image]:
    """Open a picture of one of Pillow's `formats`, refusing one of too many pixels a page.

    truncated: give what is there of a damaged one. Pillow has its limits as globals of its own;
    they are set for this block and put back.
    """
    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
    Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = None, truncated
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of metadata that Pillow cannot read
            with Image.open(io.BytesIO(path.read_bytes()), formats=formats) as image:
                refuse_large(path, image.width * image.height, max_pixels)
                yield image
    finally:
        Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = before


def planes_of(image: Image.Image) -> tuple[Plane, Plane | None, int]:
    """Return luma (h, w), alpha (h, w) or None, and bits (8 or 16) of the current page.

    Raises InputError for a mode that has no R'G'B' meaning here, OSError for damaged data.
    """
    mode = image.mode
    if mode in _DEEP_GRAY:
        return np.asarray(image).astype(np.uint16), None, 16
    if mode == "I":  # how some plugins give 16 bits
        return np.clip(np.asarray(image), 0, 65535).astype(np.uint16), None, 16
    if "transparency" in image.info and mode in ("1", "L", "P", "RGB"):
        image = image.convert("LA" if mode in ("1", "L") else "RGBA")
    elif mode == "PA":
        image = image.convert("RGBA")
    elif mode == "La":
        image = image.convert("LA")
    elif mode == "1":
        image = image.convert("L")
    elif mode in ("P", "CMYK", "RGBX", "HSV"):
        image = image.convert("RGB")
    elif mode == "RGBa":
        image = image.convert("RGBA")
    if image.mode not in ("L", "LA", "RGB", "RGBA", "YCbCr"):
        raise InputError(f"color mode {mode} is not supported; save the picture as gray or RGB first")
    samples: npt.NDArray[np.uint8] = np.asarray(image)
    if image.mode == "L":
        return samples.copy(), None, 8
    if image.mode == "YCbCr":
        return samples[..., 0].copy(), None, 8
    if image.mode == "LA":
        return samples[..., 0].copy(), samples[..., 1].copy(), 8
    alpha = samples[..., 3].copy() if image.mode == "RGBA" else None
    return luma_of(samples), alpha, 8


def kept_of(image: Image.Image) -> Kept:
    """Return what any format may hold, as Pillow names it."""
    info = image.info
    exif, xmp, dpi = info.get("exif"), info.get("xmp"), info.get("dpi")
    if isinstance(exif, bytes) and exif.startswith(b"Exif\0\0"):
        exif = exif[6:]
    if isinstance(xmp, str):
        xmp = xmp.encode()
    try:
        texts = getattr(image, "text", None)  # of a PNG: reads on to the file's end
    except (OSError, SyntaxError, ValueError):
        texts = None
    return Kept(
        icc=rgb_profile(info.get("icc_profile")),
        exif=exif if isinstance(exif, bytes) and exif else None,
        xmp=xmp if isinstance(xmp, bytes) and xmp else None,
        dpi=(float(dpi[0]), float(dpi[1])) if isinstance(dpi, tuple) and len(dpi) == 2 else None,
        texts=tuple((str(k), str(v)) for k, v in texts.items()) if isinstance(texts, dict) else (),
    )


def orientation_of(image: Image.Image) -> int:
    """Return EXIF's orientation, 1 to 8; 1 where there is none or a wrong one."""
    try:
        value = image.getexif().get(274, 1)
    except Exception:  # a damaged EXIF block raises whatever its parser stumbles over
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def profile_warnings(image: Image.Image) -> tuple[str, ...]:
    """Say which ICC profile cannot stay, since the result is RGB."""
    profile = image.info.get("icc_profile")
    if not profile or rgb_profile(profile) is not None:
        return ()
    space = bytes(profile[16:20]).decode("latin1").strip() or "damaged"
    return (f"the {space} ICC profile cannot stay on an RGB picture and is dropped",)
