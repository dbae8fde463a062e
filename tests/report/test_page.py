import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from filmcolor.errors import InputError
from filmcolor.quality.bench import bench_quality
from filmcolor.quality.document import write_document
from filmcolor.quality.quality_settings import QualitySettings
from filmcolor.quality.speed import SpeedSettings, bench_speed
from filmcolor.report.page import page
from filmcolor.report.svg import ticks
from filmcolor.settings import RunSettings
from tests.quality.media import make_clip, make_pictures
from tests.quality.test_bench import leave_gray
from tests.quality.test_speed import recorder


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("results")
    make_pictures(folder / "data", 4)
    (folder / "data" / "scene0.png").rename(folder / "data" / "a <b> & c.png")
    make_clip(folder / "data" / "pan.mkv")
    settings = QualitySettings(data=folder / "data", lines=48, every=6)
    document = bench_quality(settings, leave_gray, about={}, samples=folder / "q.pictures")
    write_document(document, folder / "q.json")
    speed = bench_speed(
        SpeedSettings(sizes=("240p",), frames=4, repeats=1), RunSettings(), perform=recorder([])
    )
    write_document(speed, folder / "s.json")
    return folder / "q.json", folder / "s.json"


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [v or "" for k, v in attrs if k in ("src", "href")]
        if tag not in ("meta", "link", "img", "input", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"{tag} closes another element"


def test_the_page_needs_no_other_file_and_stays_small(results: tuple[Path, Path]) -> None:
    text = page(list(results))
    links = Links()
    links.feed(text)
    assert links.open == []
    assert links.found
    assert all(link.startswith("data:") for link in links.found)
    assert not re.search(r"https?://", text)
    assert len(text.encode()) < 5 * 2**20


def test_names_of_files_are_text_and_not_markup(results: tuple[Path, Path]) -> None:
    text = page(list(results))
    assert "a &lt;b&gt; &amp; c" in text
    assert "a <b>" not in text


def test_the_page_shows_every_row_the_reasons_and_the_commands(results: tuple[Path, Path]) -> None:
    text = page(list(results))
    for row in ("truth", "gray", "half", "mean", "filmcolor"):
        assert re.search(rf'<th scope="row">{row}<', text)
    assert "no weights were given" in text
    assert "filmcolor bench quality" in text
    assert text.count('type="range"') == 3
    assert text.count('class="film"') == 3


def test_a_result_that_travels_alone_is_drawn_without_its_pictures(
    results: tuple[Path, Path], tmp_path: Path
) -> None:
    shutil.copy(results[0], tmp_path)
    assert "4 samples are not shown" in page([tmp_path / "q.json"])


def test_what_is_no_result_is_refused(results: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "torn.json").write_text(results[0].read_text()[:500])
    with pytest.raises(InputError, match=r"torn\.json: not a result"):
        page([tmp_path / "torn.json"])


def test_ticks_are_round_and_inside() -> None:
    assert ticks(0, 10) == [0, 2, 4, 6, 8, 10]
    assert ticks(0.13, 0.92) == [0.2, 0.4, 0.6, 0.8]
    assert ticks(3, 3) == [3]


@pytest.mark.slow
def test_in_a_browser_the_slider_moves_and_nothing_complains(
    results: tuple[Path, Path], tmp_path: Path
) -> None:
    browser = next((b for b in ("chromium", "chromium-browser", "google-chrome") if shutil.which(b)), None)
    if browser is None:
        pytest.skip("no Chromium here (Debian: apt-get install chromium)")
    probe = (
        "<script>addEventListener('load',()=>{const s=document.querySelector('.sample'),i=s.querySelector('input');"
        "i.value=20;i.dispatchEvent(new Event('input'));s.querySelector('[data-under=truth]').click();"
        "const c=getComputedStyle(s.querySelector('.truth'));"
        "document.title=[s.style.getPropertyValue('--split'),s.dataset.under,c.visibility,c.clipPath,"
        "[...document.images].filter(x=>x.complete&&!x.naturalWidth).length].join('|')})</script>"
    )
    html = tmp_path / "page.html"
    html.write_text(page(list(results)).replace("</body>", probe + "</body>"))
    base = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    shown = subprocess.run(
        [*base, "--enable-logging=stderr", "--dump-dom", html.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
    )
    title = re.search(r"<title>(.*?)</title>", shown.stdout)
    assert title
    split, under, visibility, clip, broken = title[1].split("|")
    assert (split, under, visibility, broken) == ("20%", "truth", "visible", "0")
    assert "80%" in clip
    assert "CONSOLE" not in shown.stderr
    subprocess.run(
        [*base, "--window-size=1280,900", f"--screenshot={tmp_path / 'page.png'}", html.as_uri()],
        capture_output=True,
        timeout=120,
    )
    colors = Image.open(tmp_path / "page.png").convert("RGB").getcolors(1 << 24)
    assert colors is not None
    assert len(colors) > 200
