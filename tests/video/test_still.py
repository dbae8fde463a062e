"""Still pictures: luma, depth and metadata come back as they were; hostile ones are refused in one line."""

import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from filmcolor.errors import InputError, OutputError
from filmcolor.video.code_values import chroma_codes, rgb_codes
from filmcolor.video.deep import decode_samples
from filmcolor.video.picture import upright
from filmcolor.video.still import is_still, read_still, still_suffix, write_still
from tests.video.photos import LIMIT, colored, error_of, photo, tint

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
GRAY_PROFILE = SRGB[:16] + b"GRAY" + SRGB[20:]


def has_color(path: Path) -> bool:
    rgb = np.asarray(Image.open(path).convert("RGB")).astype(int)
    return bool(np.abs(rgb[..., 0] - rgb[..., 2]).mean() > 5)


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_rounding_to_codes_moves_luma_by_less_than_a_third_of_a_code(bits: int) -> None:
    luma = photo(bits=bits)
    codes = rgb_codes(tint(luma, bits), luma, bits, bits).astype(float)
    assert np.abs(codes @ [0.299, 0.587, 0.114] - luma).max() < 0.587 / 2 + 1e-9


def test_chroma_of_gray_is_neutral_and_of_another_shape_refused() -> None:
    luma = photo()
    gray = np.repeat(luma[..., None] / 255, 3, axis=2)
    assert all((plane == 128).all() for plane in chroma_codes(gray, luma, 8))
    with pytest.raises(ValueError, match="expected"):
        rgb_codes(gray[:-1], luma, 8, 8)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp"])
@pytest.mark.parametrize("mode", ["L", "P", "RGB"])
def test_luma_of_8_bit_gray_comes_back_exactly(tmp_path: Path, suffix: str, mode: str) -> None:
    source = tmp_path / f"in{suffix}"
    Image.fromarray(photo()).convert(mode).save(source)
    before, after, warnings = colored(source, tmp_path / f"out{suffix}")
    assert np.array_equal(before.pages[0], photo())
    assert np.array_equal(after.pages[0], photo())
    assert warnings == []
    assert has_color(tmp_path / f"out{suffix}")


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_luma_of_16_bit_gray_comes_back_exactly_in_16_bits(tmp_path: Path, suffix: str) -> None:
    luma = photo(bits=16)
    Image.fromarray(luma).save(tmp_path / f"in{suffix}")
    _, after, _ = colored(tmp_path / f"in{suffix}", tmp_path / f"out{suffix}")
    assert after.bits == 16
    assert np.array_equal(after.pages[0], luma)


def test_our_png_is_what_another_decoder_reads(tmp_path: Path) -> None:
    luma = photo(bits=16)
    Image.fromarray(luma).save(tmp_path / "in.png")
    colored(tmp_path / "in.png", tmp_path / "out.png")
    samples, bits = decode_samples((tmp_path / "out.png").read_bytes(), "png_pipe")
    assert bits == 16
    assert np.array_equal(samples, rgb_codes(tint(luma, 16), luma, 16, 16))


def test_jpeg_luma_survives_by_the_sources_own_quantization(tmp_path: Path) -> None:
    for name, mode, options in (
        ("poor", "L", {"quality": 30}),
        ("fine", "RGB", {"quality": 92, "subsampling": 2, "progressive": True}),
    ):
        source, target = tmp_path / f"{name}.jpg", tmp_path / f"{name}.out.jpg"
        Image.fromarray(photo()).convert(mode).save(source, **options)
        before, after, _ = colored(source, target)
        # whole 8x8 blocks come back; those cut by the picture's edge are padded anew
        whole = slice(0, 40), slice(0, 56)
        assert error_of(before.pages[0][whole], after.pages[0][whole]) < 0.01  # quality 95: 0.2
        assert error_of(before.pages[0], after.pages[0]) < 0.5
        assert has_color(target)
        assert bool(Image.open(target).info.get("progressive")) == ("progressive" in options)


