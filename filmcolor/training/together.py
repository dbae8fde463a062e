"""Several processes that train one network: the same weights everywhere, a share of each batch's gradient from each.

Start them with torchrun, which sets RANK, LOCAL_RANK and WORLD_SIZE; one process alone needs none of it.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import nn

_APART = 1_000_003  # between the seeds of two processes


@dataclass(frozen=True, slots=True)
class Together:
    """This process among those that train together. rank: 0 leads: it logs, validates and saves."""

    rank: int = 0
    count: int = 1
    local: int = 0

    @property
    def leads(self) -> bool:
        """Whether this process logs, validates and saves."""
        return self.rank == 0

    def seed(self, seed: int) -> int:
        """A seed of this process' own, for data order and noise; the first process keeps `seed`."""
        return seed + self.rank * _APART

    def average_gradients(self, network: nn.Module) -> None:
        """Replace each gradient by its mean over all processes."""
        if self.count == 1:
            return
        gradients = [p.grad for p in network.parameters() if p.grad is not None]
        flat = torch.cat([g.flatten() for g in gradients])
        dist.all_reduce(flat)
        flat /= self.count
        parts = torch.split(flat, [g.numel() for g in gradients])
        for gradient, mean in zip(gradients, parts, strict=True):
            gradient.copy_(mean.view_as(gradient))

    def mean(self, value: float, device: torch.device) -> float:
        """Return the mean of a number over all processes."""
        if self.count == 1:
            return value
        total = torch.tensor(value, dtype=torch.float64, device=device)
        dist.all_reduce(total)
        return float(total) / self.count

    def agree(self, values: Iterable[float], device: torch.device) -> list[float]:
        """Return the first process' numbers: clocks and signals differ, decisions must not."""
        said = [float(v) for v in values]
        if self.count == 1:
            return said
        tensor = torch.tensor(said, dtype=torch.float64, device=device)
        dist.broadcast(tensor, 0)
        return [float(v) for v in tensor]

    def gather(self, value: Any) -> list[Any]:
        """Return every process' value, in the order of ranks."""
        if self.count == 1:
            return [value]
        found: list[Any] = [None] * self.count
        dist.all_gather_object(found, value)
        return found


def join_processes(device_kind: str) -> Together:
    """Meet the other processes that torchrun started, if it did. device_kind: `cpu` or `cuda`."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        return Together()
    rank, local = int(os.environ["RANK"]), int(os.environ.get("LOCAL_RANK", "0"))
    if device_kind == "cuda":
        torch.cuda.set_device(local)
    if not dist.is_initialized():
        dist.init_process_group("nccl" if device_kind == "cuda" else "gloo")
    return Together(rank, count, local)


def leave_processes() -> None:
    """Wait for the others and part."""
    if dist.is_available() and dist.is_initialized():
        dist.barrier()
        dist.destroy_process_group()
