"""File names may hold anything that a file system lets them hold; gaps in a sequence are named."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from filmcolor.model.predict import Predictor
from filmcolor.pipeline import inputs
from filmcolor.pipeline.inputs import color_inputs
from filmcolor.pipeline.pictures import color_picture
from filmcolor.pipeline.progress import silent
from filmcolor.pipeline.run import load_predictor
from filmcolor.pipeline.sequence import color_sequence
from filmcolor.settings import RunSettings
from tests.films import Recipe, make_film

SMALL = RunSettings(size=64, mirrored=False)
NAMES = [
    b"two\nlines",
    b"-dash",
    b"a%d%03d",
    b"q'uo\"te;$(x)`y`",
    b"\xff\xfe not UTF-8",
    b"[b]x[end]",
    "\u202e\u4e2d\u6587".encode(),
    b" ",
    b"a:b",
    b"concat:x|y",
    b"#?&*",
    b"l" * 240,
]


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return load_predictor(SMALL)


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("seeds")
    Image.fromarray(np.arange(64 * 64, dtype=np.uint32).reshape(64, 64).astype(np.uint8)).save(
        folder / "a.png"
    )
    return {".mkv": make_film(folder / "a.mkv", Recipe(times=(0, 1, 2))), ".png": folder / "a.png"}


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
@pytest.mark.parametrize("suffix", [".mkv", ".png"])
def test_any_file_name_is_taken_as_it_is(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    predictor: Predictor,
    seeds: dict[str, Path],
    suffix: str,
    name: bytes,
) -> None:
    monkeypatch.setattr(inputs, "load_predictor", lambda _: predictor)
    monkeypatch.chdir(tmp_path)
    source = Path(os.fsdecode(name) + suffix)
    shutil.copyfile(seeds[suffix], source)
    (result,) = color_inputs([source], None, SMALL, silent, begin=lambda _: None)
    assert result.path == Path(os.fsdecode(name) + ".color" + suffix)
    assert sorted(Path().iterdir()) == sorted((source, result.path))


@pytest.mark.parametrize("suffix", [".png", ".tif", ".dpx"])
def test_the_gaps_of_a_sequence_are_named(tmp_path: Path, predictor: Predictor, suffix: str) -> None:
    reel = tmp_path / "reel"
    reel.mkdir()
    Image.fromarray(np.arange(64 * 64, dtype=np.uint32).reshape(64, 64).astype(np.uint8)).save(
        tmp_path / "a.png"
    )
    color_picture(
        tmp_path / "a.png", tmp_path / f"a{suffix}", RunSettings(size=64, saturation=0.0), predictor=predictor
    )
    numbers = (98, 99, 101, 102, 106)
    for number in numbers:
        shutil.copyfile(tmp_path / f"a{suffix}", reel / f"scan_{number:05d}{suffix}")
    result = color_sequence(reel, tmp_path / "out", SMALL, predictor=predictor)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [f"scan_{n:05d}{suffix}" for n in numbers]
    said = " ".join(result.warnings)
    assert "100" in said
    assert "103" in said
    assert "105" in said