def test_jpeg_keeps_exif_comment_profile_xmp_and_density(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274], exif[271] = 6, "Maker"
    picture = Image.fromarray(photo()).convert("RGB")
    picture.save(
        tmp_path / "in.jpg",
        exif=exif,
        icc_profile=SRGB,
        comment=b"by hand",
        dpi=(300, 300),
        xmp=b"<x:xmpmeta/>",
    )
    before, after, _ = colored(tmp_path / "in.jpg", tmp_path / "out.jpg")
    result = Image.open(tmp_path / "out.jpg")
    assert (result.info["comment"], result.info["icc_profile"], result.info["dpi"]) == (
        b"by hand",
        SRGB,
        (300, 300),
    )
    assert (result.getexif()[274], result.getexif()[271], result.info["xmp"]) == (6, "Maker", b"<x:xmpmeta/>")
    assert (before.orientation, before.rotation, after.orientation) == (6, 270, 6)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_gray_profile_is_dropped_with_a_note_and_an_rgb_profile_stays(tmp_path: Path, suffix: str) -> None:
    Image.fromarray(photo()).save(tmp_path / f"gray{suffix}", icc_profile=GRAY_PROFILE)
    Image.fromarray(photo()).convert("RGB").save(tmp_path / f"rgb{suffix}", icc_profile=SRGB)
    gray, _, _ = colored(tmp_path / f"gray{suffix}", tmp_path / f"gray.out{suffix}")
    rgb, _, _ = colored(tmp_path / f"rgb{suffix}", tmp_path / f"rgb.out{suffix}")
    assert any("ICC profile" in line for line in gray.warnings)
    assert rgb.warnings == ()
    assert "icc_profile" not in Image.open(tmp_path / f"gray.out{suffix}").info
    assert Image.open(tmp_path / f"rgb.out{suffix}").info["icc_profile"] == SRGB


@pytest.mark.parametrize(
    ("suffix", "mode"), [(".png", "LA"), (".webp", "RGBA"), (".tif", "LA"), (".png", "RGBA")]
)
def test_alpha_stays(tmp_path: Path, suffix: str, mode: str) -> None:
    alpha = np.flipud(photo()).copy()
    picture = Image.fromarray(photo()).convert(mode)
    picture.putalpha(Image.fromarray(alpha))
    options = {"lossless": True, "exact": True} if suffix == ".webp" else {}
    picture.save(tmp_path / f"in{suffix}", **options)
    _, after, warnings = colored(tmp_path / f"in{suffix}", tmp_path / f"out{suffix}")
    assert after.alphas[0] is not None
    assert np.array_equal(after.alphas[0], alpha)
    assert np.array_equal(after.pages[0], photo())
    assert warnings == []


def test_alpha_that_a_format_cannot_hold_is_named(tmp_path: Path) -> None:
    picture = Image.fromarray(photo())
    picture.putalpha(100)
    picture.save(tmp_path / "in.png")
    for name in ("out.jpg", "out.bmp"):
        _, _, warnings = colored(tmp_path / "in.png", tmp_path / name)
        assert any("alpha" in line for line in warnings)


def test_png_text_density_and_gamma_stay_and_what_speaks_of_gray_goes(tmp_path: Path) -> None:
    text = PngInfo()
    text.add_itxt("Title", "Straße")
    text.add(b"gAMA", struct.pack(">I", 45455))
    text.add(b"bKGD", struct.pack(">H", 3))  # two bytes are gray's; R'G'B' needs six
    Image.fromarray(photo()).save(tmp_path / "in.png", pnginfo=text, dpi=(300, 300))
    colored(tmp_path / "in.png", tmp_path / "out.png")
    result = Image.open(tmp_path / "out.png")
    assert result.info["Title"] == "Straße"
    assert result.info["gamma"] == pytest.approx(0.45455)
    assert round(result.info["dpi"][0]) == 300
    assert b"bKGD" not in (tmp_path / "out.png").read_bytes()


