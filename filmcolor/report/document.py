"""What the documents of this room have in common: how they are written, and what they say of films and damage."""

import json
from pathlib import Path
from typing import Any

from filmcolor.files import write_text
from filmcolor.film import FilmInfo
from filmcolor.video.damage import Damage

Document = dict[str, Any]


def write_document(document: Document, out: Path) -> None:
    """Write a report as JSON. Raises OutputError."""
    write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", out)


def printable(words: str) -> str:
    """Return words that UTF-8 can hold: names of files may be anything."""
    return words.encode("utf-8", "backslashreplace").decode("utf-8")


def named_document(path: Path) -> Document:
    """Return where a file lies and what it is called."""
    return {"path": printable(str(path.absolute())), "name": printable(path.name)}


def shape_document(info: FilmInfo) -> Document:
    """Return in what form a film is stored."""
    return {
        "container": info.container,
        "codec": info.codec,
        "pixel_format": info.pixel_format,
        "width": info.width,
        "height": info.height,
    }


def damage_document(damage: Damage) -> Document:
    """Return what could not be read of a film, and where."""
    return {
        "lost": damage.lost,
        "concealed": damage.concealed,
        "early": damage.early,
        "unread": damage.unread,
        "cut": damage.cut,
        "places": [
            {"second": None if p.second is None else round(float(p.second), 6), "what": p.what, "frames": p.frames}
            for p in damage.places
        ],
    }  # fmt: skip
