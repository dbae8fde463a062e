"""BMP, GIF and PNM: formats that hold pixels and little else."""

from pathlib import Path

import numpy as np
from PIL import Image

from filmcolor.errors import InputError
from filmcolor.video.code_values import at_depth, rgb_codes
from filmcolor.video.picture import PictureFormat, Rgb, StillPicture
from filmcolor.video.pillow import kept_of, opened, orientation_of, planes_of, profile_warnings

_PILLOW_NAMES: dict[PictureFormat, str] = {"BMP": "BMP", "GIF": "GIF", "PNM": "PPM"}


def read_plain(path: Path, form: PictureFormat, max_pixels: int, *, strict: bool = False) -> StillPicture:
    """Read a BMP, a GIF of one image or a PNM; a truncated one gives what is there and a warning."""
    names = (_PILLOW_NAMES[form],)
    damage: tuple[str, ...] = ()
    with opened(path, names, max_pixels) as image:
        kept, notes, orientation = kept_of(image), profile_warnings(image), orientation_of(image)
        try:
            planes = planes_of(image)
        except (OSError, IndexError, ValueError) as error:
            if strict:
                raise InputError(f"{path}: damaged picture data ({error})") from error
            damage = (f"damaged picture data ({error}); what is missing stays black",)
    if damage:
        with opened(path, names, max_pixels, truncated=True) as image:
            planes = planes_of(image)
        if planes[0].min() == planes[0].max():
            raise InputError(f"{path}: damaged, no picture data could be read")
    luma, alpha, bits = planes
    return StillPicture(
        path=path,
        format=form,
        bits=bits,
        pages=(luma,),
        alphas=(alpha,),
        orientation=orientation,
        kept=kept,
        warnings=damage + notes,
    )


def write_plain(picture: StillPicture, rgb: Rgb, form: PictureFormat, target: Path) -> list[str]:
    """Write R'G'B' (h, w, 3), 0..1, of the one page as BMP, GIF or PPM (binary, 8 or 16 bit)."""
    warnings = []
    bits = 16 if form == "PNM" and picture.bits > 8 else 8
    if picture.bits > bits:
        warnings.append(f"{form} holds 8 bit: bit depth lowered from {picture.bits}")
    codes = rgb_codes(rgb, picture.pages[0], picture.bits, bits)
    alpha = picture.alphas[0]
    if alpha is not None and form != "GIF":
        warnings.append(f"{form} holds no alpha: it is dropped")
    if picture.kept.icc is not None or picture.kept.exif is not None or picture.kept.texts:
        warnings.append(f"{form} holds no ICC profile and no metadata: they are dropped")
    if form == "PNM":
        said = f"# {picture.kept.note}\n" if picture.kept.note else ""
        header = f"P6\n{said}{codes.shape[1]} {codes.shape[0]}\n{(1 << bits) - 1}\n".encode()
        target.write_bytes(header + codes.astype(">u2" if bits == 16 else np.uint8).tobytes())
        return warnings
    image = Image.fromarray(codes)
    if form == "BMP":
        dpi = picture.kept.dpi
        image.save(target, "BMP", **({"dpi": dpi} if dpi is not None else {}))
        return warnings
    warnings.append("GIF holds 256 colors: luma and color are approximate; a .png would hold them")
    if alpha is None:
        image.quantize(256, dither=Image.Dither.FLOYDSTEINBERG).save(target, "GIF")
        return warnings
    indexed = np.array(image.quantize(255, dither=Image.Dither.FLOYDSTEINBERG))
    indexed[at_depth(alpha, picture.bits, 8) < 128] = 255
    palette = Image.fromarray(indexed)
    palette.putpalette([*(image.quantize(255).getpalette() or [])[: 255 * 3], 0, 0, 0])
    palette.save(target, "GIF", transparency=255)
    return warnings
