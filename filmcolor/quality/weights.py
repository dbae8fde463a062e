"""Weights of judges: files that the user has, read safely, named by hash. Nothing is downloaded."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from filmcolor.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor


class NotMeasured(Exception):
    """Why a figure cannot be had; it goes into the results as null with this reason, never as 0."""


def read_weights(path: Path, device: str = "cpu") -> dict[str, "Tensor"]:
    """Return the tensors of a safetensors or torch file as float32.

    Pickled code is never run (`weights_only`). Raises ModelError where the file cannot be read.
    """
    import torch
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            found = load_file(path)
        else:
            found = torch.load(path, map_location="cpu", weights_only=True)
        return {k: v.to(device, torch.float32) for k, v in found.items()}
    except Exception as error:  # each format has its own errors; all mean the same here
        raise ModelError(
            f"{path}: cannot read weights: {str(error).splitlines()[0] if str(error) else error!r}"
        ) from error


def digest(path: Path) -> str:
    """Return the first 16 hex digits of the file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def needed(weights: dict[str, "Tensor"], name: str, path: Path) -> "Tensor":
    """Return one tensor; ModelError where the file is of another network."""
    if name not in weights:
        raise ModelError(f"{path}: not the expected network: no {name}")
    return weights[name]
