"""How long a film takes on one worker: a rough word before any work."""

import time
from functools import cache

import numpy as np

from filmcolor.flow.estimate import estimate_flow

# Seconds a frame on one CPU worker of two cores, near `bench speed` on a 2-core AVX2 machine (docs/benchmarks.md):
# flow and network at working size cost the same for every film, decoding, composing and encoding grow with its size.
_EACH, _PER_MEGAPIXEL = 0.015, 0.105
PICTURE_SECONDS = 1.0
"""Of a still picture, whatever its size."""
# Seconds that `machine_speed` measures there (2026-11-25).
_REFERENCE = 0.02
_TRIES = 7


def film_seconds(frames: int, width: int, height: int) -> float:
    """Return the seconds that one worker takes for a film, on the machine of docs/benchmarks.md."""
    return frames * (_EACH + _PER_MEGAPIXEL * width * height / 1e6)


@cache
def machine_speed() -> float:
    """Return how fast this machine is, that of docs/benchmarks.md being 1.

    Timed on a fixed piece of the work that every film is made of, the flow between two small pictures. The
    best of several tries: what else the machine does at the moment is left out.
    """
    tiles = np.random.default_rng(5).integers(0, 255, (24, 32)).astype(np.uint8)
    first = np.kron(tiles, np.ones((8, 8), np.uint8))
    second = np.roll(first, 3, axis=1)
    best = float("inf")
    for _ in range(_TRIES):
        began = time.perf_counter()
        estimate_flow(first, second)
        best = min(best, time.perf_counter() - began)
    return _REFERENCE / max(best, 1e-6)
