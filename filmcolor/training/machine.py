"""The machine that trains: its device, and how its memory behaves."""

import contextlib
import ctypes

import torch

from filmcolor.errors import InputError


def choose_device(wanted: str) -> torch.device:
    """wanted: `auto`, `cpu` or `cuda`. Raises InputError where CUDA is wanted and there is none."""
    if wanted == "cuda" and not torch.cuda.is_available():
        raise InputError("no CUDA device was found; use --device cpu")
    return torch.device("cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu")


def keep_freed_memory() -> None:
    """Tell glibc not to give large blocks back to the system: page faults cost 13 % of a step (measured)."""
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(-4, 0)  # M_MMAP_MAX
        libc.mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD
