"""`batch run --reports`: a report of each film beside its result, linked from the batch's page."""

import json
import os
import re
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from filmcolor.batch.batch import retry_batch, run_batch
from filmcolor.batch.messages import Colored, Copy, Warned
from filmcolor.batch.options import BatchOptions
from filmcolor.batch.status import write_reports
from filmcolor.batch.worker import Worker
from filmcolor.pipeline.journal import hash_file
from tests.batch.crews import SMALL, Told, threads
from tests.films import Recipe, make_film


def test_each_film_has_a_report_beside_its_result_and_a_link_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads(monkeypatch)
    (tmp_path / "vault" / "sub").mkdir(parents=True)
    for index, name in enumerate(("a.mkv", "sub/b.mkv")):
        make_film(tmp_path / "vault" / name, Recipe(times=range(4 + index)))
    out = tmp_path / "out"
    run_batch([str(tmp_path / "vault")], SMALL, BatchOptions(out=out, reports=True), Told())
    for name in ("a.mkv", "sub/b.mkv"):
        found = json.loads((out / f"{name}.report.json").read_text())
        assert found["result"]["sha256"] == hash_file(out / name)
        assert (out / f"{name}.report.html").is_file()
    page, document, _ = write_reports(out, None, None, None)
    assert 'href="sub/b.mkv.report.html"' in page.read_text()
    assert all(film["report"] for film in json.loads(document.read_text())["films"])


def test_a_copy_has_the_report_of_what_it_was_copied_from_in_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads(monkeypatch)
    (tmp_path / "vault").mkdir()
    first = make_film(tmp_path / "vault/a.mkv", Recipe(times=range(4)))
    (tmp_path / "vault/b.mkv").write_bytes(first.read_bytes())
    out = tmp_path / "out"
    outcome = run_batch([str(tmp_path / "vault")], SMALL, BatchOptions(out=out, reports=True), Told())
    a, b = (json.loads((out / f"{name}.mkv.report.json").read_text()) for name in "ab")
    assert [film.same_as is None for film in outcome.films] == [True, False]
    assert [film.report for film in outcome.films] == [str(out / f"{name}.mkv.report.html") for name in "ab"]
    assert b["source"] == a["source"] | {"path": str(tmp_path / "vault/b.mkv"), "name": "b.mkv"}
    assert b["result"] == a["result"] | {"path": str(out / "b.mkv"), "name": "b.mkv"}
    assert (b["copied"], b["color"]) == (str(out / "a.mkv"), a["color"])
    page = (out / "b.mkv.report.html").read_text()
    assert "<title>b.mkv</title>" in page
    assert f"<dd>{out / 'a.mkv'}</dd>" in page


@pytest.mark.parametrize("held", [None, "[]", "{", '{"format": "filmcolor.film/1", "result": 3}'])
def test_a_report_that_cannot_be_copied_is_a_warning_and_the_copy_is_done(
    tmp_path: Path, held: str | None
) -> None:
    source, made = (make_film(tmp_path / name, Recipe(times=range(4))) for name in ("a.mkv", "made.mkv"))
    if held is not None:
        (tmp_path / "made.mkv.report.json").write_text(held)
    told: list[object] = []
    out, page = tmp_path / "out.mkv", tmp_path / "out.mkv.report.html"
    done = Worker(told.append, SMALL).do(
        Copy(1, source, made, out, made.with_name("made.mkv.report.html"), page)
    )
    assert isinstance(done, Colored)
    assert done.report is None
    assert out.read_bytes() == made.read_bytes()
    (warned,) = told
    assert isinstance(warned, Warned)
    assert done.warnings == (warned.text,)
    assert "made.mkv.report.json: " in warned.text
    assert not page.exists()


def test_a_report_that_cannot_be_written_is_a_warning_and_the_film_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads(monkeypatch)
    (tmp_path / "vault").mkdir()
    make_film(tmp_path / "vault/a.mkv", Recipe(times=range(4)))
    out = tmp_path / "out"
    (out / "a.mkv.report.html").mkdir(parents=True)
    told = Told()
    (film,) = run_batch([str(tmp_path / "vault")], SMALL, BatchOptions(out=out, reports=True), told).films
    assert (film.state, film.attempts, film.report) == ("done", 1, None)
    assert any("a.mkv.report.html: cannot write" in line for line in film.lines)
    assert any("cannot write" in values["text"] for event, values in told.events if event == "warning")
    assert retry_batch(SMALL, BatchOptions(out=out, reports=True), Told()).to_do == 0


def test_links_lead_to_names_that_are_no_utf8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    threads(monkeypatch)
    film = make_film(tmp_path / "a.mkv", Recipe(times=range(4)))
    vault = tmp_path / "vault"
    vault.mkdir()
    odd = Path(os.fsdecode(b"no\xff utf#8.mkv"))
    try:
        film.rename(vault / odd)
    except OSError:
        pytest.skip("a file system that takes UTF-8 alone")
    out = tmp_path / "out"
    run_batch([str(vault)], SMALL, BatchOptions(out=out, reports=True), Told())
    page, _, _ = write_reports(out, None, None, None)
    links = re.findall(r'<a href="([^"]+)">', page.read_text())
    assert len(links) == 2
    assert all((out / os.fsdecode(unquote_to_bytes(link))).is_file() for link in links)
