"""The device that a network runs on."""

import torch

from filmcolor.errors import InputError


def choose_device(wanted: str) -> torch.device:
    """wanted: `auto`, `cpu` or `cuda`. Raises InputError where CUDA is wanted and there is none."""
    if wanted == "cuda" and not torch.cuda.is_available():
        raise InputError("no CUDA device was found; use --device cpu")
    return torch.device("cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu")
