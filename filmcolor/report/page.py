"""One self-contained HTML page from result documents: no network, no other file, readable without script."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from filmcolor.errors import InputError
from filmcolor.quality.document import QUALITY, read_document
from filmcolor.report import charts
from filmcolor.report.gallery import gallery
from filmcolor.report.html import section, whole_page
from filmcolor.report.tables import cards, facts, rows_of, speed_table, worst

Document = dict[str, Any]


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
        body += section("Color", rows_of(scored), intro)
        body += section(
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
        body += section("Picture by picture, clip by clip", _grid(plots))
        body += section("The ten worst", worst(first), "By CIEDE2000, pictures and clips together.")
    for d in speed:
        body += section(
            "Speed and memory",
            _grid([charts.speeds(d), charts.stages(d), charts.memory(d)]) + speed_table([d]),
        )
    body += section("How it was measured", facts([d for d, _ in documents]))
    date = max(d["made"]["date"] for d, _ in documents)[:10]
    versions = sorted({d["made"]["filmcolor"] for d, _ in documents})
    lead = f"version {', '.join(versions)}, {date}"
    return whole_page(title, lead, body, script="page.js")


def _grid(figures: Sequence[str]) -> str:
    found = "".join(figures)
    return f'<div class="grid2">{found}</div>' if found else ""
