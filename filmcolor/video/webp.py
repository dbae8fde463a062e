"""WebP, still or animated: lossless stays lossless, lossy is written at high quality."""

from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import escape

from PIL import Image

from filmcolor.errors import InputError
from filmcolor.film import Plane
from filmcolor.video.code_values import at_depth, rgb_codes
from filmcolor.video.picture import Rgb, StillPicture, WebpTraits, exif_of
from filmcolor.video.pillow import (
    kept_of,
    opened,
    orientation_of,
    planes_of,
    profile_warnings,
    refuse_large,
)

QUALITY = 95  # mean error of luma about 1 code; WebP lossy has no 4:4:4


def read_webp(path: Path, max_pixels: int, *, strict: bool = False) -> StillPicture:
    """Read a WebP, each frame of an animation as a page. Raises InputError where one is damaged."""
    del strict  # libwebp gives nothing of a damaged picture, so damage is always an error
    pages: list[Plane] = []
    alphas: list[Plane | None] = []
    durations = []
    with opened(path, ("WEBP",), max_pixels) as image:
        count = getattr(image, "n_frames", 1)
        refuse_large(path, image.width * image.height * count, max_pixels)
        for index in range(count):
            image.seek(index)
            try:
                luma, alpha, _ = planes_of(image)
            except (OSError, EOFError) as error:
                raise InputError(f"{path}: page {index + 1} is damaged ({error})") from error
            pages.append(luma)
            alphas.append(alpha)
            durations.append(int(image.info.get("duration", 0) or 0))
        notes = profile_warnings(image)
        if count > 1:
            notes += ("the frames of this animation are colored one by one; color may flicker",)
        return StillPicture(
            path=path,
            format="WEBP",
            bits=8,
            pages=tuple(pages),
            alphas=tuple(alphas),
            orientation=orientation_of(image),
            kept=kept_of(image),
            traits=WebpTraits(
                lossless=_lossless(path),
                durations=tuple(durations) if count > 1 else (),
                loop=int(image.info.get("loop", 0) or 0),
            ),
            warnings=notes,
        )


def write_webp(picture: StillPicture, page_colors: Iterable[Rgb], target: Path) -> list[str]:
    """Write R'G'B' (h, w, 3), 0..1, of each page, with alpha."""
    warnings = [] if picture.bits == 8 else [f"WebP holds 8 bit: bit depth lowered from {picture.bits}"]
    images = []
    for luma, alpha, rgb in zip(picture.pages, picture.alphas, page_colors, strict=True):
        image = Image.fromarray(rgb_codes(rgb, luma, picture.bits, 8))
        if alpha is not None:
            image.putalpha(Image.fromarray(at_depth(alpha, picture.bits, 8)))
        images.append(image)
    traits = (
        picture.traits
        if isinstance(picture.traits, WebpTraits)
        else WebpTraits(lossless=picture.format != "JPEG")
    )
    options: dict[str, object] = {
        "lossless": traits.lossless,
        "quality": 75 if traits.lossless else QUALITY,
        "method": 5,
    }
    exif = exif_of(picture)
    for name, value in (
        ("icc_profile", picture.kept.icc),
        ("exif", exif),
        ("xmp", picture.kept.xmp or _said(picture)),
    ):
        if value is not None:
            options[name] = value
    if len(images) > 1:
        options |= {"save_all": True, "append_images": images[1:], "loop": traits.loop}
        if len(traits.durations) == len(images):
            options["duration"] = list(traits.durations)
    images[0].save(target, "WEBP", **options)
    return warnings


def _said(picture: StillPicture) -> bytes | None:
    """Return the note as a small XMP packet, for a picture that has none."""
    if not picture.kept.note:
        return None
    head = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    tool = f"<xmp:CreatorTool>{escape(picture.kept.note)}</xmp:CreatorTool>"
    body = f'<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/">{tool}</rdf:Description>'
    return f"{head}{body}</rdf:RDF></x:xmpmeta>".encode("ascii")


def _lossless(path: Path) -> bool:
    """Tell whether the first picture chunk is VP8L (RFC 9649)."""
    data = path.read_bytes()
    lossless, lossy = data.find(b"VP8L"), data.find(b"VP8 ")
    return lossless >= 0 and (lossy < 0 or lossless < lossy)
