"""The tables and facts of the page."""

from collections.abc import Sequence
from html import escape
from typing import Any

Document = dict[str, Any]

_COLUMNS: tuple[tuple[str, str, str, int, str], ...] = (
    ("pictures", "psnr", "PSNR, dB", 2, "higher"),
    ("pictures", "psnr_gain", "over gray, dB", 2, "higher"),
    ("pictures", "ciede2000", "CIEDE2000", 2, "lower"),
    ("pictures", "cf", "colorfulness", 1, "none"),
    ("pictures", "stlpips", "ST-LPIPS", 3, "lower"),
    ("pictures", "lpips", "LPIPS", 3, "lower"),
    ("pictures", "ssim", "SSIM", 3, "higher"),
    ("clips", "ciede2000", "CIEDE2000", 2, "lower"),
    ("clips", "ab_error", "ab error", 2, "lower"),
    ("clips", "cf", "colorfulness", 1, "none"),
    ("clips", "warp_ab", "E_warp ab", 2, "none"),
    ("clips", "flicker_ab", "flicker", 2, "none"),
    ("clips", "drift_32", "drift 32", 2, "none"),
    ("clips", "cdc_excess", "CDC excess", 5, "lower"),
)
_ABOUT = {
    "truth": "the original in color",
    "gray": "luma alone: what doing nothing scores",
    "half": "truth at half its saturation",
    "mean": "one mean color for everything",
}


def rows_of(documents: Sequence[Document]) -> str:
    """Return a table for pictures and one for clips: baselines of the first result, the measured row of each."""
    data = documents[0]["data"]
    names = {
        "pictures": f"{data['pictures']} pictures",
        "clips": f"{data['clips']} clips, {data['frames']} frames",
    }
    return "".join(_table(documents, place, name) for place, name in names.items())


def _table(documents: Sequence[Document], place: str, name: str) -> str:
    first = documents[0]
    lines: list[tuple[str, Document, str]] = [("truth", first, "base")]
    lines += [(d["subject"]["row"], d, "subject") for d in documents]
    lines += [(row, first, "base") for row in ("half", "mean", "gray")]
    shown = [c for c in _COLUMNS if c[0] == place and any(_cell(d, row, place, c[1]) for row, d, _ in lines)]
    if not shown:
        return ""
    arrow = {"higher": " ↑", "lower": " ↓", "none": ""}
    names = "".join(f"<th>{escape(title)}{arrow[way]}</th>" for _, _, title, _, way in shown)
    body = ""
    for row, document, kind in lines:
        about = _ABOUT.get(row, "") if kind == "base" else "measured"
        body += f'<tr class="{kind}"><th scope="row">{escape(row)}<small>{escape(about)}</small></th>'
        for _, key, _, digits, _ in shown:
            body += _figure_cell(_cell(document, row, place, key), digits, interval=kind == "subject")
        body += "</tr>"
    head = f'<tr><th class="group">{name}</th>{names}</tr>'
    return f'<div class="scroll"><table class="rows"><thead>{head}</thead><tbody>{body}</tbody></table></div>'


def _figure_cell(found: dict[str, Any] | None, digits: int, *, interval: bool) -> str:
    if not found:
        return '<td class="none">–</td>'
    small = f"<small>{found['low']:.{digits}f} … {found['high']:.{digits}f}</small>" if interval else ""
    return f"<td>{found['mean']:.{digits}f}{small}</td>"


def _cell(document: Document, row: str, place: str, key: str) -> dict[str, Any] | None:
    found = document["summary"].get(row, {}).get(place, {}).get(key)
    return found if found and found["mean"] is not None else None


