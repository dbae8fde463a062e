"""How a batch works: many workers, bounds, what is left out."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """jobs: workers, 0: one per CUDA device, or one per two cores. devices: CUDA devices by number, one for each
    worker in turn. limit_disk: most bytes that results and unfinished work of this run may take. attempts: tries of
    a film or segment whose worker dies or is silent for `watchdog` seconds. verify: hash every finished result again
    before it is skipped. reports: write a report of each film beside its result. shard: (index from 1, count), this run's part of the vault.
    """

    out: Path
    jobs: int = 0
    devices: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    limit_disk: int | None = None
    attempts: int = 3
    watchdog: float = 900.0
    verify: bool = False
    reports: bool = False
    skip_existing: bool = False
    dry_run: bool = False
    shard: tuple[int, int] | None = None
    backend: Literal["local", "ray"] = "local"
    address: str | None = None

    def __post_init__(self) -> None:
        if self.jobs < 0 or self.attempts < 1 or not self.watchdog > 0:
            raise ValueError("jobs must not be negative, attempts at least 1 and watchdog above 0")
        if self.shard is not None and not 1 <= self.shard[0] <= self.shard[1]:
            raise ValueError(
                f"shard must be i/n with i from 1 to n, instead got {self.shard[0]}/{self.shard[1]}"
            )


def parse_size(text: str) -> int:
    """Return a size such as `500GB`, `1.5T`, `2GiB` (powers of 1024) or `20000000` in bytes. Raises ValueError."""
    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)(i?)b?\s*", text.lower())
    if match is None:
        raise ValueError(f"expected a size such as 500GB, instead got {text!r}")
    return int(float(match[1]) * (1024 if match[3] else 1000) ** ("", "k", "m", "g", "t").index(match[2]))


def parse_shard(text: str) -> tuple[int, int]:
    """Return (i, n) of `i/n`. Raises ValueError."""
    match = re.fullmatch(r"\s*([0-9]{1,6})\s*/\s*([0-9]{1,6})\s*", text)
    if match is None:
        raise ValueError(f"expected a shard such as 3/16, instead got {text!r}")
    return int(match[1]), int(match[2])


def shard_of_scheduler(environment: dict[str, str]) -> tuple[int, int] | None:
    """Return (i, n) of a Slurm array task, or None outside of one.

    Raises ValueError where the array's numbers are not consecutive: which part is whose would be guesswork.
    """
    try:
        index = int(environment["SLURM_ARRAY_TASK_ID"])
        count = int(environment["SLURM_ARRAY_TASK_COUNT"])
        first = int(environment.get("SLURM_ARRAY_TASK_MIN", "0"))
        last = int(environment.get("SLURM_ARRAY_TASK_MAX", first + count - 1))
    except (KeyError, ValueError):
        return None
    if last - first + 1 != count:
        raise ValueError("the job array has gaps; number it without, such as --array=1-16, or give --shard")
    return index - first + 1, count
