"""Real worker processes: killed, interrupted, and nothing is lost."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from filmcolor.batch.ledger import Ledger, ledger_path
from filmcolor.pipeline.run import color_film
from filmcolor.settings import RunSettings
from tests.batch.crews import SMALL, names
from tests.pipeline.test_run import make_film


class Running:
    """`filmcolor batch run` in a process of its own, with its events."""

    def __init__(self, vault: Path, out: Path, *more: str) -> None:
        command = [
            sys.executable,
            "-m",
            "filmcolor",
            "batch",
            "run",
            str(vault),
            "-o",
            str(out),
            "--size",
            "64",
        ]
        command += ["--no-mirror", "--preset", "archive", "--jobs", "2", "--progress", "json", *more]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        self.workers: dict[str, int] = {}

    def events(self) -> Iterator[dict[str, Any]]:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if line.startswith("{"):
                event = json.loads(line)
                if event["event"] == "worker":
                    self.workers[event["worker"]] = event["process"]
                yield event

    def until(self, name: str) -> dict[str, Any]:
        for event in self.events():
            if event["event"] == name:
                return event
        raise AssertionError(f"ended without {name}")

    def end(self) -> int:
        for _ in self.events():
            pass
        return self.process.wait(60)


def alive(process: int) -> bool:
    with contextlib.suppress(OSError):
        os.kill(process, 0)
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z"
    return False


def gone(processes: list[int], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while any(alive(p) for p in processes) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(alive(p) for p in processes)


def states(out: Path) -> dict[str, str]:
    with Ledger.read(ledger_path(out)) as ledger:
        return {Path(film.source).name: film.state for film in ledger.films()}


def test_a_killed_worker_and_a_killed_driver_cost_nothing(tmp_path: Path) -> None:
    vault, out = tmp_path / "vault", tmp_path / "out"
    vault.mkdir()
    make_film(vault / "a.mkv", shots=(100, 100))
    make_film(vault / "b.mkv", shots=(30,))
    (vault / "bad.mkv").write_bytes(b"no film " * 100)
    first = Running(vault, out)
    begun = first.until("begun")
    os.kill(first.workers[begun["worker"]], signal.SIGKILL)
    assert "SIGKILL" in first.until("lost")["text"]
    first.until("segment")
    first.process.kill()
    first.end()
    assert gone(list(first.workers.values())), "workers end with their driver"
    again = Running(vault, out)
    assert again.end() == 6
    assert states(out) == {"a.mkv": "done", "b.mkv": "done", "bad.mkv": "failed"}
    assert names(out) == ["a.mkv", "b.mkv"]
    assert [p.name for p in out.iterdir() if p.name.startswith(".")] == [".filmcolor-batch"]
    for name in ("a.mkv", "b.mkv"):
        color_film(vault / name, tmp_path / name, SMALL)
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_batch_says_so_and_leaves_no_process(tmp_path: Path, how: signal.Signals) -> None:
    vault, out = tmp_path / "vault", tmp_path / "out"
    vault.mkdir()
    make_film(vault / "a.mkv", shots=(300, 300))
    batch = Running(vault, out)
    batch.until("begun")
    batch.process.send_signal(how)
    assert batch.end() == 128 + how
    assert gone(list(batch.workers.values()))
    assert states(out) == {"a.mkv": "waiting"}


@pytest.mark.slow
def test_twelve_films_through_a_killed_worker_and_a_killed_driver(tmp_path: Path) -> None:
    """The media lie outside of the package: FILMCOLOR_MEDIA names folders of films, with `:` between them."""
    folders = [Path(p) for p in os.environ.get("FILMCOLOR_MEDIA", "").split(":") if p]
    films = [p for folder in folders for p in sorted(folder.iterdir()) if p.name.startswith(_TWELVE)]
    if len(films) < 11:
        pytest.skip("FILMCOLOR_MEDIA does not name folders with the films of this test")
    vault, out = tmp_path / "vault", tmp_path / "out"
    vault.mkdir()
    for film in films[:11]:
        shutil.copy(film, vault)
    (vault / "corrupt.mp4").write_bytes(b"\x00\x00\x00\x20ftypisom" + bytes(range(256)) * 40)
    settings = RunSettings(size=64, mirrored=False, preset="archive")
    first = Running(vault, out)
    begun = first.until("begun")
    os.kill(first.workers[begun["worker"]], signal.SIGKILL)
    first.until("lost")
    first.until("done")
    first.process.kill()
    first.end()
    assert gone(list(first.workers.values()))
    assert Running(vault, out).end() == 6
    found = states(out)
    assert found.pop("corrupt.mp4") == "failed"
    assert len(found) == 11
    assert set(found.values()) == {"done"}
    for path in names(out):
        source = next(f for f in vault.iterdir() if f.stem == Path(path).stem)
        color_film(source, tmp_path / path, settings)
        assert (tmp_path / path).read_bytes() == (out / path).read_bytes(), path


_TWELVE = (
    "ok_avi_mpeg4_mp3", "ok_mkv_vfr", "ok_mp4_bframes_pyramid", "ok_mp4_scene_cuts", "ok_mov_prores_422p10",
    "ok_ts_h264_ac3", "ok_webm_vp9_opus", "ok_mkv_srt", "ok_mp4_rotate90", "bedroom_children", "cuts_made_four",
)  # fmt: skip
