"""What `scan` found, as lines for people and as TOML; both are made of the document alone."""

from collections.abc import Iterator

from filmcolor.files import size_text
from filmcolor.report.document import Document
from filmcolor.report.toml import toml_text

_SHOWN = 60
"""Shots whose begin is printed; the JSON and the TOML have all."""
_WIDTH = 100
_HEADING = """What `filmcolor scan` found in this film: facts, not settings. Times are seconds on the film's own clock,
frames count from 0, ranges are half open. Nothing reads this file unless you say so."""
_COMMENTS = {
    "sources.frames": "counted by decoding",
    "sources.frames_stated": "by the container",
    "sources.time": "when frames are shown; steps are from one frame to the next, gaps lack frames",
    "sources.fields": "flagged: frames that say that they hold two fields; content: what the picture itself shows",
    "sources.telecine": "film shown at a video rate: undo this first (inverse telecine)",
    "sources.colored": "in color already: run passes these frames through",
    "sources.damage": "lost: frames that are not there; concealed: only partly read; cut: the file ends too early",
    "sources.estimate": "on this machine; bytes: least and most",
    "sources.shots": "frames start <= n < stop; second: when the shot begins",
}


def toml_of(document: Document) -> str:
    """Return the document as TOML; of a single source its facts stand at the top."""
    sources = document["sources"]
    if len(sources) != 1:
        return toml_text(document, _COMMENTS, _HEADING)
    alone = {key: value for key, value in document.items() if key != "sources"} | sources[0]
    return toml_text(alone, {key.removeprefix("sources."): word for key, word in _COMMENTS.items()}, _HEADING)


def lines_of(source: Document) -> Iterator[str]:
    """Yield what one source is, in lines."""
    yield "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in source["name"])
    rows = _film_rows(source) if source["kind"] == "film" else _picture_rows(source)
    for name, text in rows:
        yield f"  {name:11} {text}"


def _picture_rows(source: Document) -> Iterator[tuple[str, str]]:
    pages = "" if source["pages"] == 1 else f", {source['pages']} pages"
    yield (
        "picture",
        f"{source['picture_format']}, {source['width']}x{source['height']}, {source['bits']} bits{pages}",
    )
    if source["colored"] is not None:
        yield "color", "in color already; run colors it anew" if source["colored"] else "black and white"


def _film_rows(source: Document) -> Iterator[tuple[str, str]]:
    yield (
        "film",
        f"{source['width']}x{source['height']}, {source['codec']} {source['pixel_format']} in {source['container']}",
    )
    stated = source["frames_stated"]
    differs = f" (the container says {stated})" if stated not in (None, source["frames"]) else ""
    yield "frames", f"{source['frames']}, counted{differs}"
    yield "time", _time(source["time"])
    for gap in source["time"]["gaps"][:_SHOWN]:
        yield (
            "gap",
            f"{_clock(gap['second'])}: {gap['seconds']:.3f} s, {_count(gap['frames'], 'frame')} missing",
        )
    yield from (("shots" if not n else "", line) for n, line in enumerate(_shots(source["shots"])))
    yield "fields", _fields(source)
    for each in source["telecine"]:
        yield "telecine", telecine_words(each)
    yield "color", _color(source)
    yield "damage", _damage(source["damage"])
    yield "estimate", _estimate(source["estimate"])


def telecine_words(found: Document) -> str:
    """Return one kind of telecine in words."""
    rate = "" if found["film_rate"] is None else f" at about {found['film_rate']:.2f} frames a second"
    if found["kind"] == "soft":
        return f"soft: film{rate}, some frames shown for three fields; times are kept"
    where = f"{_clock(found['first'])} to {_clock(found['last'])}"
    if found["kind"] == "hard":
        return f"hard {found['rhythm']}: film{rate}, {where}; consider inverse telecine first"
    return f"one frame in {found['every']:.2f} is the one before again: film{rate}, {where}"


def _time(time: Document) -> str:
    span = f"{_clock(time['first'])} to {_clock(time['end'])}"
    if time["rate"] is None:
        return span
    if time["constant"]:
        return f"{span}, {time['rate']:.3f} frames a second, constant"
    steps = f"steps of {time['shortest_step'] * 1000:.1f} to {time['longest_step'] * 1000:.1f} ms"
    return f"{span}, {time['rate']:.3f} frames a second on average, variable: {steps}"


def _shots(shots: list[Document]) -> Iterator[str]:
    line = f"{len(shots)}, from"
    for shot in shots[:_SHOWN]:
        word = f" {_clock(shot['second'])}"
        if len(line) + len(word) > _WIDTH:
            yield line
            line = word.strip()
        else:
            line += word
    yield line + (" ..." if len(shots) > _SHOWN else "")


def _fields(source: Document) -> str:
    fields = source["fields"]
    content = {
        "progressive": "whole frames",
        "interlaced": f"two fields of different moments in each frame, {fields['first']} field first",
        "mixed": "frames of one moment and frames of two",
        "unknown": "too little motion to tell",
    }[fields["content"]]
    if fields["content"] == "unknown" and any(each["kind"] == "hard" for each in source["telecine"]):
        content = "frames of one moment and frames of two, in the rhythm of telecine"
    flagged = fields["flagged"]
    if not flagged:
        return f"{content}; none flagged interlaced"
    return f"{content}; {flagged} of {source['frames']} frames flagged interlaced, their color is made for each field"


def _color(source: Document) -> str:
    found = source["colored"]
    if not found["frames"]:
        return "black and white"
    if found["frames"] == source["frames"]:
        return "in color already; run passes it through (--recolor)"
    parts = [
        f"{_clock(part['second'])} ({_count(part['stop'] - part['start'], 'frame')})"
        for part in found["parts"][:_SHOWN]
    ]
    more = " ..." if len(found["parts"]) > _SHOWN else ""
    return f"in color already at {', '.join(parts)}{more}; run passes them through (--recolor)"


def _damage(damage: Document) -> str:
    words = [
        "cut off at its end" if damage["cut"] else "",
        f"{_count(damage['lost'], 'frame')} lost" if damage["lost"] else "",
        f"{_count(damage['concealed'], 'picture')} only partly there" if damage["concealed"] else "",
        f"{_count(damage['unread'], 'place')} of the file unreadable" if damage["unread"] else "",
        f"{_count(damage['early'], 'frame')} before the first whole picture" if damage["early"] else "",
    ]
    found = ", ".join(word for word in words if word)
    places = [place["second"] for place in damage["places"] if place["second"] is not None]
    return f"{found}{f'; the first at {_clock(places[0])}' if places else ''}" if found else "none"


def _estimate(estimate: Document) -> str:
    text = f"about {_duration(estimate['seconds'])} to color on this machine"
    if estimate["work_bytes"] is None:
        return text
    least, most = (a + b for a, b in zip(estimate["work_bytes"], estimate["result_bytes"], strict=True))
    free = estimate["free_bytes"]
    of = "" if free is None else f" ({size_text(free)} are free beside it)"
    return f"{text}, {size_text(least)} to {size_text(most)} of disk while it works{of}"


def _clock(second: float) -> str:
    sign, second = ("-", -second) if second < 0 else ("", second)
    tenths = round(second * 10)
    hours, minutes = tenths // 36000, tenths // 600 % 60
    rest = f"{tenths // 10 % 60:02d}.{tenths % 10}"
    return f"{sign}{hours}:{minutes:02d}:{rest}" if hours else f"{sign}{minutes}:{rest}"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
