"""Whether there is room on the disk to begin a film."""

import shutil
from pathlib import Path

from filmcolor.batch.ledger import Film


def no_room(film: Film, folder: Path, reserved: int, spent: int, limit: int | None) -> str:
    """Return why a film cannot be begun now, or "".

    folder: of its result. reserved: bytes that films at work may still take. spent: bytes of this run's results.
    limit: of both together, or None.
    """
    most, least = film.bytes or 0, film.least or 0
    name = Path(film.source).name
    free = _free(folder)
    if free is not None and least > free:
        return f"{folder}: {_size(free)} free, {name} needs at least {_size(least)}"
    if limit is not None and spent + reserved + most > limit:
        return (
            f"{film.source}: needs up to {_size(most)}, and {_size(spent + reserved)} of --limit-disk "
            f"{_size(limit)} are taken"
        )
    return ""


def _free(folder: Path) -> int | None:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _size(count: int) -> str:
    value = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} TB"
