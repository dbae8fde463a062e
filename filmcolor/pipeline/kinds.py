"""What a source is: a film, a picture or a numbered sequence, told from its content."""

import os
from pathlib import Path
from typing import Literal

from filmcolor.errors import InputError
from filmcolor.video.sequence import is_pattern
from filmcolor.video.still import is_still

Kind = Literal["film", "picture", "sequence"]


def kind_of(source: Path) -> Kind:
    """Return what a source is, told from its content. Raises InputError where it is none of these."""
    if not os.path.lexists(source) and is_pattern(source):
        return "sequence"
    if not source.exists():
        raise InputError(f"{source}: no such file")
    if source.is_dir():
        return "sequence"
    if not source.is_file():
        raise InputError(f"{source}: not a regular file; filmcolor reads films and pictures from files")
    return "picture" if is_still(source) else "film"
