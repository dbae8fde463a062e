"""Whether there is room on the disk to begin a film."""

import shutil
from pathlib import Path

from filmcolor.batch.ledger import Film
from filmcolor.files import size_text


def no_room(film: Film, folder: Path, reserved: int, spent: int, limit: int | None) -> str:
    """Return why a film cannot be begun now, or "".

    folder: of its result. reserved: bytes that films at work may still take. spent: bytes of this run's results.
    limit: of both together, or None.
    """
    most, least = film.bytes or 0, film.least or 0
    name = Path(film.source).name
    free = _free(folder)
    if free is not None and least > free:
        return f"{folder}: {size_text(free)} free, {name} needs at least {size_text(least)}"
    if limit is not None and spent + reserved + most > limit:
        return (
            f"{film.source}: needs up to {size_text(most)}, and {size_text(spent + reserved)} of --limit-disk "
            f"{size_text(limit)} are taken"
        )
    return ""


def _free(folder: Path) -> int | None:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
