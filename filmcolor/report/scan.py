"""What `scan` found, as one document: the JSON, the TOML and the lines on the screen say the same."""

from fractions import Fraction
from pathlib import Path

from filmcolor import __version__
from filmcolor.pipeline.disk import DiskNeed
from filmcolor.pipeline.survey import PictureSurvey, Survey
from filmcolor.report.document import Document, damage_document, named_document, printable, shape_document
from filmcolor.video.telecine import FILM_SHARE

FORMAT = "filmcolor.scan/1"


def scan_document(found: list[Document]) -> Document:
    """Return the document of all sources that were scanned."""
    return {"format": FORMAT, "made": {"filmcolor": __version__}, "sources": found}


def source_document(survey: Survey | PictureSurvey) -> Document:
    """Return what one source is."""
    return film_document(survey) if isinstance(survey, Survey) else picture_document(survey)


def picture_document(survey: PictureSurvey) -> Document:
    """Return what a picture is."""
    return {
        **_named(survey.path, "picture"),
        "picture_format": survey.format,
        "width": survey.width,
        "height": survey.height,
        "bits": survey.bits,
        "pages": survey.pages,
        "colored": survey.colored,
        "estimate": {"seconds": _rounded(survey.seconds, 1)},
        "warnings": [printable(line) for line in survey.warnings],
    }


def film_document(survey: Survey) -> Document:
    """Return what a film is. Times are seconds on the film's own clock."""
    info, timing = survey.info, survey.timing
    return {
        **_named(info.path, "film"),
        **shape_document(info),
        "bits": info.bits,
        "aspect": float(info.aspect),
        "rotation": info.rotation,
        "frames": timing.frames,
        "frames_stated": info.frames,
        "time": {
            "first": _second(timing.first),
            "last": _second(timing.last),
            "end": _second(timing.end),
            "constant": timing.constant,
            "rate": _rounded(timing.rate, 4),
            "rate_stated": _rounded(info.rate, 4),
            "shortest_step": _second(timing.shortest),
            "longest_step": _second(timing.longest),
            "gaps": [
                {"second": _second(at), "seconds": _second(long), "frames": frames}
                for at, long, frames in timing.gaps
            ],
        },
        "fields": _fields(survey),
        "telecine": _telecine(survey),
        "colored": _colored(survey),
        "damage": {"partial": survey.partial, **damage_document(survey.damage)},
        "estimate": {
            "seconds": _rounded(survey.seconds, 1),
            "scan_seconds": _rounded(survey.took, 2),
            **_disk(survey.disk),
            "free_bytes": survey.free,
        },
        "warnings": [printable(line) for line in survey.warnings],
        "shots": [
            {
                "number": number,
                "start": shot.start,
                "stop": shot.stop,
                "second": round(shot.second, 6),
                "colored": shot.colored,
            }
            for number, shot in enumerate(survey.shots)
        ],
    }


def _fields(survey: Survey) -> Document:
    fields = survey.fields
    order = ("top" if fields.top_first else "bottom") if fields.content in ("interlaced", "mixed") else None
    return {"flagged": fields.flagged, "content": fields.content, "first": order, "moving": fields.moving}


def _colored(survey: Survey) -> Document:
    """Return what is in color already: frames, shots, and the stretches that neighboring shots make."""
    shots = [shot for shot in survey.shots if shot.colored]
    parts: list[Document] = []
    for shot in shots:
        if parts and parts[-1]["stop"] == shot.start:
            parts[-1]["stop"] = shot.stop
        else:
            parts.append({"start": shot.start, "stop": shot.stop, "second": round(shot.second, 6)})
    return {"frames": sum(shot.stop - shot.start for shot in shots), "shots": len(shots), "parts": parts}


def _telecine(survey: Survey) -> list[Document]:
    """Return each way in which film may lie under the video: soft, hard, or by frames that come again."""
    found: list[Document] = []
    rate, base = survey.timing.rate, survey.info.time_base
    if survey.timing.soft_telecine:
        found.append({"kind": "soft", "film_rate": _rounded(rate, 4)})
    pulldown, repeats = survey.fields.pulldown, survey.fields.repeats
    if pulldown is not None:
        found.append(
            {
                "kind": "hard",
                "film_rate": _rounded(rate and rate * FILM_SHARE, 4),
                "rhythm": pulldown.rhythm,
                "share": round(pulldown.share, 3),
                "first": _second(pulldown.first * base),
                "last": _second(pulldown.last * base),
            }
        )
    if repeats is not None:
        found.append(
            {
                "kind": "repeated frames",
                "film_rate": _rounded(rate and rate * (1 - 1 / repeats.every), 4),
                "every": _rounded(repeats.every, 3),
                "count": repeats.count,
                "first": _second(repeats.first * base),
                "last": _second(repeats.last * base),
            }
        )
    return found


def _named(path: Path, kind: str) -> Document:
    return {**named_document(path), "kind": kind, "bytes": path.stat().st_size}


def _disk(need: DiskNeed | None) -> Document:
    if need is None:
        return {"work_bytes": None, "result_bytes": None}
    return {"work_bytes": list(need.segments), "result_bytes": list(need.result)}


def _second(value: Fraction | None) -> float | None:
    return _rounded(value, 6)


def _rounded(value: Fraction | float | None, digits: int) -> float | None:
    return None if value is None else round(float(value), digits)
