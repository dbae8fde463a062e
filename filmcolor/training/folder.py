"""The folder of a training run."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filmcolor.errors import FullError, OutputError, is_full


@contextlib.contextmanager
def run_folder(out: Path) -> Iterator[None]:
    """Make the folder of a run; where the run fails before anything is in it, remove it. Raises OutputError."""
    made = [folder for folder in (out / "kept", out) if not folder.exists()]
    try:
        (out / "kept").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{out}: cannot make this folder: {error}") from error
    ended = False
    try:
        yield
        ended = True
    except OSError as error:
        kind = FullError if is_full(error) else OutputError
        raise kind(
            f"{error.filename or out}: cannot write: {error.strerror or error}; the last checkpoint is kept: "
            "go on with --resume"
        ) from error
    finally:
        # one of several processes that ends must not take what is still empty from those that write
        for folder in () if ended else made:
            with contextlib.suppress(OSError):
                folder.rmdir()  # only where it is empty
