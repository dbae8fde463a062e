"""Sources of pictures, what is skipped, what is refused, and the crops."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from filmcolor.errors import InputError
from filmcolor.training.pictures import Sampler, center_crops, load_pictures, rarity
from filmcolor.training.settings import DataSettings
from tests.training.pictures_made import picture, write_folder, write_tar

SMALL = DataSettings(canvas=(48, 64), size=32, batch=4)


def test_folders_tars_and_lists_give_the_same_pictures(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in a folder", 6)
    tar = write_tar(tmp_path / "six.tar", 6)
    (tmp_path / "list.txt").write_text("".join(f"in a folder/{n:03}.png\n" for n in range(6)))
    loaded = [load_pictures([source], SMALL) for source in (folder, tar, tmp_path / "list.txt")]
    assert len(loaded[0]) == 6
    assert torch.equal(loaded[0].pixels, loaded[1].pixels)
    assert torch.equal(loaded[0].pixels, loaded[2].pixels)
    first = np.asarray(picture(0))
    assert any((pixels.permute(1, 2, 0).numpy() == first).all() for pixels in loaded[0].pixels)


def test_a_film_is_a_source(tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = 64, 48, "bgr0"
        for number in range(5):
            container.mux(stream.encode(av.VideoFrame.from_image(picture(number)).reformat(format="bgr0")))
        container.mux(stream.encode())
    pictures = load_pictures([path], DataSettings(canvas=(48, 64), size=32, film_frames=5))
    assert 1 <= len(pictures) <= 5
    known = [np.asarray(picture(number)).astype(int) for number in range(5)]
    assert (
        min(int(abs(pictures.pixels[0].permute(1, 2, 0).numpy().astype(int) - k).max()) for k in known) <= 2
    )


def test_a_broken_picture_is_skipped_and_named(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "pictures", 4)
    whole = (folder / "001.png").read_bytes()
    (folder / "001.png").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.jpg").write_bytes(b"")
    pictures = load_pictures([folder], SMALL)
    assert len(pictures) == 3
    assert sorted(Path(name.split(" (")[0]).name for name in pictures.skipped) == ["001.png", "empty.jpg"]


def test_data_without_a_picture_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.csv").write_text("x")
    (tmp_path / "bad.tar").write_bytes(b"no tar at all" * 100)
    for source in ("empty", "missing", "notes.csv", "bad.tar"):
        with pytest.raises(InputError, match=source):
            load_pictures([tmp_path / source], SMALL)


def test_held_out_pictures_are_never_drawn(tmp_path: Path) -> None:
    pictures = load_pictures([write_folder(tmp_path, 30)], SMALL)
    kept, held = pictures.split(512)
    assert (len(kept), len(held)) == (27, 3)
    assert torch.equal(torch.cat([kept.pixels, held.pixels]), pictures.pixels)


def test_crops_stay_inside_the_picture_and_repeat_with_the_generator(tmp_path: Path) -> None:
    write_folder(tmp_path, 3)
    # the canvas is larger than the pictures: black beyond them must not be seen
    options = DataSettings(canvas=(96, 128), size=32, min_area=0.3, rotate=10)
    pictures = load_pictures([tmp_path], options)
    darkest = min(float(np.asarray(picture(n)).max(2).min()) for n in range(3)) / 255
    sampler = Sampler(pictures, options, torch.ones(3))
    crops = sampler.draw(64, 32, torch.Generator().manual_seed(1))
    assert float(crops.amax(1).min()) > darkest - 0.02
    assert torch.equal(crops, sampler.draw(64, 32, torch.Generator().manual_seed(1)))
    assert float(center_crops(pictures, range(3), 32).amax(1).min()) > darkest - 0.02


def test_vivid_pictures_come_more_often_and_gray_ones_never(tmp_path: Path) -> None:
    from PIL import Image

    colors = {"gray": (120, 120, 120), "red": (220, 20, 30), "beige": (150, 140, 125)}
    for name, color in colors.items():
        Image.new("RGB", (48, 48), color).save(tmp_path / f"{name}.png")
    pictures = load_pictures([tmp_path], SMALL)
    found = {tuple(p[:, 0, 0].tolist()): float(w) for p, w in zip(pictures.pixels, rarity(pictures))}
    assert found[colors["gray"]] == 0
    assert found[colors["red"]] == 3
    assert 1 <= found[colors["beige"]] < 1.5
