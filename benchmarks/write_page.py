"""Write docs/benchmarks.md from the newest committed results. usage: python benchmarks/write_page.py [OUT.md]"""

import sys
from pathlib import Path

from filmcolor.quality.document import Document, read_document

HERE = Path(__file__).resolve().parent
QUALITY = [
    ("pictures", "psnr", "PSNR, dB", 2), ("pictures", "psnr_gain", "over gray, dB", 2),
    ("pictures", "ciede2000", "CIEDE2000", 2), ("pictures", "cf", "colorfulness", 1),
    ("pictures", "stlpips", "ST-LPIPS", 3), ("clips", "ab_error", "clips: ab error", 2),
    ("clips", "cf", "clips: colorfulness", 1), ("clips", "warp_ab", "clips: E_warp ab", 2),
    ("clips", "flicker_ab", "clips: flicker", 3),
]  # fmt: skip


def machine(document: Document) -> str:
    """Return machine, version, date and command of a result."""
    m, made = document["machine"], document["made"]
    gpu = f", {m['gpu']}" if m.get("gpu") else ""
    return f"{m['cpu']}, {m['cores']} cores{gpu}; filmcolor {made['filmcolor']}, {made['date'][:10]}; `{made['command']}`"


def quality(document: Document) -> list[str]:
    """Return the table of color and steadiness."""
    row, data = document["subject"]["row"], document["data"]
    lines = [
        f"{data['pictures']} pictures, {data['clips']} clips ({data['frames']} frames). {machine(document)}", "",
        "| row | " + " | ".join(name for *_, name, _ in QUALITY) + " |", "|---|" + "---:|" * len(QUALITY),
    ]  # fmt: skip
    for name in ("truth", row, "half", "mean", "gray"):
        cells = []
        for place, key, _, digits in QUALITY:
            found = document["summary"][name][place].get(key, {})
            cell = "–" if found.get("mean") is None else f"{found['mean']:.{digits}f}"
            if name == row and found.get("mean") is not None:
                cell += f" ({found['low']:.{digits}f} to {found['high']:.{digits}f})"
            cells.append(cell)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    for key, reason in document["not_measured"].items():
        lines += ["", f"Not measured: {key} ({reason})."]
    return lines


def speed(document: Document) -> list[str]:
    """Return the table of speed."""
    lines = [
        machine(document), "",
        "| film | frames/s | × decode and encode | CPU-ms added a frame | peak MiB |", "|---|---:|---:|---:|---:|",
    ]  # fmt: skip
    for film in document["films"]:
        lines.append(
            f"| {film['name']} | {film['fps']['median']:.1f} | {film['transcode_ratio']['median']:.2f} "
            f"| {film['added_cpu_ms']['median']:.0f} | {film['peak_rss_mib']:.0f} |"
        )
    return lines


def main() -> None:
    """Write the page from the newest results."""
    folders = sorted(
        (HERE / "results").iterdir(), key=lambda p: [int(n) for n in p.name.split(".") if n.isdigit()]
    )
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "docs" / "benchmarks.md"
    lines = [
        "# Measured",
        "",
        "Written by `benchmarks/write_page.py` from the committed results; do not edit.",
        "",
    ]
    for path in sorted(folders[-1].glob("*.json")):
        document = read_document(path)
        kind = "quality" if "summary" in document else "speed"
        heading = {"quality": "Color and steadiness", "speed": "Speed and memory"}[kind]
        lines += [f"## {heading}", "", *(quality(document) if kind == "quality" else speed(document)), ""]
    out.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
