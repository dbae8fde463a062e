"""`batch run --reports`: a report of each film beside its result, linked from the batch's page."""

import json
import os
import re
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from filmcolor.batch.batch import retry_batch, run_batch
from filmcolor.batch.options import BatchOptions
from filmcolor.batch.status import write_reports
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
