"""A result says that its color is computed, by which weights and which version; the source's own words stay."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from filmcolor import __version__
from filmcolor.model.predict import Predictor
from filmcolor.pipeline.note import color_note
from filmcolor.pipeline.pictures import color_picture
from filmcolor.pipeline.run import color_film, load_predictor
from filmcolor.settings import RunSettings
from tests.films import Recipe, make_film

SMALL = RunSettings(size=64, mirrored=False)


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return load_predictor(SMALL)


def test_it_names_version_and_weights(predictor: Predictor) -> None:
    note = color_note(predictor.model)
    assert f"filmcolor {__version__}" in note
    assert "computed" in note
    assert f"default {predictor.digest[:12]}" in note


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".mov", ".webm"])
def test_a_film_says_it_beside_its_own_words(tmp_path: Path, predictor: Predictor, suffix: str) -> None:
    film = make_film(tmp_path / "gray.mkv", Recipe(title="A title"))
    result = color_film(film, tmp_path / f"color{suffix}", SMALL, predictor=predictor)
    with av.open(str(result.path)) as made:
        said = {key.lower(): value for key, value in made.metadata.items()}
    assert color_note(predictor.model) in (said.get("color_note"), said.get("encoder"))
    assert said["title"] == "A title"
    assert not result.warnings
    again = color_film(result.path, tmp_path / f"again{suffix}", SMALL, predictor=predictor)
    assert not [line for line in again.warnings if "metadata" in line], (
        "the note of a source is not its own word"
    )


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp", ".dpx", ".ppm"])
@pytest.mark.parametrize("same", [True, False], ids=["own format", "from PNG"])
def test_a_picture_says_it(tmp_path: Path, predictor: Predictor, suffix: str, same: bool) -> None:
    gray = np.add.outer(np.arange(70), np.arange(90)).astype(np.uint8)
    source = tmp_path / "gray.png"
    Image.fromarray(gray).save(source)
    if same and suffix != ".dpx":
        source = tmp_path / f"gray{suffix}"
        Image.fromarray(gray).convert("RGB").save(source)
    elif same:
        source = color_picture(source, tmp_path / "gray.dpx", SMALL, predictor=predictor).path
    result = color_picture(source, tmp_path / f"color{suffix}", SMALL, predictor=predictor)
    assert color_note(predictor.model).encode() in result.path.read_bytes()
    if suffix != ".dpx":
        with Image.open(result.path) as made:
            made.load()
            assert made.size == (90, 70)


def test_the_software_of_a_scanner_is_kept(tmp_path: Path, predictor: Predictor) -> None:
    gray = np.add.outer(np.arange(70), np.arange(90)).astype(np.uint8)
    Image.fromarray(gray).save(tmp_path / "gray.tif", software="Scanner 3")
    result = color_picture(tmp_path / "gray.tif", tmp_path / "color.tif", SMALL, predictor=predictor)
    with Image.open(result.path) as made:
        assert made.tag_v2[305] == f"Scanner 3; {color_note(predictor.model)}"
