"""The ledger: crash-safe, held by one run, quick to ask."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from filmcolor.batch.ledger import FORMAT, Film, Ledger, hold, ledger_path
from filmcolor.batch.status import summary
from filmcolor.errors import OutputError
from filmcolor.files import as_path, as_text


def test_a_film_that_a_dead_run_left_running_waits_again(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        film = ledger.add(Film(source="a.mkv"))
        ledger.change(film, state="running", attempts=1, worker="worker 1")
        ledger.segment(film, 0, start=0, stop=96, state="done")
        ledger.segment(film, 1, start=96, stop=200, state="running")
    with Ledger.open(path) as ledger:
        (again,) = ledger.films()
        assert (again.state, again.attempts, again.worker) == ("waiting", 1, None)
        assert [row["number"] for row in ledger.segments_of(again)] == [0]
        assert ledger.frames_made() == {again.id: 96}


@pytest.mark.parametrize("shared", [False, True])
def test_what_was_noted_survives_a_kill(tmp_path: Path, shared: bool) -> None:
    path = tmp_path / "ledger.sqlite"
    code = (
        "import sys, os, signal; from pathlib import Path; from filmcolor.batch.ledger import Film, Ledger\n"
        f"ledger = Ledger.open(Path({str(path)!r}), shared={shared})\n"
        "for i in range(50): ledger.add(Film(source=f'{i}.mkv'))\n"
        "ledger._db.execute('BEGIN IMMEDIATE'); ledger.add(Film(source='half.mkv'))\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    with Ledger.open(path, shared=shared) as ledger:
        assert len(ledger.films()) == 50


def test_a_living_run_keeps_others_out_and_is_named(tmp_path: Path) -> None:
    path = ledger_path(tmp_path)
    with (
        hold(path),
        pytest.raises(OutputError, match=f"process {os.getpid()} on .* is working here"),
        hold(path),
    ):
        pass
    with hold(path):
        pass


def test_a_dead_run_is_taken_over(tmp_path: Path) -> None:
    path = ledger_path(tmp_path)
    code = (
        "import os, signal; from pathlib import Path; from filmcolor.batch.ledger import hold\n"
        f"with hold(Path({str(path)!r})): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    with hold(path):
        assert f"process {os.getpid()} " in path.with_suffix(".lock").read_text()


def test_a_ledger_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    Ledger.open(path).close()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {FORMAT + 1}")
    for opener in (Ledger.open, Ledger.read, Ledger.rehearse):
        with pytest.raises(OutputError, match=f"format {FORMAT + 1}"):
            opener(path)


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"no ledger " * 1000)
    with pytest.raises(OutputError, match="not a ledger"):
        Ledger.open(path)


@pytest.mark.parametrize("name", ["plain.mkv", "bytes\udcff.mkv", "bytes:x", "ümlaut [x].mkv"])
def test_any_name_can_be_kept(tmp_path: Path, name: str) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        ledger.add(Film(source=as_text(tmp_path / name)))
        assert as_path(ledger.films()[0].source) == tmp_path / name


def test_a_ledger_of_100000_segments_answers_within_a_second(tmp_path: Path) -> None:
    path = ledger_path(tmp_path)
    path.parent.mkdir()
    with Ledger.open(path) as ledger, ledger.together():
        for i in range(100):
            film = ledger.add(Film(source=f"{i}.mkv", total=100_000, state="done" if i < 50 else "waiting"))
            ledger._db.executemany(
                "INSERT INTO segments (film, number, start, stop, state) VALUES (?, ?, ?, ?, ?)",
                [(film.id, n, 100 * n, 100 * n + 100, "done") for n in range(1000)],
            )
    began = time.process_time()
    found = summary(tmp_path)
    assert time.process_time() - began < 1
    assert found["segments"] == {"done": 100_000}
    assert found["frames"] == 50 * 100_000
    assert found["total"] == 100 * 100_000


def test_words_that_quote_any_name_can_be_kept(tmp_path: Path) -> None:
    bad = os.fsdecode(b"bad\xff.mp4")
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        film = ledger.add(Film(source="a", origin=f"folder {bad}"))
        ledger.change(film, error=f"{bad}: not a film")
        assert ledger.films()[0].error == "bad\\udcff.mp4: not a film"
