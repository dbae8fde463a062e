"""How long a batch will take, and how much disk: a rough word before any work."""

from collections.abc import Iterator, Sequence
from typing import Any

from filmcolor.batch.ledger import Film
from filmcolor.pipeline.estimate import PICTURE_SECONDS, film_seconds


def seconds_of(film: Film) -> float | None:
    """Return the seconds that one worker takes for a film, None where its frames are not known."""
    if film.kind == "picture":
        return PICTURE_SECONDS
    if not film.total or not film.width or not film.height:
        return None
    return film_seconds(film.total, film.width, film.height)


def estimate(films: Sequence[Film]) -> dict[str, Any]:
    """Return worker seconds and bytes of the films that wait, and how many nobody can tell."""
    waiting = [film for film in films if film.state == "waiting"]
    known = [seconds for film in waiting if (seconds := seconds_of(film)) is not None]
    measured = sum(film.seconds or 0 for film in films if film.frames and film.state == "done")
    frames = sum(film.frames or 0 for film in films if film.seconds and film.state == "done")
    return {
        "worker_seconds": round(sum(known), 1),
        "bytes": sum(film.bytes or 0 for film in waiting),
        "films_without_estimate": len(waiting) - len(known),
        "measured_seconds_a_frame": round(measured / frames, 4) if frames else None,
    }


def estimate_lines(films: Sequence[Film]) -> Iterator[str]:
    """Yield the estimate for people."""
    found = estimate(films)
    hours = found["worker_seconds"] / 3600
    unknown = found["films_without_estimate"]
    besides = f", {unknown} films cannot be estimated" if unknown else ""
    yield (
        f"estimate: {hours:.2f} hours of one CPU worker (divide by the workers), "
        f"{found['bytes'] / 1e9:.2f} GB of disk while it works{besides}"
    )
