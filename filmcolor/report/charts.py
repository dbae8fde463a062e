"""The plots of the page, each from result documents; "" where there is nothing to draw."""

from collections.abc import Sequence
from html import escape
from typing import Any

from filmcolor.report.svg import WIDTH, Axes, dot, legend, line, number, picture

Document = dict[str, Any]
_KINDS = ("s1", "s2", "s3", "s4", "s5", "s6")


def _figure(title: str, body: str, note: str) -> str:
    return f'<figure class="card chart"><h3>{escape(title)}</h3>{body}<figcaption>{escape(note)}</figcaption></figure>'


def _mean(document: Document, row: str, kind: str, key: str) -> float | None:
    value = document["summary"].get(row, {}).get(kind, {}).get(key, {}).get("mean")
    return None if value is None else float(value)


def quality_against_speed(documents: Sequence[Document]) -> str:
    """Color difference of each result against how fast it was colored, with the baselines as lines."""
    points = []
    for d in documents:
        row, seconds = d["subject"]["row"], d.get("seconds", {}).get("coloring", 0)
        value = _mean(d, row, "pictures", "ciede2000") or _mean(d, row, "clips", "ciede2000")
        colored = d["data"]["pictures"] + d["data"]["frames"]
        if value is not None and seconds > 0:
            points.append((colored / seconds, value, row))
    if not points:
        return ""
    kind = "pictures" if documents[0]["data"]["pictures"] else "clips"
    levels = [
        (row, v)
        for row in ("gray", "mean", "half")
        if (v := _mean(documents[0], row, kind, "ciede2000")) is not None
    ]
    top = 1.15 * max([y for _, y, _ in points] + [v for _, v in levels])
    fast, slow = max(x for x, _, _ in points), min(x for x, _, _ in points)
    axes = Axes(
        (slow / 3, fast * 3),
        (0, top),
        "pictures and frames colored per second",
        "CIEDE2000, lower is better",
        log_x=True,
    )
    body = axes.frame()
    taken: list[float] = []
    for row, value in levels:
        left, y = axes.at(axes.x[0], value)
        beside = sum(abs(y - other) < 14 for other in taken)  # names of near lines stand side by side
        taken.append(y)
        body += f'<path class="level" d="M{left} {y}H{WIDTH - 16}"/>'
        body += (
            f'<text class="mark" x="{WIDTH - 20 - 52 * beside}" y="{y - 5}" text-anchor="end">{row}</text>'
        )
    for i, (x, y, row) in enumerate(points):
        at = axes.at(x, y)
        body += dot(at, _KINDS[i % 6], f"{row}: {number(x)} per second, {number(y)} dE00", 6)
        body += f'<text class="mark strong" x="{at[0] + 10}" y="{at[1] + 4}">{escape(row)}</text>'
    return _figure(
        "Quality against speed",
        picture(body, "quality against speed"),
        "Coloring time includes reading and writing the files. Dashed: rows that need no network.",
    )


def picture_differences(document: Document) -> str:
    """Every picture's color difference, sorted, beside what leaving it gray would score."""
    row = document["subject"]["row"]
    items = [
        (i["rows"][row]["ciede2000"], i["rows"]["gray"]["ciede2000"], i["name"]) for i in document["pictures"]
    ]
    if len(items) < 2:
        return ""
    items.sort()
    axes = Axes(
        (0, len(items) - 1),
        (0, 1.08 * max(max(a, b) for a, b, _ in items)),
        "pictures, best first",
        "CIEDE2000",
    )
    body = axes.frame([])
    for i, (own, gray, name) in enumerate(items):
        at, other = axes.at(i, own), axes.at(i, gray)
        body += f'<path class="stem" d="M{at[0]} {at[1]}V{other[1]}"/>' + dot(
            other, "gray", f"{name}: gray {number(gray)}", 2.6
        )
        body += dot(at, "s1", f"{name}: {number(own)}", 3.4)
    worse = sum(own > gray for own, gray, _ in items)
    return _figure(
        "Every picture", legend([("s1", row), ("gray", "left gray")]) + picture(body, "color difference of every picture"),
        f"{worse} of {len(items)} pictures are farther from their truth than their gray version.",
    )  # fmt: skip


def clips(document: Document, key: str, title: str, unit: str, note: str) -> str:
    """One figure of every clip beside the truth's own."""
    row = document["subject"]["row"]
    items = [
        (c["name"].rsplit("/", 1)[-1], c["rows"][row].get(key), c["rows"]["truth"].get(key))
        for c in document["clips"]
    ]
    known = sorted(
        ((n, float(a), float(b)) for n, a, b in items if a is not None and b is not None), key=lambda x: x[2]
    )
    if not known:
        return ""
    height = 46 + 17 * len(known) + 30
    top = 1.06 * max(max(a, b) for _, a, b in known) or 1.0
    left, right = 158, WIDTH - 16

    def across(value: float) -> float:
        return round(left + value / top * (right - left), 1)

    body = ""
    for value in _axis(top):
        body += f'<path class="grid" d="M{across(value)} 10V{height - 40}"/><text class="tick" x="{across(value)}" y="{height - 24}" text-anchor="middle">{number(value)}</text>'
    for i, (name, own, true) in enumerate(known):
        y = 22 + 17 * i
        short = name if len(name) <= 22 else name[:21] + "…"
        body += f'<text class="tick" x="{left - 10}" y="{y + 4}" text-anchor="end">{escape(short)}</text>'
        body += f'<path class="stem" d="M{across(own)} {y}H{across(true)}"/>'
        body += dot((across(true), y), "truth", f"{name}: truth {number(true)}") + dot(
            (across(own), y), "s1", f"{name}: {number(own)}"
        )
    body += f'<text class="name" x="{(left + right) / 2}" y="{height - 6}" text-anchor="middle">{escape(unit)}</text>'
    return _figure(title, legend([("s1", row), ("truth", "truth")]) + picture(body, title, height), note)


