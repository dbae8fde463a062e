"""One self-contained HTML page from result documents: no network, no other file, readable without script."""

from collections.abc import Sequence
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

from filmcolor.errors import InputError, OutputError
from filmcolor.files import replacing
from filmcolor.quality.document import QUALITY, read_document
from filmcolor.report import charts
from filmcolor.report.gallery import gallery
from filmcolor.report.tables import cards, facts, rows_of, speed_table, worst

Document = dict[str, Any]
# The page may load nothing; its own style and script are allowed, and pictures inside it.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


def resource(name: str) -> str:
    """Return the text of a file that is shipped with the pages."""
    return resources.files("filmcolor.report").joinpath(name).read_text(encoding="utf-8")


def _section(title: str, body: str, intro: str = "") -> str:
    if not body:
        return ""
    words = f"<p class='intro'>{escape(intro)}</p>" if intro else ""
    return f"<section><h2>{escape(title)}</h2>{words}{body}</section>"


def page(results: Sequence[Path], title: str = "filmcolor measured") -> str:
    """Return the page of result files of `bench quality` and `bench speed`, in the order given.

    Raises InputError where one is not such a result, or none was given.
    """
    if not results:
        raise InputError("no result was given")
    documents = [(read_document(path), path.absolute().parent) for path in results]
    quality = [(d, folder) for d, folder in documents if d["format"] == QUALITY]
    speed = [d for d, _ in documents if d["format"] != QUALITY]
    scored = [d for d, _ in quality]
    body = cards(scored, speed)
    if scored:
        first = scored[0]
        intro = (
            "Each row is scored against the true color. Read every figure beside the gray row: luma is given, so gray "
            "scores well, and a fade looks steady. Small print: 95 % interval by bootstrap over pictures or clips."
        )
        body += _section("Color", rows_of(scored), intro)
        body += _section(
            "Before and after",
            gallery(quality),
            "The best, the median and the worst by CIEDE2000. Drag, or use the arrow keys.",
        )
        plots = [charts.quality_against_speed(scored), charts.picture_differences(first)]
        plots += [
            charts.clips(
                first,
                "cf",
                "Colorfulness of every clip",
                "colorfulness",
                "Near the truth is right; over it is not better.",
            ),
            charts.clips(
                first,
                "flicker_ab",
                "Flicker of every clip",
                "a*b* units",
                "How the mean color shakes. Under the truth can mean faded: see colorfulness.",
            ),
        ]
        body += _section("Picture by picture, clip by clip", _grid(plots))
        body += _section("The ten worst", worst(first), "By CIEDE2000, pictures and clips together.")
    for d in speed:
        body += _section(
            "Speed and memory",
            _grid([charts.speeds(d), charts.stages(d), charts.memory(d)]) + speed_table([d]),
        )
    body += _section("How it was measured", facts([d for d, _ in documents]))
    date = max(d["made"]["date"] for d, _ in documents)[:10]
    versions = sorted({d["made"]["filmcolor"] for d, _ in documents})
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><meta name="color-scheme" content="light dark">'
        f'<link rel="icon" href="data:,"><title>{escape(title)}</title><style>{resource("page.css")}</style></head>'
        f'<body><header><p class="mark">filmcolor</p><h1>{escape(title)}</h1>'
        f"<p>version {escape(', '.join(versions))}, {date}</p></header><main>{body}</main>"
        f"<script>{resource('page.js')}</script></body></html>\n"
    )


def _grid(figures: Sequence[str]) -> str:
    found = "".join(figures)
    return f'<div class="grid2">{found}</div>' if found else ""


def write_page(text: str, out: Path) -> None:
    """Write a page. Raises OutputError."""
    try:
        with replacing(out) as part:
            part.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{out}: cannot write: {error.strerror or error}") from error
