"""Checkpoints of training: everything that an exact resume needs, in one file, written atomically.

The file is read with torch's `weights_only`, so that a checkpoint from elsewhere runs no code.
"""

import pickle
import zlib
from pathlib import Path
from typing import Any

import torch

from filmcolor.errors import InputError
from filmcolor.files import replacing
from filmcolor.training.pictures import Pictures

FORMAT = 2


def data_fingerprint(pictures: Pictures) -> str:
    """Tell data sets apart: how many pictures, and a checksum over some of them."""
    some = pictures.pixels[:: max(1, len(pictures) // 64)].cpu().contiguous()
    return f"{len(pictures)} {zlib.crc32(some.numpy().tobytes()):08x}"


def random_state(generator: torch.Generator) -> dict[str, Any]:
    """The state of torch's generators and of the data order's own."""
    cuda = torch.cuda.get_rng_state() if torch.cuda.is_available() else None
    return {"torch": torch.get_rng_state(), "cuda": cuda, "data": generator.get_state()}


def restore_random_state(state: dict[str, Any], generator: torch.Generator) -> None:
    """Take what `random_state` gave."""
    torch.set_rng_state(state["torch"].cpu())
    if state["cuda"] is not None and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"].cpu())
    generator.set_state(state["data"].cpu())


def write_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Replace the checkpoint at `path`. Raises OSError."""
    with replacing(path) as beside:
        try:
            with beside.open("wb") as file:  # given a path, torch hides why it could not write
                torch.save({"format": FORMAT, **state}, file)
        except RuntimeError as error:
            if isinstance(error.__context__, OSError):
                raise error.__context__ from error
            raise


def read_checkpoint(path: Path, settings_digest: str, fingerprint: str, processes: int = 1) -> dict[str, Any]:
    """Read a checkpoint of the same settings, data and number of processes. Raises InputError on any other."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(f"{path}: no checkpoint to resume from; start without --resume") from None
    except (OSError, RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError) as error:
        raise InputError(f"{path}: the checkpoint is damaged: {str(error).splitlines()[0]}") from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise InputError(f"{path}: not a checkpoint of this version")
    if state["settings"] != settings_digest:
        raise InputError(f"{path}: made with other settings; use --init with its weights to go on with these")
    if len(state["random"]) != processes:
        raise InputError(f"{path}: made by {len(state['random'])} processes; resume with as many")
    if state["data"] != fingerprint:
        raise InputError(f"{path}: made with other pictures; use --init with its weights to go on with these")
    return state
