"""What there is to say of one colored film, as one JSON document; the page draws that and nothing else."""

import time
from dataclasses import asdict
from pathlib import Path

from filmcolor import __version__
from filmcolor.pipeline.figures import GRAY_BELOW, JUMP, FilmFigures, ShotFigures
from filmcolor.pipeline.journal import hash_file
from filmcolor.pipeline.run import RunResult
from filmcolor.report.document import Document, damage_document, named_document, printable, shape_document
from filmcolor.settings import RunSettings

FORMAT = "filmcolor.film/1"


def film_document(source: Path, result: RunResult, settings: RunSettings) -> Document:
    """Return the report of a result. Reads source and result once more, for their SHA-256. Raises OSError."""
    basis = result.basis
    return {
        "format": FORMAT,
        "made": {"filmcolor": __version__, "date": time.strftime("%Y-%m-%dT%H:%M:%S%z")},
        "source": _file(source) | _shape(result),
        "result": _file(result.path),
        "frames": result.frames,
        "anchors": result.anchors,
        "recalled": result.recalled,
        "weights": basis.get("weights"),
        "engine": basis.get("engine"),
        "encoding": basis.get("encoding"),
        "settings": settings.effects(),
        "stage_seconds": {name: round(value, 3) for name, value in result.stage_seconds.items()},
        "partial": result.partial,
        "damage": None if result.damage is None else damage_document(result.damage),
        "warnings": [printable(line) for line in result.warnings],
        "color": None if result.figures is None else _color(result.figures),
    }


def copied_document(made: Document, source: Path, result: Path) -> Document:
    """Return the report of a result that was copied, for a source of the same content, from the one that `made` is of.

    Reads both files once more. Raises OSError, and ValueError where `made` is no report.
    """
    if not isinstance(made, dict) or made.get("format") != FORMAT:
        raise ValueError(f"its format is not {FORMAT}")
    copied = {"copied": made["result"]["path"], "result": _file(result)}
    return {**made, "source": {**made["source"], **_file(source)}, **copied}


def _file(path: Path) -> Document:
    """Return name, size and SHA-256; a sequence has none of the last two."""
    found = named_document(path)
    if path.is_file():
        found |= {"bytes": path.stat().st_size, "sha256": hash_file(path)}
    return found


def _shape(result: RunResult) -> Document:
    info = result.info
    if info is None:
        return {}
    return {
        **shape_document(info),
        "rate": None if info.rate is None else float(info.rate),
        "interlaced": info.interlaced,
    }


def _color(figures: FilmFigures) -> Document:
    """Return the figures of all shots, and of the film: means weigh each frame the same."""
    shots, passed = figures.shots, figures.passed
    frames = sum(shot.stop - shot.start for shot in shots)
    bends = [(s.flicker, s.stop - s.start - 2) for s in shots if s.flicker is not None]
    inner = sum(count for _, count in bends)
    return {
        "gray_below": GRAY_BELOW,
        "jump": JUMP,
        "missing": figures.missing,
        "passed": {"frames": sum(s.stop - s.start for s in passed), "shots": [asdict(s) for s in passed]},
        "gray": sum(shot.gray for shot in shots),
        "jumps": sum(shot.jumps for shot in shots),
        "chroma": _mean(shots, "chroma", frames),
        "outside": _mean(shots, "outside", frames),
        "flicker": round(sum(f * n for f, n in bends) / inner, 4) if inner else None,
        "shots": [asdict(shot) for shot in shots],
    }


def _mean(shots: tuple[ShotFigures, ...], name: str, frames: int) -> float | None:
    if not frames:
        return None
    total: float = sum(getattr(shot, name) * (shot.stop - shot.start) for shot in shots)
    return round(total / frames, 5)
