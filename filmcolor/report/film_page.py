"""The page of one colored film, from its document: no network, no other file, no script."""

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from filmcolor.errors import InputError
from filmcolor.files import write_text
from filmcolor.pipeline.run import RunResult
from filmcolor.report.document import write_document
from filmcolor.report.film import copied_document, film_document
from filmcolor.report.html import section, whole_page
from filmcolor.report.svg import Axes, dot, legend, picture, ticks
from filmcolor.settings import RunSettings

Document = dict[str, Any]
Shot = dict[str, Any]

MOST_ROWS = 400
"""Shots in the table; the JSON holds all."""
_MOST_BANDS = 700
_FIRST = 5
"""Shots of each kind that are worth a look."""
_FLICKER = 0.3
_OUTSIDE = 0.1


def write_report(source: Path, result: RunResult, settings: RunSettings, out: Path) -> None:
    """Write the report of a result to `out`: FILE.html with its data beside it, or FILE.json alone.

    Raises InputError, OutputError.
    """
    try:
        document = film_document(source, result, settings)
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be read again: {error.strerror or error}") from error
    _write(document, film_page(document), out)


def copy_report(made: Path, source: Path, result: Path, out: Path) -> None:
    """Write to `out` the report of a result that was copied, by the report `made` of what it was copied from.

    Raises InputError, OutputError.
    """
    data = made.with_suffix(".json")
    try:
        document = copied_document(json.loads(data.read_text(encoding="utf-8")), source, result)
        page = film_page(document)
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be read again: {error.strerror or error}") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputError(f"{data}: not a report of a film, so its copy has none: {error}") from error
    _write(document, page, out)


def _write(document: Document, page: str, out: Path) -> None:
    for file in report_files(out):
        if file.suffix.lower() == ".json":
            write_document(document, file)
        else:
            write_text(page, file)


def report_files(out: Path) -> tuple[Path, ...]:
    """Return the files of one report: a page has its data beside it."""
    return (out,) if out.suffix.lower() == ".json" else (out.with_suffix(".json"), out)


def film_page(document: Document) -> str:
    """Return the page of a film's report."""
    title = document["result"]["name"]
    color = document["color"]
    body = _cards(document) + _words(document)
    shots, passed = _numbered(color) if color else ([], [])
    zero = min((shot["seconds"][0] for shot in (*shots[:1], *passed[:1])), default=0.0)
    if shots:
        body += section("Color along the film", _along(shots, zero))
        worth = _worth(shots)
        body += section(
            "Look at these first", _table(worth, zero) if worth else "",
            "The shots with gray frames, jumps of saturation, the most flicker, and the most color out of gamut.",
        )  # fmt: skip
        pictured = [shot for shot in shots if shot["pictures"]]
        some = "" if len(pictured) == len(shots) else f"{len(pictured)} of {len(shots)} shots, evenly spread."
        body += section("Shots", _gallery(pictured, zero), some)
        rest = "" if len(shots) <= MOST_ROWS else f"The first {MOST_ROWS}; the JSON has all {len(shots)}."
        body += section("Every shot", _table(shots[:MOST_ROWS], zero), rest)
    if passed:
        body += section(
            "In color already",
            _passed(passed, zero),
            "Passed through as they are; no figures of them are above.",
        )
    body += section("How it was made", _facts(document))
    made = f"version {document['made']['filmcolor']}, {document['made']['date'][:10]}"
    return whole_page(title, f"{made}. The color is computed, not recorded.", body, styles=("film.css",))


def _numbered(color: Document) -> tuple[list[Shot], list[Shot]]:
    """Return the shots that were colored and those that were passed through, numbered together."""
    passed = color["passed"]["shots"]
    every = sorted([*color["shots"], *passed], key=lambda shot: shot["start"])
    numbered = [dict(shot, number=i + 1) for i, shot in enumerate(every)]
    return [s for s in numbered if "chroma" in s], [s for s in numbered if "chroma" not in s]


def _passed(shots: Sequence[Shot], zero: float) -> str:
    rows = "".join(
        f'<tr><th scope="row">{s["number"]}</th><td>{_clock(s["seconds"][0] - zero)}</td>'
        f"<td>{s['stop'] - s['start']:,}</td></tr>"
        for s in shots[:MOST_ROWS]
    )
    head = "<th>shot</th><th>begins</th><th>frames</th>"
    table = f'<table class="rows"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    return f'<div class="scroll shots">{table}</div>'


