"""Whether a film's work can be written at all, before it begins."""

from dataclasses import replace
from pathlib import Path

from filmcolor.errors import cannot_write
from filmcolor.film import FilmInfo
from filmcolor.pipeline.disk import check_room, disk_need
from filmcolor.pipeline.workspace import part_of
from filmcolor.settings import RunSettings
from filmcolor.video.choose import Encoding


def with_room(
    info: FilmInfo, encoding: Encoding, settings: RunSettings, workspace: Path, out: Path
) -> FilmInfo:
    """Return `info`, with a warning more where the disk may get full on the way.

    workspace: the folder of unfinished work, which exists. Raises OutputError where nothing can be written
    beside `out` or the room is certainly too small.
    """
    part = part_of(out)
    try:
        part.open("ab").close()
        part.unlink()
    except OSError as error:
        raise cannot_write(out.parent, error) from error
    need = disk_need(info, encoding, settings, info.path.stat().st_size)
    if need is None:
        return info
    held = sum(entry.stat().st_size for entry in workspace.glob("segment-*"))
    warning = check_room(need, workspace.parent, out.parent, held)
    return info if warning is None else replace(info, warnings=(*info.warnings, warning))
