"""How many workers suit this machine. Nothing here loads torch."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from filmcolor.pipeline.cores import CORES_OF_A_FILM, cores


def cuda_devices() -> tuple[str, ...]:
    """Return the CUDA devices that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    said = os.environ.get("CUDA_VISIBLE_DEVICES")
    if said is not None:
        return tuple(part.strip() for part in said.split(",") if part.strip() not in ("", "-1"))
    found = Path("/proc/driver/nvidia/gpus")
    if found.is_dir():
        return tuple(str(i) for i in range(len(list(found.iterdir()))))
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(str(i) for i, line in enumerate(listed.stdout.splitlines()) if line.startswith("GPU"))


def sizes(jobs: int, devices: Sequence[str]) -> tuple[int, int]:
    """Return the number of workers and the cores for each. jobs: as asked for, or 0."""
    count = jobs or len(devices) or max(1, cores() // CORES_OF_A_FILM)
    return count, max(1, cores() // count)