def cards(quality: Sequence[Document], speed: Sequence[Document]) -> str:
    """Return the headline figures."""
    found: list[tuple[str, str, str]] = []
    if quality:
        d = quality[0]
        row = d["subject"]["row"]
        summary = d["summary"][row]
        gain = _cell(d, row, "pictures", "psnr_gain")
        if gain:
            found.append(
                (f"{gain['mean']:+.2f} dB", "over gray", f"PSNR of {d['data']['pictures']} pictures")
            )
        difference, gray = _cell(d, row, "pictures", "ciede2000"), _cell(d, "gray", "pictures", "ciede2000")
        if difference and gray:
            found.append((f"{difference['mean']:.2f}", "CIEDE2000", f"gray has {gray['mean']:.2f}"))
        ratio = summary["set"].get("cf_ratio")
        if ratio is not None:
            found.append(
                (
                    f"{100 * ratio:.0f} %",
                    "of the true colorfulness",
                    f"{100 * summary['set']['worse_than_gray']:.0f} % of pictures worse than gray",
                )
            )
        shake, true = _cell(d, row, "clips", "warp_ab"), _cell(d, "truth", "clips", "warp_ab")
        if shake and true and true["mean"] > 0:
            found.append(
                (
                    f"{shake['mean'] / true['mean']:.2f}×",
                    "the truth's warping error",
                    f"ab, {d['data']['clips']} clips",
                )
            )
    for d in speed[:1]:
        film = d["films"][0]
        found.append(
            (
                f"{film['fps']['median']:.1f}",
                "frames per second",
                f"{film['height']}p, {d['machine']['cores']} cores{', ' + d['machine']['gpu'] if d['machine'].get('gpu') else ''}",
            )
        )
        found.append(
            (
                f"{film['transcode_ratio']['median']:.2f}×",
                "of decode and encode",
                f"{film['added_cpu_ms']['median']:.0f} CPU-ms added a frame",
            )
        )
        found.append((f"{film['peak_rss_mib']:,.0f} MiB", "peak memory", "resident, whole process"))
    return '<div class="cards">' + "".join(
        f'<div class="card big"><b>{escape(value)}</b><span>{escape(name)}</span><small>{escape(note)}</small></div>'
        for value, name, note in found
    ) + "</div>"  # fmt: skip


def speed_table(documents: Sequence[Document]) -> str:
    """Return every timed film."""
    body = ""
    for d in documents:
        for f in d["films"]:
            vram = f.get("peak_vram_mib")
            body += (
                f'<tr><th scope="row">{escape(f["name"])}<small>{f["width"]}×{f["height"]}, {escape(f.get("codec", ""))}</small></th>'
                f"<td>{f['fps']['median']:.2f}<small>{f['fps']['low']:.2f} … {f['fps']['high']:.2f}</small></td>"
                f"<td>{f['transcode_ratio']['median']:.2f}<small>{f['transcode_ratio']['low']:.2f} … {f['transcode_ratio']['high']:.2f}</small></td>"
                f"<td>{f['added_cpu_ms']['median']:.1f}</td><td>{f['peak_rss_mib']:,.0f}</td>"
                f"<td>{f'{vram:,.0f}' if vram is not None else '–'}</td><td>{f.get('startup_seconds', 0):.1f}</td><td>{f['fps']['n']}</td></tr>"
            )
    head = "".join(
        f"<th>{n}</th>"
        for n in ("", "frames/s", "× transcode", "CPU-ms added", "peak MiB", "VRAM MiB", "start, s", "runs")
    )
    return f'<div class="scroll"><table class="rows"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def worst(document: Document) -> str:
    """Return the ten worst by name."""
    found = "".join(
        f"<li>{escape(w['name'])} <small>{w['ciede2000']:.1f}</small></li>" for w in document.get("worst", [])
    )
    return f"<ol class='worst'>{found}</ol>" if found else ""


def facts(documents: Sequence[Document]) -> str:
    """Return machine, versions, judges and what was not measured, of each result."""
    parts = []
    for d in documents:
        m = d["machine"]
        entries = [
            ("made", f"{d['made']['date']} by filmcolor {d['made']['filmcolor']}"),
            ("machine", f"{m['cpu']}, {m['cores']} cores, {m.get('memory_mib') or '?'} MiB, {m['system']}"),
            ("GPU", m.get("gpu") or "none"),
            (
                "versions",
                ", ".join([f"Python {m['python']}", *(f"{k} {v}" for k, v in m["packages"].items())]),
            ),
            ("settings", ", ".join(f"{k} {v}" for k, v in d["settings"].items() if v is not None)),
        ]
        if "judges" in d:
            entries += [(key, name) for key, name in d["judges"].items()]
            entries += [(f"{key}: not measured", reason) for key, reason in d["not_measured"].items()]
        rows = "".join(f"<dt>{escape(str(k))}</dt><dd>{escape(str(v))}</dd>" for k, v in entries)
        parts.append(
            f'<div class="card facts"><code class="command">{escape(d["made"]["command"])}</code><dl>{rows}</dl></div>'
        )
    return "".join(parts)