def _cards(document: Document) -> str:
    color, damage = document["color"], document["damage"] or {}
    found = [(f"{document['frames']:,}", "frames", f"{damage.get('lost', 0):,} lost to damage")]
    if color:
        missing = f"{color['missing']:,} frames without figures" if color["missing"] else ""
        found += [
            (f"{len(color['shots']):,}", "shots", missing),
            (f"{color['gray']:,}", "frames left gray", f"mean chroma under {color['gray_below']:g}"),
            (f"{color['jumps']:,}", "saturation jumps", f"over {color['jump']:g} between two frames of a shot"),
            (_figure(color["chroma"], 1), "mean chroma", "C*ab, of all frames"),
            (_figure(color["flicker"], 3), "flicker", "how the mean color shakes, a*b* units"),
            (_share(color["outside"]), "out of gamut", "color that luma did not allow"),
        ]  # fmt: skip
        if passed := color["passed"]["shots"]:
            found.append(
                (
                    f"{color['passed']['frames']:,}",
                    "frames in color already",
                    f"in {len(passed):,} shots, passed through as they are",
                )
            )
    cards = "".join(
        f'<div class="card big"><b>{escape(value)}</b><span>{escape(name)}</span><small>{escape(note)}</small></div>'
        for value, name, note in found
    )
    return f'<div class="cards">{cards}</div>'


def _words(document: Document) -> str:
    """Return warnings and damage."""
    lines = "".join(f"<li>{escape(line)}</li>" for line in document["warnings"])
    body = f'<ul class="card words">{lines}</ul>' if lines else ""
    damage = document["damage"]
    if damage and damage["places"]:
        rows = "".join(
            f"<tr><th scope='row'>{'–' if place['second'] is None else _clock(place['second'])}</th>"
            f"<td>{escape(place['what'])}</td><td>{place['frames'] or '–'}</td></tr>"
            for place in damage["places"]
        )
        body += (
            '<div class="scroll places"><table class="rows"><thead><tr><th>time in the source</th><th>damage</th>'
            f"<th>frames lost</th></tr></thead><tbody>{rows}</tbody></table></div>"
        )
    return section("Warnings and damage", body)


