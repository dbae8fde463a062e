"""How far a batch is, and what became of every film: ledgers (all shards together) -> documents and lines."""

import csv
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filmcolor.batch.ledger import STATES, Film, Ledger, ledgers_in, merged
from filmcolor.batch.plan import settings_from
from filmcolor.files import write_text
from filmcolor.settings import RunSettings

if TYPE_CHECKING:
    from filmcolor.batch.batch import Outcome

Document = dict[str, Any]
REPORT = "filmcolor batch 1"


def base_of(ledger: Ledger) -> RunSettings:
    """Return the settings of the last run on a ledger."""
    text = ledger.about().get("settings")
    return RunSettings() if text is None else settings_from(text)


def summary(out: Path) -> Document:
    """Return how far a batch is. Raises OutputError where there is none, or its ledger cannot be read."""
    films = dict.fromkeys(STATES, 0)
    segments: dict[str, int] = {}
    failed: list[Document] = []
    running: list[Document] = []
    totals = {"frames": 0, "total": 0, "seconds": 0.0, "lost": 0}
    paths = ledgers_in(out)
    for ledger in merged(paths):
        for state, count in ledger.counts().items():
            films[state] += count
        for name, count in ledger.segment_counts().items():
            segments[name] = segments.get(name, 0) + count
        made = ledger.frames_made()
        for key, value in ledger.totals().items():
            totals[key] += value
        totals["frames"] += sum(made.values())
        failed += [
            {"film": f.source, "error": f.error, "code": f.code, "attempts": f.attempts}
            for f in ledger.films("failed")
        ]
        running += [
            {"film": f.source, "worker": f.worker, "host": f.host, "since": f.began, "frames": made.get(f.id, 0),
             "total": f.total}
            for f in ledger.films("running")
        ]  # fmt: skip
    return {
        "out": str(out), "ledgers": len(paths), "films": films, "segments": segments, **totals,
        "running": running, "failed": failed,
    }  # fmt: skip


def lines_of(found: Document, *, only_failed: bool = False) -> Iterator[str]:
    """Yield the lines of a summary for people."""
    if not only_failed:
        films = found["films"]
        shards = f" in {found['ledgers']} shards" if found["ledgers"] > 1 else ""
        yield f"{sum(films.values())} films{shards}: " + ", ".join(f"{films[s]} {s}" for s in STATES)
        segments = sum(found["segments"].values())
        yield f"{found['frames']} of {found['total']} frames, {segments} segments"
        if found["lost"]:
            yield f"{found['lost']} frames were lost to damage"
        for row in found["running"]:
            since = time.time() - (row["since"] or time.time())
            where = f"{row['worker']} on {row['host']}" if row["host"] else f"{row['worker']}"
            yield f"running: {row['film']} ({where}, for {since:.0f} s)"
    for row in found["failed"]:
        named = str(row["error"]).startswith(row["film"])
        yield f"failed: {row['error']}" if named else f"failed: {row['film']}: {row['error']}"


def report_document(out: Path) -> Document:
    """Return what became of every film."""
    films: list[Document] = []
    about: list[Document] = []
    for ledger in merged(ledgers_in(out)):
        about.append({**ledger.about(), "ledger": ledger.path.name})
        films += [_row(film) for film in ledger.films()]
    return {
        "format": REPORT,
        "out": str(out),
        "made": time.strftime("%Y-%m-%d %H:%M:%S"),
        "batches": about,
        "films": films,
    }


def _row(film: Film) -> Document:
    colored = film.frames and film.seconds and film.same_as is None
    rate = film.frames / film.seconds if colored and film.frames and film.seconds else None
    return {
        "film": film.source, "result": film.out, "kind": film.kind, "state": film.state,
        "attempts": film.attempts, "worker": film.worker, "host": film.host, "began": film.began,
        "ended": film.ended, "seconds": film.seconds, "width": film.width, "height": film.height,
        "frames": film.frames, "shots": film.shots, "anchors": film.anchors,
        "frames_per_second": None if rate is None else round(rate, 3), "frames_lost": film.lost,
        "warnings": film.lines, "error": film.error, "exit_code": film.code, "same_as": film.same_as,
        "source_bytes": film.size, "source_fingerprint": film.fingerprint, "source_sha256": film.sha256,
        "result_bytes": film.out_size, "result_sha256": film.out_sha256, "settings": film.settings,
        "report": film.report,
    }  # fmt: skip


def write_reports(out: Path, html: Path | None, table: Path | None, document: Path | None) -> Iterator[Path]:
    """Write the page, the table and the document, by default into OUT; yield each path. Raises OutputError."""
    from filmcolor.report.vault import vault_page

    found = report_document(out)
    page, table, document = (
        html or out / "batch.html",
        table or out / "batch.csv",
        document or out / "batch.json",
    )
    texts = (
        (page, vault_page(found, page.parent)),
        (document, json.dumps(found, indent=1) + "\n"),
        (table, _csv(found)),
    )
    for path, text in texts:
        write_text(text, path)
        yield path


def _csv(document: Document) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(_row(Film())))
    writer.writeheader()
    for row in document["films"]:
        writer.writerow({**row, "warnings": "; ".join(row["warnings"])})
    return text.getvalue()


def outcome_document(outcome: "Outcome", dry_run: bool) -> Document:
    """Return what came of a run, for programs."""
    from filmcolor.batch.estimate import estimate

    rows = [
        {"film": f.source, "result": f.out, "kind": f.kind, "state": f.state, "frames": f.frames or f.total,
         "bytes": f.bytes, "lost": f.lost, "error": f.error, "same_as": f.same_as, "seconds": f.seconds}
        for f in outcome.films
    ]  # fmt: skip
    found: Document = {
        "films": rows, "to_do": outcome.to_do, "kept": outcome.kept, "failed": len(outcome.failed),
        "problems": list(outcome.problems), "ignored": outcome.ignored, "seconds": round(outcome.seconds, 3),
    }  # fmt: skip
    if dry_run:
        found["estimate"] = estimate(outcome.films)
    return found


def outcome_lines(outcome: "Outcome", dry_run: bool) -> Iterator[str]:
    """Yield the lines of an outcome for people."""
    from filmcolor.batch.estimate import estimate_lines

    if dry_run:
        for film in outcome.films:
            if film.state == "waiting":
                yield f"{film.source} -> {film.out}"
            elif film.state == "failed":
                yield f"{film.source}: cannot be done: {film.error}"
        yield from estimate_lines(outcome.films)
    others = f", {outcome.ignored} other files left out" if outcome.ignored else ""
    kept = f", {outcome.kept} were done before" if outcome.kept else ""
    done = sum(film.state == "done" for film in outcome.films) - outcome.kept
    word = f"{outcome.to_do} to do" if dry_run else f"{done} done"
    yield f"{len(outcome.films)} films and pictures: {word}, {len(outcome.failed)} failed{kept}{others}"
