"""Colors that wait in the workspace for later segments, in whichever process those are made."""

import io
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from filmcolor.files import publish

Half = npt.NDArray[np.float16]


def store_colors(path: Path, ab: Half) -> None:
    """Keep ab (..., 2, ah, aw). Raises OSError."""
    part = path.with_name(f"{path.stem}.{os.getpid()}.part")  # two processes may make the same segment
    packed = io.BytesIO()
    np.save(packed, ab)
    part.write_bytes(packed.getvalue())  # numpy's own writing does not say that a disk is full
    publish(part, path)


def stored_colors(path: Path, axes: int) -> Half | None:
    """Return stored ab, or None where it cannot be read. axes: 3 of a single anchor's, 4 of those of several."""
    try:
        ab: Half = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return ab if ab.dtype == np.float16 and ab.ndim == axes else None
