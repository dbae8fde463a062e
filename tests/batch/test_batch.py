"""A batch from end to end, with workers in threads: what goes wrong with one film stays with it."""

import itertools
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from filmcolor.batch import worker
from filmcolor.batch.batch import Outcome, retry_batch, run_batch
from filmcolor.batch.ledger import Film, Ledger, ledger_path
from filmcolor.batch.messages import Color, Copy, Make
from filmcolor.batch.options import BatchOptions
from filmcolor.errors import FilmcolorError, InputError, ModelError, OutputError
from filmcolor.pipeline.pictures import color_picture
from filmcolor.pipeline.run import color_film
from filmcolor.settings import RunSettings
from tests.batch.crews import SMALL, Told, names, threads
from tests.pipeline.test_run import make_film


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a vault: two films, a picture, a copy, and a file that is no film."""
    folder = tmp_path_factory.mktemp("media")
    (folder / "sub").mkdir()
    make_film(folder / "a.mkv", shots=(7, 5))
    make_film(folder / "sub/b.mkv", shots=(4,))
    shutil.copy(folder / "a.mkv", folder / "sub/copy.mkv")
    (folder / "bad.mkv").write_bytes(b"no film " * 100)
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (70, 90)).astype(np.uint8)).save(
        folder / "p.png"
    )
    return folder


@pytest.fixture
def vault(media: Path, tmp_path: Path) -> Path:
    """Return a copy of the media."""
    return Path(shutil.copytree(media, tmp_path / "vault"))


def run(vault: Path, out: Path, told: Told | None = None, base: RunSettings = SMALL, **more: Any) -> Outcome:
    return run_batch([str(vault)], base, BatchOptions(out=out, **more), told or Told())


def rows(out: Path) -> dict[str, Film]:
    with Ledger.read(ledger_path(out)) as ledger:
        return {Path(film.source).name: film for film in ledger.films()}


def test_a_batch_gives_what_single_runs_give(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads(monkeypatch)
    out = tmp_path / "out"
    told = Told()
    outcome = run(vault, out, told)
    assert names(out) == ["a.mkv", "p.png", "sub/b.mkv", "sub/copy.mkv"]
    color_film(vault / "a.mkv", tmp_path / "a.mkv", SMALL)
    color_film(vault / "sub/b.mkv", tmp_path / "b.mkv", SMALL)
    color_picture(vault / "p.png", tmp_path / "p.png", SMALL)
    for name, place in (
        ("a.mkv", "a.mkv"),
        ("b.mkv", "sub/b.mkv"),
        ("p.png", "p.png"),
        ("a.mkv", "sub/copy.mkv"),
    ):
        assert (tmp_path / name).read_bytes() == (out / place).read_bytes()
    found = rows(out)
    assert [(f.state, f.frames, f.attempts) for f in found.values()] == [
        ("done", 12, 1), ("failed", None, 1), ("done", 1, 1), ("done", 4, 1), ("done", 12, 1),
    ]  # fmt: skip
    assert found["copy.mkv"].same_as == str(vault / "a.mkv"), "the same content is colored once"
    assert "not a film" in (found["bad.mkv"].error or "")
    assert [film.source for film in outcome.failed] == [str(vault / "bad.mkv")]
    assert [event for event, _ in told.events].count("done") == 4
    assert told.boards[-1].done == 4


def test_what_is_finished_is_verified_and_left(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    colored: list[str] = []

    def watch(order: Any) -> None:
        if isinstance(order, Color):
            colored.append(order.source.name)

    threads(monkeypatch, disturb=watch)
    out = tmp_path / "out"
    run(vault, out)
    whole = {name: (out / name).read_bytes() for name in names(out)}
    colored.clear()
    outcome = run(vault, out)
    assert (colored, outcome.kept, outcome.to_do, len(outcome.failed)) == ([], 4, 0, 1)
    torn = bytearray(whole["a.mkv"])
    torn[len(torn) // 2] ^= 1
    (out / "a.mkv").write_bytes(torn)
    (out / "p.png").unlink()
    make_film(vault / "sub/b.mkv", shots=(5,))
    outcome = run(vault, out)
    assert sorted(colored) == ["a.mkv", "b.mkv", "p.png"]
    assert {name: (out / name).read_bytes() for name in names(out) if name != "sub/b.mkv"} == {
        name: data for name, data in whole.items() if name != "sub/b.mkv"
    }
    assert rows(out)["b.mkv"].frames == 5


def test_a_flipped_byte_behind_an_old_date_is_found_by_verify(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    threads(monkeypatch)
    out = tmp_path / "out"
    run(vault, out, include=("b.mkv",))
    path = out / "sub/b.mkv"
    whole, status = path.read_bytes(), path.stat()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert run(vault, out, include=("b.mkv",)).to_do == 0
    assert run(vault, out, include=("b.mkv",), verify=True).to_do == 1
    assert path.read_bytes() == whole


def test_a_worker_that_dies_is_replaced_and_its_film_goes_on(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaths = iter([True, True, False, False, False])

    def dying(order: Any) -> None:
        if isinstance(order, Color) and order.source.name == "a.mkv" and next(deaths):
            raise RuntimeError

    backends = threads(monkeypatch, disturb=dying)
    told = Told()
    outcome = run(vault, tmp_path / "out", told, include=("a.mkv",))
    film = outcome.films[0]
    assert (film.state, film.attempts) == ("done", 3)
    assert backends[0].started == 4
    assert [event for event, _ in told.events if event == "lost"] == ["lost", "lost"]


def test_a_film_that_kills_every_worker_is_given_up_and_the_rest_is_done(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dying(order: Any) -> None:
        if isinstance(order, Color) and order.source.name == "b.mkv":
            raise RuntimeError

    threads(monkeypatch, disturb=dying)
    out = tmp_path / "out"
    run(vault, out, attempts=2)
    found = rows(out)
    assert (found["b.mkv"].state, found["b.mkv"].attempts) == ("failed", 2)
    assert "given up after 2 tries: worker" in (found["b.mkv"].error or "")
    assert found["a.mkv"].state == "done"
    monkeypatch.undo()
    threads(monkeypatch)
    outcome = retry_batch(SMALL, BatchOptions(out=out), Told())
    assert [(Path(f.source).name, f.state) for f in outcome.films] == [
        ("bad.mkv", "failed"),
        ("b.mkv", "done"),
    ]
    assert (
        color_film(vault / "sub/b.mkv", tmp_path / "b.mkv", SMALL).path.read_bytes()
        == (out / "sub/b.mkv").read_bytes()
    )


def test_a_worker_that_gives_no_sign_is_ended(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    hangs = itertools.chain([True], itertools.repeat(False))

    def hanging(order: Any) -> None:
        if isinstance(order, Color) and next(hangs):
            threading.Event().wait()

    threads(monkeypatch, jobs=1, disturb=hanging)
    told = Told()
    outcome = run(vault, tmp_path / "out", told, include=("b.mkv",), watchdog=4)
    assert outcome.films[0].state == "done"
    assert "gave no sign for 4 s" in str([values for event, values in told.events if event == "lost"])


def test_a_worker_that_only_reads_for_long_is_alive(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    real = worker.color_task

    def reading(task: Any, *rest: Any) -> Any:
        for _ in range(45):  # longer than the watchdog waits, with no progress to tell
            (vault / "a.mkv").read_bytes()
            (tmp_path / "big").read_bytes()
            time.sleep(0.1)
        return real(task, *rest)

    (tmp_path / "big").write_bytes(bytes(3 << 20))
    monkeypatch.setattr(worker, "_BEAT", 0.2)
    monkeypatch.setattr(worker, "color_task", reading)
    threads(monkeypatch, jobs=1)
    told = Told()
    outcome = run(vault, tmp_path / "out", told, include=("b.mkv",), watchdog=3)
    assert outcome.films[0].attempts == 1
    assert "lost" not in [event for event, _ in told.events]


def test_a_film_that_changes_during_the_run_is_not_taken_for_done(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = worker.color_task

    def changing(task: Any, *rest: Any) -> Any:
        result = real(task, *rest)
        if task.source.name == "b.mkv":
            make_film(vault / "sub/b.mkv", shots=(9,))
        return result

    monkeypatch.setattr(worker, "color_task", changing)
    threads(monkeypatch)
    out = tmp_path / "out"
    run(vault, out)
    assert "changed while it was colored" in (rows(out)["b.mkv"].error or "")
    assert names(out) == ["a.mkv", "p.png", "sub/copy.mkv"]
    monkeypatch.setattr(worker, "color_task", real)
    run(vault, out)
    assert rows(out)["b.mkv"].frames == 9


def test_nothing_is_left_of_what_was_made_of_a_source_that_changed(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = worker.color_task
    (vault / "reel").mkdir()
    for number in range(3):
        shutil.copy(vault / "p.png", vault / f"reel/{number:04d}.png")

    def changing(task: Any, *rest: Any) -> Any:
        result = real(task, *rest)
        if task.kind == "sequence":
            shutil.copy(vault / "p.png", vault / "reel/0003.png")
        else:
            make_film(vault / "sub/b.mkv", shots=(9,))
        return result

    monkeypatch.setattr(worker, "color_task", changing)
    threads(monkeypatch)
    out = tmp_path / "out"
    base = replace(SMALL, compare=True, framemd5=True)
    (vault / "list.csv").write_text("film\nreel\nsub/b.mkv\n")
    outcome = run(vault / "list.csv", out, base=base)
    assert [film.kind for film in outcome.failed] == ["sequence", "film"]
    assert names(out) == []
    assert not (out / "reel").exists()


def test_a_film_that_vanishes_before_its_turn_fails_alone(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def vanishing(order: Any) -> None:
        if isinstance(order, Color) and order.source.name == "b.mkv":
            order.source.unlink()

    threads(monkeypatch, disturb=vanishing)
    run(vault, tmp_path / "out")
    assert "b.mkv: cannot be read: No such file" in (rows(tmp_path / "out")["b.mkv"].error or "")


def test_a_full_disk_stops_the_batch_and_running_again_goes_on(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = worker.color_task

    def full(task: Any, *rest: Any) -> Any:
        raise OSError(28, "No space left on device", str(task.out))

    monkeypatch.setattr(worker, "color_task", full)
    threads(monkeypatch)
    with pytest.raises(OutputError, match=r"No space left on device; \d films wait"):
        run(vault, tmp_path / "out")
    monkeypatch.setattr(worker, "color_task", real)
    assert run(vault, tmp_path / "out").to_do == 4


def test_no_more_disk_is_taken_than_allowed(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads(monkeypatch)
    with pytest.raises(OutputError, match=r"--limit-disk 1\.0 kB are taken; 4 films wait"):
        run(vault, tmp_path / "out", limit_disk=1000)
    assert names(tmp_path / "out") == []


def test_settings_of_finished_results_are_not_changed_silently(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads(monkeypatch)
    out = tmp_path / "out"
    run(vault, out, include=("b.mkv",))
    other = RunSettings(size=64, mirrored=False, preset="archive", saturation=0.5)
    with pytest.raises(OutputError, match=r"was made with another saturation \(1.0, now 0.5\)"):
        run(vault, out, base=other, include=("b.mkv",))
    again = RunSettings(size=64, mirrored=False, preset="archive", saturation=0.5, overwrite=True)
    assert run(vault, out, base=again, include=("b.mkv",)).to_do == 1


def test_a_result_that_no_batch_made_is_kept_unless_told_otherwise(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads(monkeypatch)
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.mkv").write_bytes(b"precious")
    with pytest.raises(OutputError, match=r"a.mkv: exists"):
        run(vault, out)
    run(vault, out, skip_existing=True)
    assert (out / "a.mkv").read_bytes() == b"precious"
    assert rows(out)["b.mkv"].state == "done"


def test_two_films_with_one_output_are_refused_before_any_work(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads(monkeypatch)
    shutil.copy(vault / "a.mkv", vault / "a.nut")
    with pytest.raises(OutputError, match=r"a.mkv: both .*a.mkv and .*a.nut would go there"):
        run(vault, tmp_path / "out")
    assert names(tmp_path / "out") == []


def test_a_manifest_gives_each_film_its_own(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads(monkeypatch)
    manifest = vault / "list.csv"
    manifest.write_text("film,output,saturation\nsub/b.mkv,x/named.mkv,0.5\na.mkv,,\n")
    out = tmp_path / "out"
    run(manifest, out)
    assert names(out) == ["a.mkv", "x/named.mkv"]
    soft = RunSettings(size=64, mirrored=False, preset="archive", saturation=0.5)
    color_film(vault / "sub/b.mkv", tmp_path / "soft.mkv", soft)
    assert (tmp_path / "soft.mkv").read_bytes() == (out / "x/named.mkv").read_bytes()


def test_a_retry_does_what_the_manifest_and_the_command_said_of_each_film(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads(monkeypatch)
    manifest = vault / "list.toml"
    manifest.write_text(
        '[[film]]\nfilm = "bad.mkv"\noutput = "x/named.mkv"\nsaturation = 0.5\ncompare = true\n'
    )
    out = tmp_path / "out"
    run(manifest, out, base=replace(SMALL, framemd5=True))
    run(vault, out, include=("a.mkv",))
    assert rows(out)["bad.mkv"].state == "failed"
    shutil.copy(vault / "sub/b.mkv", vault / "bad.mkv")
    assert not retry_batch(SMALL, BatchOptions(out=out), Told()).failed
    color_film(vault / "sub/b.mkv", tmp_path / "soft.mkv", replace(SMALL, saturation=0.5))
    assert (tmp_path / "soft.mkv").read_bytes() == (out / "x/named.mkv").read_bytes()
    assert names(out) == [
        "a.mkv", "x/named.compare.mkv", "x/named.mkv", "x/named.mkv.framemd5",
        "x/named.mkv.source-luma.framemd5",
    ]  # fmt: skip


def test_a_dry_run_writes_nothing(vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    threads(monkeypatch)
    out = tmp_path / "out"
    outcome = run(vault, out, dry_run=True)
    assert not out.exists()
    assert (outcome.to_do, len(outcome.failed)) == (4, 1)
    assert {Path(f.out or "").name: f.total for f in outcome.films if f.kind == "film"} == {
        "a.mkv": 12, "b.mkv": 4, "copy.mkv": 12,
    }  # fmt: skip
    assert all(f.bytes for f in outcome.films if f.state == "waiting")


def test_shards_together_do_what_one_batch_does(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from filmcolor.batch.status import report_document, summary

    threads(monkeypatch, jobs=1)
    run(vault, tmp_path / "whole")
    for i in (1, 2, 3):
        run(vault, tmp_path / "parts", shard=(i, 3))
    assert names(tmp_path / "parts") == names(tmp_path / "whole")
    for name in names(tmp_path / "whole"):
        assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    found = summary(tmp_path / "parts")
    assert (found["ledgers"], found["films"]) == (3, {"waiting": 0, "running": 0, "done": 4, "failed": 1})
    assert len(report_document(tmp_path / "parts")["films"]) == 5


def test_segments_of_one_film_are_made_by_several_workers_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from filmcolor.pipeline import plan, scan

    monkeypatch.setattr(plan, "SEGMENT_FRAMES", 8)
    monkeypatch.setattr(scan, "PIECE_FRAMES", 12)
    film = make_film(tmp_path / "film.mkv", shots=(9, 40, 10, 8, 9))
    alone = color_film(film, tmp_path / "alone.mkv", SMALL)
    made: list[int] = []

    def watch(order: Any) -> None:
        if isinstance(order, Make):
            made.append(order.number)
            if len(made) == 2:
                raise RuntimeError  # a helper that dies

    threads(monkeypatch, jobs=3, disturb=watch)
    outcome = run_batch([str(film)], SMALL, BatchOptions(out=tmp_path / "out"), Told())
    assert len(made) > 2, "others help"
    assert (tmp_path / "out/film.mkv").read_bytes() == alone.path.read_bytes()
    assert (outcome.films[0].frames, outcome.films[0].anchors) == (76, alone.anchors)
    assert not list((tmp_path / "out").glob(".film.mkv*"))
    with Ledger.read(ledger_path(tmp_path / "out")) as ledger:
        segments = ledger.segments_of(outcome.films[0])
    assert [row["start"] for row in segments] == [0, *(row["stop"] for row in segments[:-1])]
    assert all(row["state"] == "done" for row in segments)


def test_news_that_comes_before_a_film_begins_is_kept(tmp_path: Path) -> None:
    from filmcolor.batch.messages import Grant

    film = make_film(tmp_path / "a.mkv", shots=(2,))
    one = worker.Worker(lambda message: None, SMALL)
    one.expect(Color(7, "film", film, tmp_path / "out.mkv", SMALL, None))
    one.hear(Grant(7))
    assert one._offers is not None
    assert one._offers.granted == 1


def test_workers_that_would_give_other_bytes_are_refused(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = iter(range(100))
    real = worker.Worker.ready

    def other(self: Any) -> Any:
        ready = real(self)
        return type(ready)(ready.process, ready.host, (("engine", f"cpu {next(numbers)}"),))

    monkeypatch.setattr(worker.Worker, "ready", other)
    threads(monkeypatch)
    with pytest.raises(ModelError, match="has another engine"):
        run(vault, tmp_path / "out")


def test_weights_that_cannot_be_loaded_stop_the_batch_before_any_work(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads(monkeypatch)
    (tmp_path / "bad.safetensors").write_bytes(b"\x00" * 64)
    with pytest.raises(FilmcolorError, match=r"bad.safetensors"):
        run(vault, tmp_path / "out", base=RunSettings(model=tmp_path / "bad.safetensors"))


def test_an_empty_vault_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    threads(monkeypatch)
    (tmp_path / "vault").mkdir()
    with pytest.raises(InputError, match="no films and no pictures"):
        run(tmp_path / "vault", tmp_path / "out")


def test_reports_tell_of_every_film(vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import csv

    from filmcolor.batch.status import lines_of, summary, write_reports

    threads(monkeypatch)
    out = tmp_path / "out"
    run(vault, out)
    page, document, table = write_reports(out, None, None, None)
    found = json.loads(document.read_text())
    assert [film["state"] for film in found["films"]] == ["done", "failed", "done", "done", "done"]
    with table.open(newline="") as file:
        assert [row["film"] for row in csv.DictReader(file)] == [film["film"] for film in found["films"]]
    html = page.read_text()
    assert 'href="sub/b.mkv"' in html
    assert "<span>not a film" in html
    assert "http" not in html.replace("http-equiv", "")
    assert any(line.startswith("failed: ") and "bad.mkv" in line for line in lines_of(summary(out)))


def test_an_interrupted_batch_leaves_its_films_waiting(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: Any) -> None:
        raise KeyboardInterrupt

    threads(monkeypatch)
    told = Told()
    monkeypatch.setattr(told, "show", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(vault, tmp_path / "out", told)
    states = {film.state for film in rows(tmp_path / "out").values()}
    assert "running" not in states
    assert "waiting" in states
    assert run(vault, tmp_path / "out").kept >= 0
    assert len(names(tmp_path / "out")) == 4


def test_a_copy_whose_first_result_is_gone_is_colored_and_not_told_as_a_copy(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(order: Any) -> None:
        if isinstance(order, Copy):
            order.made.unlink()

    shutil.copyfile(vault / "sub/b.mkv", vault / "twin.mkv")
    threads(monkeypatch, jobs=1, disturb=gone)
    outcome = run(vault, tmp_path / "out", include=("b.mkv", "twin.mkv"))
    assert [film.state for film in outcome.films] == ["done", "done"]
    assert [film.same_as for film in outcome.films] == [None, None]
