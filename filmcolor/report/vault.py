"""The page of a batch: what became of every film, in one self-contained file."""

import os
import time
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from filmcolor.files import as_path, size_text
from filmcolor.report.html import section, whole_page

Document = dict[str, Any]
_STATES = (("done", "s4"), ("running", "s2"), ("waiting", "gray"), ("failed", "s1"))


def vault_page(document: Document, folder: Path) -> str:
    """Return the page of a batch's document. folder: where the page will lie; results are linked from there."""
    films: list[Document] = document["films"]
    title = f"Batch {Path(document['out']).absolute().name}"
    body = _cards(films) + _bar(films)
    failed = [film for film in films if film["state"] == "failed"]
    worth = [
        film for film in films if film["state"] != "failed" and (film["warnings"] or film["frames_lost"])
    ]
    body += section(
        "Failed", _reasons(failed, "error"), f"Try these again with: filmcolor batch retry {document['out']}"
    )
    body += section("Done, with warnings", _reasons(worth, "warnings"))
    body += section("Every film", _table(films, folder))
    body += section("How it was made", _facts(document))
    return whole_page(title, document["made"], body, styles=("vault.css",))


def _cards(films: Sequence[Document]) -> str:
    done = [film for film in films if film["state"] == "done"]
    frames = sum(film["frames"] or 0 for film in done)
    seconds = sum(film["seconds"] or 0 for film in done)
    size = sum(film["result_bytes"] or 0 for film in done)
    lost = sum(film["frames_lost"] or 0 for film in done)
    copies = sum(film["same_as"] is not None for film in done)
    found = [
        (
            f"{len(done)} of {len(films)}",
            "films done",
            f"{copies} as copies of the same content" if copies else "",
        ),
        (f"{sum(f['state'] == 'failed' for f in films)}", "failed", "see their reasons below"),
        (f"{frames:,}", "frames colored", f"{lost:,} lost to damage"),
        (_time(seconds), "of work", "all workers together"),
        (f"{frames / seconds:.1f}" if seconds else "–", "frames per second", "and worker"),
        (size_text(size), "of results", ""),
    ]
    cards = "".join(
        f'<div class="card big"><b>{escape(value)}</b><span>{escape(name)}</span><small>{escape(note)}</small></div>'
        for value, name, note in found
    )
    return f'<div class="cards">{cards}</div>'


def _bar(films: Sequence[Document]) -> str:
    counts = [(state, kind, sum(film["state"] == state for film in films)) for state, kind in _STATES]
    parts = "".join(
        f'<i class="{kind}" style="flex-grow:{count}" title="{count} {state}"></i>'
        for state, kind, count in counts
        if count
    )
    keys = "".join(
        f'<span><i class="{kind}"></i>{count} {state}</span>' for state, kind, count in counts if count
    )
    return f'<div class="states">{parts}</div><p class="legend">{keys}</p>'


def _reasons(films: Sequence[Document], what: str) -> str:
    rows = ""
    for film in films:
        found = film[what]
        lines = [str(line) for line in found] if isinstance(found, list) else [str(found)]
        text = "".join(f"<span>{escape(_short(line, film['film']))}</span>" for line in lines)
        lost = f"<span>{film['frames_lost']} frames lost to damage</span>" if film["frames_lost"] else ""
        rows += f"<dt>{escape(Path(film['film']).name)}<small>{escape(film['film'])}</small></dt><dd>{lost}{text}</dd>"
    return f'<dl class="card reasons">{rows}</dl>' if rows else ""


def _short(line: str, film: str) -> str:
    """Return a line without the film's name before it, which stands beside it."""
    return line.removeprefix(f"{film}: ").removeprefix(f"{Path(film).name}: ")


def _table(films: Sequence[Document], folder: Path) -> str:
    kinds = dict(_STATES)
    rows = ""
    for film in films:
        state = film["state"]
        shape = f"{film['width']}×{film['height']}, " if film["width"] else ""
        rate = film["frames_per_second"]
        links = "".join(
            f'<a href="{escape(_link(path, folder))}">{name}</a>'
            for path, name in (
                (film["result"] if state == "done" else None, "result"),
                (film["report"], "report"),
            )
            if path
        )
        rows += (
            f'<tr><th scope="row">{escape(Path(film["film"]).name)}<small>{escape(shape)}{escape(film["kind"] or "")}</small></th>'
            f'<td><span class="state"><i class="{kinds[state]}"></i>{state}</span>'
            f"<small>{film['attempts']} {'try' if film['attempts'] == 1 else 'tries'}</small></td>"
            f"<td>{_number(film['frames'])}</td><td>{_number(film['shots'])}</td>"
            f"<td>{_time(film['seconds']) if film['seconds'] else '–'}</td><td>{f'{rate:.1f}' if rate else '–'}</td>"
            f"<td>{_number(film['frames_lost'])}</td><td>{len(film['warnings']) or '–'}</td>"
            f"<td>{size_text(film['result_bytes']) if film['result_bytes'] else '–'}</td>"
            f'<td><code title="SHA-256 of the result: {escape(film["result_sha256"] or "")}">{escape((film["result_sha256"] or "–")[:10])}</code></td>'
            f"<td class='links'>{links or '–'}</td></tr>"
        )
    names = ("", "state", "frames", "shots", "time", "frames/s", "lost", "warnings", "size", "SHA-256", "")
    head = "".join(f"<th>{name}</th>" for name in names)
    return f'<div class="scroll"><table class="rows"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _facts(document: Document) -> str:
    parts = []
    for batch in document["batches"]:
        entries = [
            ("ledger", batch.get("ledger")),
            ("filmcolor", batch.get("version")),
            ("workers", batch.get("workers")),
        ]
        entries += [("begun", _date(batch.get("began"))), ("ended", _date(batch.get("ended")) or "not yet")]
        entries += [("settings", batch.get("settings")), ("stands on", batch.get("basis"))]
        rows = "".join(f"<dt>{name}</dt><dd>{escape(str(value))}</dd>" for name, value in entries if value)
        parts.append(f'<div class="card facts"><dl>{rows}</dl></div>')
    return "".join(parts)


def _link(path: str, folder: Path) -> str:
    relative = os.path.relpath(as_path(path), folder.absolute()).replace(os.sep, "/")
    return quote(os.fsencode(relative))


def _number(value: int | None) -> str:
    return "–" if not value else f"{value:,}"


def _time(seconds: float) -> str:
    whole = round(seconds)
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _date(value: str | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(float(value))) if value else ""
