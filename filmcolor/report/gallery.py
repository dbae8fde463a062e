"""Before, after and truth: sliders for pictures, strips for clips; the pictures are inside the page."""

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from filmcolor.errors import InputError

Document = dict[str, Any]
LARGEST = 4 * 2**20
"""Bytes of pictures in a page: what comes after is left out, so that the page stays under 5 MB."""
_ROLES = (("before", "gray source"), ("after", "colored"), ("truth", "truth"))


def _inline(path: Path) -> str:
    try:
        return "data:image/webp;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
    except OSError as error:
        raise InputError(f"{path}: cannot read this picture of the report: {error.strerror}") from error


def gallery(documents: Sequence[tuple[Document, Path]]) -> str:
    """Return sliders and strips of results, each with the folder of its JSON file.

    Samples whose files are gone are told in one line: a JSON file may travel alone. Raises InputError
    where one is there and cannot be read.
    """
    parts, spent, gone = [], 0, 0
    order = {"best": 0, "median": 1, "worst": 2}
    for document, folder in documents:
        samples = sorted(document.get("samples", []), key=lambda s: (s["kind"], order[s["rank"]]))
        sliders: list[tuple[dict[str, Any], dict[str, Path]]] = []
        strips: list[tuple[dict[str, Any], dict[str, Path]]] = []
        for sample in samples:
            paths = {role: folder / name for role, name in sample["files"].items()}
            if not all(_below(p, folder) and p.is_file() for p in paths.values()):
                gone += 1
                continue
            size = sum(p.stat().st_size for p in paths.values()) * 4 // 3
            if spent + size > LARGEST:
                gone += 1
                continue
            spent += size
            (sliders if sample["kind"] == "picture" else strips).append((sample, paths))
        row = escape(document["subject"]["row"])
        if sliders:
            parts.append(
                f'<div class="gallery">{"".join(_slider(s, p, row, document) for s, p in sliders)}</div>'
            )
        parts.extend(_strip(s, p, row) for s, p in strips)
    if gone:
        parts.append(
            f'<p class="note">{gone} samples are not shown: their files are not beside the result, or too large.</p>'
        )
    return "".join(parts)


def _below(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _slider(sample: dict[str, Any], paths: dict[str, Path], row: str, document: Document) -> str:
    item = next((i for i in document["pictures"] if i["name"] == sample["name"]), None)
    score = ""
    if item:
        found = item["rows"][document["subject"]["row"]]
        score = f"{found['ciede2000']:.1f} dE00, {found['psnr']:.1f} dB"
    name = escape(sample["name"].rsplit("/", 1)[-1])
    images = "".join(
        f'<img class="{role}" src="{_inline(paths[role])}" alt="{name}, {text}" draggable="false">'
        for role, text in _ROLES
    )
    choices = "".join(
        f'<button type="button" data-under="{role}" aria-pressed="{"true" if role == "before" else "false"}">{text}</button>'
        for role, text in (("before", "gray"), ("truth", "truth"))
    )
    return (
        f'<figure class="card sample" data-under="before"><div class="stage">{images}<div class="bar" aria-hidden="true"></div>'
        f'<span class="tag left">gray</span><span class="tag right">{row}</span>'
        f'<input type="range" min="0" max="100" step="0.5" value="50" aria-label="{name}: how much of the left picture shows"></div>'
        f'<figcaption><span class="rank {sample["rank"]}">{sample["rank"]}</span><b>{name}</b><small>{score}</small>'
        f'<span class="choice" role="group" aria-label="left side">{choices}</span></figcaption></figure>'
    )


def _strip(sample: dict[str, Any], paths: dict[str, Path], row: str) -> str:
    name = escape(sample["name"].rsplit("/", 1)[-1])
    lines = "".join(
        f'<div class="film"><span>{row if role == "after" else text}</span><img src="{_inline(paths[role])}" alt="{name}, {text}" loading="lazy"></div>'
        for role, text in (_ROLES[0], _ROLES[1], _ROLES[2])
    )
    return f'<figure class="card strip"><figcaption><span class="rank {sample["rank"]}">{sample["rank"]}</span><b>{name}</b></figcaption>{lines}</figure>'
