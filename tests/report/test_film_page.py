"""The report of one film: self-contained, honest about what is missing, the same from JSON."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from filmcolor.cli.main import main
from filmcolor.pipeline.journal import hash_file
from filmcolor.report.film_page import MOST_ROWS, _clock, film_page
from tests.pipeline.test_run import make_film
from tests.report.test_page import Links


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["run", *map(str, arguments), "-q", "--size", "64", "--no-mirror"])
    return int(stopped.value.code or 0)


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("film")
    film = make_film(folder / "a <b> & c.mkv", shots=(12, 8, 5))
    assert run(film, "-o", folder / "out.mkv", "--report", folder / "film.html") == 0
    return folder


def document(folder: Path) -> dict:
    return json.loads((folder / "film.json").read_text())


def test_the_report_has_every_shot_with_two_pictures_and_the_hashes(reported: Path) -> None:
    found = document(reported)
    assert [(s["start"], s["stop"]) for s in found["color"]["shots"]] == [(0, 12), (12, 20), (20, 25)]
    assert all(len(s["pictures"]) == 2 for s in found["color"]["shots"])
    assert found["result"]["sha256"] == hash_file(reported / "out.mkv")
    assert found["source"]["sha256"] == hash_file(reported / "a <b> & c.mkv")
    assert found["settings"]["size"] == "64"
    assert len(found["weights"]) == 64
    assert (found["frames"], found["partial"], found["color"]["missing"]) == (25, False, 0)


def test_the_page_needs_nothing_else_and_is_drawn_from_the_json_alone(reported: Path) -> None:
    text = (reported / "film.html").read_text()
    assert text == film_page(document(reported))
    links = Links()
    links.feed(text)
    assert links.open == []
    assert sum(link.startswith("data:image/jpeg") for link in links.found) == 6
    assert all(link.startswith(("data:", "#shot-")) for link in links.found)
    assert not re.search(r"https?://|<script", text)
    assert "a &lt;b&gt; &amp; c.mkv" in text
    assert hash_file(reported / "out.mkv") in text


def test_gray_frames_jumps_damage_and_what_is_not_known_are_shown(reported: Path) -> None:
    found = document(reported)
    shot = found["color"]["shots"][1]
    shot |= {"gray": 3, "jumps": 1, "largest": [7.25, 14], "pictures": []}
    found["color"] |= {"gray": 3, "missing": 4}
    found["warnings"] = ["a <warning>"]
    found["damage"]["places"] = [{"second": 0.48, "what": "frame lost", "frames": 1},
                                 {"second": None, "what": "file unreadable", "frames": 0}]  # fmt: skip
    text = film_page(found)
    first = text[text.index("Look at these first") : text.index("<h2>Shots")]
    assert "largest 7.25" in first
    assert first.count('<th scope="row">') == 1
    for words in ("4 frames without figures", "a &lt;warning&gt;", "frame lost", "2 of 3 shots"):
        assert words in text
    found["color"] = None
    assert "SHA-256" in film_page(found)


def test_a_film_of_thousands_of_shots_stays_a_page(reported: Path) -> None:
    found = document(reported)
    shot = found["color"]["shots"][0] | {"pictures": [], "jumps": 1, "largest": [3.0, 2]}
    found["color"]["shots"] = [
        shot | {"start": 12 * k, "stop": 12 * k + 12, "seconds": [k / 2, k / 2 + 0.4]} for k in range(5000)
    ]
    text = film_page(found)
    assert len(text) < 600_000
    assert f"The first {MOST_ROWS}; the JSON has all 5000." in text


@pytest.mark.parametrize(
    ("report", "code", "words"),
    [
        ("x.txt", 2, "expected FILE.html"),
        ("gone/x.html", 4, "make it first"),
        ("film.html", 4, "exists"),
        ("out.json", 0, ""),
    ],
)
def test_where_a_report_cannot_go_is_told_before_the_work(
    reported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], report: str, code: int, words: str
) -> None:
    film = make_film(tmp_path / "b.mkv", shots=(4,))
    assert run(film, "-o", tmp_path / "b.color.mkv", "--report", reported / report) == code
    assert words in capsys.readouterr().err
    assert (tmp_path / "b.color.mkv").exists() is (code == 0)


def test_several_results_have_their_reports_in_a_folder(tmp_path: Path) -> None:
    films = [make_film(tmp_path / f"{name}.mkv", shots=(4,)) for name in "ab"]
    Image.effect_noise((40, 30), 60).save(tmp_path / "photo.png")
    (tmp_path / "out").mkdir()
    assert run(*films, tmp_path / "photo.png", "-o", f"{tmp_path}/out/", "--report", tmp_path / "out") == 0
    reports = {path.name for path in (tmp_path / "out").glob("*.report.html")}
    assert reports == {"a.mkv.report.html", "b.mkv.report.html", "photo.png.report.html"}
    assert json.loads((tmp_path / "out" / "photo.png.report.json").read_text())["color"] is None
    assert json.loads((tmp_path / "out" / "b.mkv.report.json").read_text())["source"]["name"] == "b.mkv"


def test_in_a_folder_no_report_takes_the_place_of_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = [tmp_path / folder / "photo.png" for folder in "ab"]
    for photo in photos:
        photo.parent.mkdir()
        Image.effect_noise((40, 30), 60).save(photo)
    reports = tmp_path / "reports"
    reports.mkdir()
    report = reports / "photo.color.png.report.html"
    assert run(*photos, "--report", reports) == 4
    assert "both" in capsys.readouterr().err
    report.with_suffix(".json").write_text("earlier")
    assert run(photos[0], "--report", reports) == 4
    assert "exists; use --overwrite" in capsys.readouterr().err
    assert not list(tmp_path.glob("?/*.color.png")), "told before any work"
    assert run(photos[0], "--report", reports, "--overwrite") == 0
    assert report.exists()
    assert run(photos[0], "--report", reports, "--skip-existing") == 0, "a result that is left needs none"


def test_a_report_that_cannot_be_written_does_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = [tmp_path / f"{name}.png" for name in "ab"]
    for photo in photos:
        Image.effect_noise((40, 30), 60).save(photo)
    (tmp_path / "a.color.png.report.html").mkdir()
    assert run(*photos, "--report", tmp_path, "--overwrite") == 4
    printed = capsys.readouterr()
    assert printed.err.count("cannot write") == 1
    assert len(printed.out.splitlines()) == 2
    assert (tmp_path / "b.color.png.report.html").is_file()


@pytest.mark.slow
def test_in_a_browser_every_picture_shows_and_nothing_complains(reported: Path, tmp_path: Path) -> None:
    browser = next((b for b in ("chromium", "chromium-browser", "google-chrome") if shutil.which(b)), None)
    if browser is None:
        pytest.skip("no Chromium here (Debian: apt-get install chromium)")
    base = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    shown = subprocess.run(
        [*base, "--enable-logging=stderr", "--window-size=1280,1800",
         f"--screenshot={tmp_path / 'page.png'}", (reported / "film.html").as_uri()],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert "CONSOLE" not in shown.stderr
    colors = Image.open(tmp_path / "page.png").convert("RGB").getcolors(1 << 24)
    assert colors is not None
    assert len(colors) > 200


def test_a_time_just_under_a_minute_is_not_sixty_seconds() -> None:
    assert [_clock(s) for s in (59.94, 59.97, 3599.99)] == ["0:59.9", "1:00.0", "1:00:00"]
