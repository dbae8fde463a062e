"""The error tree and its exit codes; `cli/main.py` alone turns an error into an exit.

FilmcolorError            what a user can act on: one line, naming the file and what to do
├── InputError      3     unreadable, or not a film or a picture
├── OutputError     4     exists, no space, cannot hold the result
│   ├── BusyError   4     held by another living run
│   └── FullError   4     the disk has no room; make some and run again
├── ModelError      5     weights missing, damaged or other
├── PartialError    6     the result is there, but incomplete
└── RegressionError 7     `bench compare`: slower or worse

Other exit codes: 0 done, 1 our bug, 2 wrong use (Typer's), 130 Ctrl-C, 143 SIGTERM.
"""

import errno
from pathlib import Path

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class FilmcolorError(Exception):
    """One line that says what is wrong and what to do."""

    exit_code = 1


class InputError(FilmcolorError):
    """The input cannot be read, or is not a film or a picture."""

    exit_code = 3


class OutputError(FilmcolorError):
    """The output exists, has no space, or cannot hold the result."""

    exit_code = 4


class BusyError(OutputError):
    """Another living run works on this output."""


class FullError(OutputError):
    """The disk has no room for the work."""


class ModelError(FilmcolorError):
    """The weights are missing, damaged or of another network."""

    exit_code = 5


class PartialError(FilmcolorError):
    """The result is there, but frames were lost to damage or some films failed."""

    exit_code = 6


class RegressionError(FilmcolorError):
    """`bench compare` found a result that is slower or worse."""

    exit_code = 7


def is_full(error: Exception) -> bool:
    """Whether the error says that there is no room left."""
    return getattr(error, "errno", None) in _FULL


def cannot_write(path: Path, error: Exception) -> OutputError:
    """Return what to tell of a file or folder that the system or FFmpeg would not write."""
    reason = f"{path}: cannot write: {getattr(error, 'strerror', None) or error}"
    if is_full(error):
        return FullError(f"{reason}; what is finished is kept: make room and run again to go on")
    return OutputError(reason)
