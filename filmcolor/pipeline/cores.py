"""How many cores there are for this process, and how many a film keeps busy. Nothing here loads torch."""

import os

CORES_OF_A_FILM = 2
"""Cores that one film keeps busy on a CPU: the two phases of a run side by side."""


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
