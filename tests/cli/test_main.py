"""The command line from outside: exit codes, one line an error, and what --help costs."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

COMMAND = [sys.executable, "-m", "filmcolor"]


def run(*arguments: object, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False, **more
    )  # type: ignore[call-overload,no-any-return]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "gray.png"
    Image.fromarray(np.arange(64 * 64, dtype=np.uint32).reshape(64, 64).astype(np.uint8)).save(path)
    return path


@pytest.mark.parametrize(
    "command", [[], ["run"], ["scan"], ["train"], ["bench"], ["bench", "quality"], ["models"], ["doctor"]]
)
def test_help_loads_nothing_heavy(command: list[str]) -> None:
    code = (
        "import sys\nfrom filmcolor.cli.main import main\n"
        f"try:\n    main({[*command, '--help']!r})\nexcept SystemExit as end:\n    assert end.code == 0, end.code\n"
        "heavy = {'torch', 'cv2', 'av', 'ray', 'numpy'} & set(sys.modules)\nassert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["run", "nothing.mkv"], 3, "no such file"),
        (["run", "{picture}", "--model", "nothing.safetensors"], 5, "nothing.safetensors"),
        (["run", "{picture}", "--size", "100"], 2, "multiple of 32"),
        (["run", "{picture}", "--no-such-option"], 2, "--no-such-option"),
        (["run", "{picture}", "-o", "out.xyz"], 4, "out.xyz"),
        (["run", "{picture}", "--config", "nothing.toml"], 3, "nothing.toml"),
    ],
)
def test_an_error_is_one_line_and_its_code(
    tmp_path: Path, picture: Path, arguments: list[str], code: int, word: str
) -> None:
    done = run(*[a.format(picture=picture) for a in arguments], cwd=tmp_path)
    assert done.returncode == code
    assert word in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
    assert [p.name for p in tmp_path.iterdir()] == ["gray.png"]


def test_broken_weights_are_refused(tmp_path: Path, picture: Path) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"\x80\x04pickle")
    done = run("run", picture, "--model", broken)
    assert done.returncode == 5
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "gray.color.png").exists()


def test_a_reader_that_left_does_not_cost_the_result(tmp_path: Path, picture: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*COMMAND, "run", str(picture), "--size", "64"], stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert done.returncode == 141
    assert done.stderr == b""
    assert (tmp_path / "gray.color.png").exists()


def test_models_verify_and_doctor_know_the_shipped_weights() -> None:
    assert "whole" in run("models", "verify").stdout
    assert "default.safetensors" in run("doctor").stdout
