"""`filmcolor scan` from outside: what is printed, written and returned."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from filmcolor.cli.main import main
from tests.films import Recipe, make_film


def scan(*arguments: object) -> int:
    with pytest.raises(SystemExit) as end:
        main(["scan", *map(str, arguments), "--size", "64"])
    return int(end.value.code or 0)


def refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return make_film(tmp_path / "gray.mkv", Recipe(times=range(60), cuts=(25,)))


def test_json_and_toml_hold_the_same_facts(
    film: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    toml = tmp_path / "gray.filmcolor.toml"
    assert scan(film, "--json", "-o", toml) == 0
    document = json.loads(capfd.readouterr().out, parse_constant=refuse)
    assert document["format"] == "filmcolor.scan/1"
    (source,) = document["sources"]
    assert (source["kind"], source["frames"], source["time"]["rate"]) == ("film", 60, 25.0)
    assert [(shot["start"], shot["stop"], shot["second"]) for shot in source["shots"]] == [
        (0, 25, 0.0),
        (25, 60, 1.0),
    ]
    assert source["damage"]["partial"] is False
    text = toml.read_text(encoding="utf-8")
    assert text.startswith("# What `filmcolor scan` found")

    def told(value: object) -> object:
        """Leave out what TOML has no word for."""
        if isinstance(value, dict):
            return {k: told(v) for k, v in value.items() if v is not None}
        return [told(v) for v in value] if isinstance(value, list) else value

    expected = told({"format": document["format"], "made": document["made"], **source})
    assert tomllib.loads(text) == expected


def test_lines_say_what_the_film_is(film: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert scan(film) == 0
    captured = capfd.readouterr()
    assert "60, counted" in captured.out
    assert "25.000 frames a second, constant" in captured.out
    assert "2, from 0:00.0 0:01.0" in captured.out
    assert "damage      none" in captured.out
    assert captured.err == ""
    assert [path.name for path in film.parent.iterdir()] == ["gray.mkv"], "nothing is written"


def test_lost_frames_are_told_and_their_code_is_that_of_run(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    film = make_film(
        tmp_path / "gray.ts", Recipe(times=range(50), codec="libx264", options=(("bf", "0"), ("g", "10")))
    )
    whole = film.read_bytes()
    cut = tmp_path / "cut.ts"
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    assert scan(cut, "--json") == 6
    captured = capfd.readouterr()
    assert json.loads(captured.out)["sources"][0]["damage"]["partial"] is True
    assert "frames were lost" in captured.err
    assert scan(cut, "--strict") == 3
    assert "--strict" in capfd.readouterr().err


def test_a_picture_is_told_briefly_and_a_bad_input_is_one_line(
    film: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "gray.png"
    Image.fromarray(np.arange(64 * 48, dtype=np.uint32).reshape(48, 64).astype(np.uint8)).save(picture)
    assert scan(picture) == 0
    told = capfd.readouterr().out
    assert "PNG, 64x48, 8 bits" in told
    assert "black and white" in told
    blocks = np.random.default_rng(4).integers(0, 255, (6, 8, 3)).astype(np.uint8)
    Image.fromarray(blocks.repeat(16, 0).repeat(16, 1)).save(tmp_path / "color.jpg")
    assert scan(tmp_path / "color.jpg") == 0
    assert "in color already" in capfd.readouterr().out
    bad = tmp_path / "bad.mkv"
    bad.write_bytes(b"not a film")
    for source in (bad, tmp_path / "nothing.mkv", tmp_path):
        assert scan(source) == 3
        captured = capfd.readouterr()
        assert (captured.out, len(captured.err.splitlines())) == ("", 1)
    assert scan(bad, film, "--json") == 6, "the others are scanned all the same"
    assert len(json.loads(capfd.readouterr().out)["sources"]) == 1


def test_where_the_toml_cannot_go_is_told_before_the_work(
    film: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "there.toml"
    there.write_text("mine")
    assert scan(film, "-o", there) == 4
    assert there.read_text() == "mine"
    assert scan(film, "-o", there, "--overwrite") == 0
    assert tomllib.loads(there.read_text())["frames"] == 60
    assert scan(film, "-o", tmp_path / "none" / "x.toml") == 4
    assert scan(film, "-o", tmp_path / "x.txt") == 2
    capfd.readouterr()


def test_names_of_any_kind_are_written(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    film = make_film(tmp_path / 'q"u\\o\nt\x7fé.mkv', Recipe(times=range(3)))
    toml = tmp_path / "x.toml"
    assert scan(film, "--json", "-o", toml) == 0
    found = json.loads(capfd.readouterr().out)["sources"][0]["name"]
    assert tomllib.loads(toml.read_text(encoding="utf-8"))["name"] == found == film.name
    assert scan(film) == 0
    assert capfd.readouterr().out.splitlines()[0] == 'q"u\\o\\x0at\\x7fé.mkv'