def _axis(top: float) -> list[float]:
    from filmcolor.report.svg import ticks

    return ticks(0, top)


def speeds(document: Document) -> str:
    """Frames per second of each film, with quartiles, beside those of decode and encode alone."""
    films = [f for f in document["films"] if f.get("series") != "length"]
    if not films:
        return ""
    highest = max(max(f["fps"]["high"], f.get("transcode_fps", f["fps"])["high"]) for f in films)
    height, left, right = 30 + 62 * len(films) + 20, 118, WIDTH - 150
    body = ""
    for i, f in enumerate(films):
        y = 14 + 62 * i
        body += (
            f'<text class="mark strong" x="{left - 12}" y="{y + 18}" text-anchor="end">{f["height"]}p</text>'
        )
        body += (
            f'<text class="tick" x="{left - 12}" y="{y + 34}" text-anchor="end">{f["frames"]} frames</text>'
        )
        for j, (key, kind) in enumerate((("fps", "s1"), ("transcode_fps", "gray"))):
            spread = f.get(key)
            if spread is None:
                continue
            width, at = (right - left) * spread["median"] / highest, y + 4 + 22 * j
            low, high = ((right - left) * spread[k] / highest for k in ("low", "high"))
            body += f'<rect class="{kind}" x="{left}" y="{at}" width="{width:.1f}" height="18" rx="3"/>'
            body += f'<path class="whisker" d="M{left + low:.1f} {at + 9}H{left + high:.1f}"/>'
            body += f'<text class="mark" x="{left + max(width, high) + 8:.1f}" y="{at + 13}">{number(spread["median"])} frames/s</text>'
        ratio = f["transcode_ratio"]["median"]
        body += (
            f'<text class="mark strong" x="{WIDTH - 8}" y="{y + 26}" text-anchor="end">{ratio:.2f}×</text>'
        )
    name = legend([("s1", "filmcolor, whole film"), ("gray", "decode and encode alone")])
    return _figure(
        "Speed", name + picture(body, "frames per second", height),
        "Medians with quartiles; right: our time over that of decoding and encoding the same colored frames.",
    )  # fmt: skip


def stages(document: Document) -> str:
    """Busy time of each stage, in milliseconds a frame."""
    films = [f for f in document["films"] if f.get("stages") and f.get("series") != "length"]
    if not films:
        return ""
    names = list(dict.fromkeys(name for f in films for name in f["stages"]))
    highest = max(sum(f["stages"].values()) / f["frames"] for f in films)
    height, left, right = 24 + 46 * len(films) + 14, 78, WIDTH - 96
    body = ""
    for i, f in enumerate(films):
        y, at = 14 + 46 * i, float(left)
        body += (
            f'<text class="mark strong" x="{left - 12}" y="{y + 19}" text-anchor="end">{f["height"]}p</text>'
        )
        for j, name in enumerate(names):
            per_frame = f["stages"].get(name, 0) / f["frames"]
            width = (right - left) * per_frame / highest
            body += f'<rect class="{_KINDS[j % 6]}" x="{at:.1f}" y="{y}" width="{max(width - 1, 0):.1f}" height="28" rx="2"><title>{escape(name)}: {1000 * per_frame:.1f} ms a frame</title></rect>'
            at += width
        total = 1000 * sum(f["stages"].values()) / f["frames"]
        body += f'<text class="mark" x="{at + 8:.1f}" y="{y + 19}">{number(total)} ms</text>'
    keys = legend([(_KINDS[j % 6], name) for j, name in enumerate(names)])
    return _figure(
        "Time of each stage, per frame",
        keys + picture(body, "time of each stage", height),
        "Busy time; stages overlap, so the sum may exceed the wall time.",
    )


def memory(document: Document) -> str:
    """Resident memory over time of each film."""
    films = [f for f in document["films"] if len(f["memory"]) > 1]
    if not films:
        return ""
    last = max(f["memory"][-1][0] for f in films)
    axes = Axes(
        (0, last), (0, 1.1 * max(f["peak_rss_mib"] for f in films)), "seconds", "resident memory, MiB"
    )
    body = axes.frame()
    for i, f in enumerate(films):
        body += line([axes.at(t, m) for t, m in f["memory"]], _KINDS[i % 6])
    keys = legend([(_KINDS[i % 6], f["name"]) for i, f in enumerate(films)])
    return _figure(
        "Memory over time",
        keys + picture(body, "memory over time"),
        "From the start of the process: loading the network comes first. Longer films must not need more.",
    )
