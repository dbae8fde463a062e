"""`filmcolor bench` as a user meets it: exit codes and one line on stderr."""

import contextlib
import io
import json
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from filmcolor.cli.main import main
from tests.quality.media import make_clip, make_pictures


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


def bench(*arguments: object) -> Done:
    """Run the command in this process: a new one would load torch each time."""
    words = ["bench", *map(str, arguments)]
    out, err, before = io.StringIO(), io.StringIO(), (sys.argv, signal.getsignal(signal.SIGTERM))
    sys.argv = ["filmcolor", *words]  # the result records its command
    try:
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as exit_,
        ):
            main(words)
    finally:
        sys.argv = before[0]
        signal.signal(signal.SIGTERM, before[1])
    return Done(int(exit_.value.code or 0), out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result of outputs that are the truth itself: no network is needed."""
    folder = tmp_path_factory.mktemp("bench")
    make_pictures(folder / "data", 3)
    make_clip(folder / "data" / "pan.mkv", frames=6)
    done = bench("quality", "--data", folder / "data", "--outputs", folder / "data", "--subject", "perfect",
                 "--lines", 48, "-o", folder / "q.json", "-q")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "perfect     100.00 dB" in done.stdout
    return folder


def test_a_result_becomes_a_page_and_is_never_overwritten_unasked(scored: Path) -> None:
    assert bench("report", scored / "q.json", "-o", scored / "q.html").returncode == 0
    assert "perfect" in (scored / "q.html").read_text()
    again = bench("report", scored / "q.json", "-o", scored / "q.html")
    assert again.returncode == 4
    assert again.stderr.count("\n") == 1
    assert "--overwrite" in again.stderr


def test_a_regression_exits_7_and_names_the_figure(scored: Path) -> None:
    document = json.loads((scored / "q.json").read_text())
    assert str(scored) not in (scored / "q.json").read_text()
    for item in document["pictures"]:
        item["rows"]["perfect"]["psnr"] *= 0.9
    (scored / "worse.json").write_text(json.dumps(document))
    fine = bench("compare", scored / "q.json", scored / "q.json", "--fail-below", 0.95)
    assert fine.returncode == 0
    assert "pictures: PSNR, dB" in fine.stdout
    worse = bench("compare", scored / "q.json", scored / "worse.json", "--fail-below", 0.95)
    assert worse.returncode == 7
    assert worse.stderr.count("\n") == 1
    assert "PSNR" in worse.stderr
    assert bench("compare", scored / "q.json", scored / "worse.json").returncode == 0
    lines = json.loads(bench("compare", scored / "q.json", scored / "worse.json", "--json").stdout)
    assert lines[0]["ratio"] == pytest.approx(0.9)


def test_bad_input_is_one_line_and_exit_3(scored: Path, tmp_path: Path) -> None:
    (tmp_path / "torn.json").write_text((scored / "q.json").read_text()[:400])
    for arguments in (
        ("quality", "--data", tmp_path, "--outputs", tmp_path),
        ("quality", "--data", tmp_path / "gone", "--outputs", tmp_path),
        ("quality", "--data", scored / "data", "--outputs", tmp_path),
        ("compare", scored / "q.json", tmp_path / "torn.json"),
        ("report", tmp_path / "torn.json", "-o", tmp_path / "r.html"),
    ):
        done = bench(*arguments)
        assert done.returncode == 3, arguments
        assert done.stderr.count("\n") == 1
        assert done.stdout == ""


def test_wrong_use_is_exit_2(tmp_path: Path) -> None:
    for arguments in (
        ("quality", "--data", tmp_path, "--every", 0),
        ("quality", "--data", tmp_path, "--lpips-net", "none"),
        ("speed", "--sizes", "480i"),
        ("speed", "--lengths", "x"),
        ("compare", "a.json", "b.json", "--fail-below", 0),
    ):
        assert bench(*arguments).returncode == 2, arguments