def _along(shots: Sequence[Shot], zero: float) -> str:
    """Draw the range and the mean of each shot's saturation over time; neighbors together in a long film."""
    last = max(shots[-1]["seconds"][1] - zero, 0.001)
    top = 1.1 * max(1.0, *(shot["most"] for shot in shots))
    axes = Axes((0, last), (0, top), "time", "mean chroma, C*ab", height=240)
    body = axes.frame([(x, _clock(x)) for x in ticks(0, last, 6)])
    every = -(-len(shots) // _MOST_BANDS)
    for i in range(0, len(shots), every):
        group = shots[i : i + every]
        left, upper = axes.at(group[0]["seconds"][0] - zero, max(s["most"] for s in group))
        right, lower = axes.at(group[-1]["seconds"][1] - zero, min(s["least"] for s in group))
        frames = sum(s["stop"] - s["start"] for s in group)
        mean = sum(s["chroma"] * (s["stop"] - s["start"]) for s in group) / frames
        _, at = axes.at(0, mean)
        width, tip = max(right - left, 1.0), f"shot {group[0]['number']}: {_figure(mean, 1)}"
        body += (
            f'<rect class="band" x="{left:.1f}" y="{upper}" width="{width:.1f}" height="{max(lower - upper, 1):.1f}">'
            f'<title>{tip}</title></rect><path class="line s1" d="M{left:.1f} {at}h{width:.1f}"/>'
        )
    jumps = [s for s in shots if s["jumps"]]
    for shot in sorted(jumps, key=lambda s: -s["largest"][0])[:100]:
        share = (shot["largest"][1] - shot["start"]) / max(shot["stop"] - shot["start"] - 1, 1)
        begin, end = shot["seconds"]
        place = axes.at(begin + share * (end - begin) - zero, shot["most"])
        body += dot(place, "s3", f"shot {shot['number']}: a jump of {_figure(shot['largest'][0], 1)}")
    names = [("s1", "mean of each shot"), ("band", "its frames"), *([("s3", "a jump")] if jumps else [])]
    note = "Each shot alone; a step between two shots is a cut, one within a shot is a jump."
    chart = picture(body, "saturation along the film", 240)
    return f'<figure class="card chart along">{legend(names)}{chart}<figcaption>{note}</figcaption></figure>'


def _worth(shots: Sequence[Shot]) -> list[Shot]:
    kinds = (
        ([s for s in shots if s["gray"]], lambda s: s["gray"]),
        ([s for s in shots if s["jumps"]], lambda s: s["largest"][0]),
        ([s for s in shots if (s["flicker"] or 0) > _FLICKER], lambda s: s["flicker"]),
        ([s for s in shots if s["outside"] > _OUTSIDE], lambda s: s["outside"]),
    )
    found: dict[int, Shot] = {}
    for those, by in kinds:
        found |= {s["number"]: s for s in sorted(those, key=by, reverse=True)[:_FIRST]}
    return [found[number] for number in sorted(found)]


def _table(shots: Sequence[Shot], zero: float) -> str:
    rows = ""
    for s in shots:
        largest, number = s["largest"], s["number"]
        name = f'<a href="#shot-{number}">{number}</a>' if s["pictures"] else f"{number}"
        rows += (
            f'<tr><th scope="row">{name}</th><td>{_clock(s["seconds"][0] - zero)}</td><td>{s["stop"] - s["start"]:,}</td>'
            f"<td>{s['chroma']:.1f}<small>{s['least']:.1f} … {s['most']:.1f}</small></td>"
            + _cell(str(s["gray"] or "–"), bool(s["gray"]))
            + _cell(str(s["jumps"] or "–"), bool(s["jumps"]), f"largest {largest[0]:.2f}" if largest else "")
            + _cell(_figure(s["flicker"], 3), (s["flicker"] or 0) > _FLICKER)
            + _cell(_share(s["outside"]), s["outside"] > _OUTSIDE)
            + "</tr>"
        )
    names = ("shot", "begins", "frames", "chroma", "gray frames", "jumps", "flicker", "out of gamut")
    head = "".join(f"<th>{name}</th>" for name in names)
    return f'<div class="scroll shots"><table class="rows"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _cell(text: str, look: bool, small: str = "") -> str:
    kind = ' class="look"' if look else ""
    return f"<td{kind}>{text}{f'<small>{small}</small>' if small else ''}</td>"


def _gallery(shots: Sequence[Shot], zero: float) -> str:
    parts = ""
    for s in shots:
        signs = [f"{s['gray']} gray"] * bool(s["gray"]) + [f"{s['jumps']} jumps"] * bool(s["jumps"])
        images = "".join(
            f'<img src="data:image/jpeg;base64,{escape(data)}" alt="shot {s["number"]}, {kind}" loading="lazy">'
            for data, kind in zip(s["pictures"], ("gray", "colored"), strict=True)
        )
        marks = "".join(f'<span class="look">{sign}</span>' for sign in signs)
        parts += (
            f'<figure class="card shot" id="shot-{s["number"]}"><div class="pair">{images}</div><figcaption>'
            f"<b>{s['number']}</b> {_clock(s['seconds'][0] - zero)}, {s['stop'] - s['start']:,} frames, "
            f"chroma {s['chroma']:.1f}{marks}</figcaption></figure>"
        )
    return f'<div class="pairs">{parts}</div>' if parts else ""


def _facts(document: Document) -> str:
    source, result = document["source"], document["result"]
    shape = ""
    if "codec" in source:
        rate = f", {source['rate']:.5g} frames/s" if source["rate"] else ""
        shape = f"{source['container']}, {source['codec']}, {source['pixel_format']}, {source['width']}×{source['height']}{rate}"
    damage = document["damage"]
    entries = [
        ("source", source["path"]), ("", shape), ("SHA-256", source.get("sha256")),
        ("result", result["path"]), ("SHA-256", result.get("sha256")),
        ("copied from, the sources being the same", document.get("copied")),
        ("made", f"{document['made']['date']} by filmcolor {document['made']['filmcolor']}"),
        ("weights", document["weights"]), ("engine", document["engine"]),
        ("frames that the network colored", f"{document['anchors']:,}"),
        ("shots in the colors of an earlier one", f"{document.get('recalled', 0):,}"),
        ("settings", ", ".join(f"{k} {v}" for k, v in document["settings"].items() if v not in ("None", "()"))),
        ("damage", ", ".join(f"{k} {v}" for k, v in damage.items() if k != "places") if damage else "not known"),
        ("time of each stage", ", ".join(f"{k} {v:.1f} s" for k, v in document["stage_seconds"].items())),
    ]  # fmt: skip
    rows = "".join(f"<dt>{escape(k)}</dt><dd>{escape(str(v))}</dd>" for k, v in entries if v)
    return f'<div class="card facts"><dl>{rows}</dl></div>'


def _clock(seconds: float) -> str:
    seconds = round(seconds, 1)
    whole = int(seconds)
    if whole >= 3600:
        return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
    return f"{whole // 60}:{seconds - whole // 60 * 60:04.1f}"


def _figure(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"