def test_tiff_pages_tags_byte_order_and_resolution_stay(tmp_path: Path) -> None:
    pages = [photo(), photo(31, 20), photo(17, 90)]
    with tifffile.TiffWriter(tmp_path / "in.tif", byteorder=">") as writer:
        for page in pages:
            writer.write(
                page,
                photometric="minisblack",
                metadata=None,
                description="reel 2",
                software="scanner",
                resolution=(300, 400),
                extratags=[(274, 3, 1, 8, True), (33432, 2, 0, "me", True)],
            )
    before, after, _ = colored(tmp_path / "in.tif", tmp_path / "out.tif")
    assert (before.rotation, after.orientation) == (90, 8)
    assert all(np.array_equal(a, b) for a, b in zip(after.pages, pages, strict=True))
    with tifffile.TiffFile(tmp_path / "out.tif") as tiff:
        assert tiff.byteorder == ">"
        tags = tiff.pages[1].tags
        assert (tags[270].value, tags[305].value, tags[33432].value) == ("reel 2", "scanner", "me")
        assert (tags[282].value, tags[283].value) == ((300, 1), (400, 1))


def test_tiff_white_is_zero_is_seen_as_a_positive(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "in.tif", 255 - photo(), photometric="miniswhite")
    assert np.array_equal(colored(tmp_path / "in.tif", tmp_path / "out.tif")[1].pages[0], photo())


def test_tiff_of_float_stays_float_on_its_scale(tmp_path: Path) -> None:
    gray = (photo(bits=16) / 65535 * 4).astype(np.float32)
    tifffile.imwrite(tmp_path / "in.tif", gray, photometric="minisblack")
    picture, _, _ = colored(tmp_path / "in.tif", tmp_path / "out.tif")
    result = tifffile.imread(tmp_path / "out.tif")
    assert result.dtype == np.float32
    assert np.abs(result @ [0.299, 0.587, 0.114] - gray).max() < 4 / 65535 * 2
    assert any("float" in line for line in picture.warnings)


@pytest.mark.parametrize("bits", [8, 16])
def test_tiff_under_lzw_keeps_its_depth(tmp_path: Path, bits: int) -> None:
    Image.fromarray(photo(bits=bits)).save(tmp_path / "in.tif", compression="tiff_lzw")
    _, after, _ = colored(tmp_path / "in.tif", tmp_path / "out.tif")
    assert np.array_equal(after.pages[0], photo(bits=bits))


def test_bilevel_pictures_are_read_as_black_and_white(tmp_path: Path) -> None:
    Image.fromarray(photo()).convert("1").save(tmp_path / "in.tif", compression="group4")
    picture = read_still(tmp_path / "in.tif", LIMIT)
    assert set(np.unique(picture.pages[0])) == {0, 255}
    assert "no color" in picture.warnings[0]


def test_cmyk_jpeg_becomes_rgb_with_a_note(tmp_path: Path) -> None:
    Image.fromarray(photo()).convert("RGB").convert("CMYK").save(tmp_path / "in.jpg", quality=95)
    picture, after, _ = colored(tmp_path / "in.jpg", tmp_path / "out.jpg")
    assert Image.open(tmp_path / "out.jpg").mode == "RGB"
    assert error_of(after.pages[0], photo()) < 3
    assert any("CMYK" in line for line in picture.warnings)


def test_webp_stays_lossless_or_near(tmp_path: Path) -> None:
    for lossless, tolerance in ((True, 0.0), (False, 1.5)):
        Image.fromarray(photo()).convert("RGB").save(tmp_path / "in.webp", lossless=lossless, quality=90)
        before, after, _ = colored(tmp_path / "in.webp", tmp_path / "out.webp")
        assert error_of(before.pages[0], after.pages[0]) <= tolerance
        assert (b"VP8L" in (tmp_path / "out.webp").read_bytes()) == lossless


def test_animated_webp_keeps_its_frames_and_times(tmp_path: Path) -> None:
    frames = [Image.fromarray(np.roll(photo(), k, axis=1)).convert("RGB") for k in (0, 9, 18)]
    frames[0].save(
        tmp_path / "in.webp", save_all=True, append_images=frames[1:], duration=[40, 80, 20], lossless=True
    )
    picture, after, _ = colored(tmp_path / "in.webp", tmp_path / "out.webp")
    assert [error_of(a, b) for a, b in zip(picture.pages, after.pages, strict=True)] == [0, 0, 0]
    assert after.traits == picture.traits


def test_films_in_picture_formats_are_no_stills(tmp_path: Path) -> None:
    frames = [Image.fromarray(np.roll(photo(), k, axis=1)) for k in (0, 9)]
    for suffix in (".gif", ".png"):
        frames[0].save(tmp_path / f"film{suffix}", save_all=True, append_images=frames[1:])
        frames[0].save(tmp_path / f"one{suffix}")
        assert not is_still(tmp_path / f"film{suffix}")
        assert is_still(tmp_path / f"one{suffix}")
    frames[0].save(tmp_path / "one.jpg")
    (tmp_path / "stream.jpg").write_bytes((tmp_path / "one.jpg").read_bytes() * 2)
    assert is_still(tmp_path / "one.jpg")
    assert not is_still(tmp_path / "stream.jpg")


def test_content_and_not_the_name_says_what_a_file_is(tmp_path: Path) -> None:
    Image.fromarray(photo()).save(tmp_path / "in.png")
    named = (tmp_path / "in.png").rename(tmp_path / "wrong.mp4")
    (tmp_path / "text.png").write_text("no picture at all, whatever the name may say")
    (tmp_path / "empty.png").touch()
    assert is_still(named)
    assert still_suffix(named) == ".png"
    assert not any(is_still(tmp_path / name) for name in ("text.png", "empty.png", "missing.png", "."))
    with pytest.raises(InputError, match="not a picture"):
        read_still(tmp_path / "text.png", LIMIT)


def test_another_target_format_gets_what_it_can_hold(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(photo()).save(tmp_path / "in.jpg", exif=exif, dpi=(200, 200))
    luma = read_still(tmp_path / "in.jpg", LIMIT).pages[0]
    for name in ("out.png", "out.tif", "out.webp"):
        _, after, _ = colored(tmp_path / "in.jpg", tmp_path / name)
        assert after.orientation == 6
        assert error_of(after.pages[0], luma) < (1.5 if name == "out.webp" else 0.01)
    for name in ("out.bmp", "out.ppm", "out.dpx"):
        _, after, _ = colored(tmp_path / "in.jpg", tmp_path / name)
        assert np.array_equal(after.pages[0], upright(luma, 6))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_agrees_with_pillow(orientation: int) -> None:
    from PIL import ImageOps

    picture = Image.fromarray(photo())
    picture.getexif()[274] = orientation
    assert np.array_equal(upright(photo(), orientation), np.asarray(ImageOps.exif_transpose(picture)))


def test_targets_that_cannot_hold_the_picture_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    frames = [Image.fromarray(photo())] * 2
    frames[0].save(tmp_path / "in.tif", save_all=True, append_images=frames[1:])
    picture = read_still(tmp_path / "in.tif", LIMIT)
    colors = [tint(page, 8) for page in picture.pages]
    for name in ("out.jpg", "out.xyz", "out", "out.pgm", "no/such/folder.tif"):
        with pytest.raises(OutputError):
            write_still(picture, colors, tmp_path / name)
    assert [file.name for file in tmp_path.iterdir()] == ["in.tif"]


def test_failed_colors_leave_the_old_target_alone(tmp_path: Path) -> None:
    Image.fromarray(photo()).save(tmp_path / "in.tif")
    (tmp_path / "out.tif").write_bytes(b"old")
    picture = read_still(tmp_path / "in.tif", LIMIT)
    with pytest.raises(ValueError, match="expected"):
        write_still(picture, [np.zeros((2, 2, 3))], tmp_path / "out.tif")
    assert (tmp_path / "out.tif").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 2
