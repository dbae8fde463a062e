"""How long a film takes on one worker: a rough word before any work."""

import time
from functools import cache

import numpy as np

from filmcolor.flow.estimate import estimate_flow
from filmcolor.pipeline.cores import CORES_OF_A_FILM, cores

# Seconds a frame on one CPU worker of two cores, near `bench speed` on a machine of 2026-11-25 with AVX2 (7.4 frames/s of
# 720 lines): flow and network at working size cost the same for every film, decoding, composing and encoding grow with
# its size. The flow of `machine_speed` does not tell everything: a machine with AVX-512 made 14.8 where it says 1.1.
_EACH, _PER_MEGAPIXEL = 0.015, 0.105
START_SECONDS = 3.0
"""Of a run before its first frame: libraries and weights."""
PICTURE_SECONDS = 1.0
"""Of a still picture, whatever its size."""
# CPU-seconds of the flow that `machine_speed` times, there (2026-11-25; the same within 5 % beside other work).
_REFERENCE = 0.006
_TRIES = 7


def film_seconds(frames: int, width: int, height: int) -> float:
    """Return the seconds that one worker takes for a film, on a machine of speed 1."""
    return frames * (_EACH + _PER_MEGAPIXEL * width * height / 1e6)


@cache
def machine_speed() -> float:
    """Return how fast a film is colored on this machine's CPU, that of the figures above being 1.

    A fixed piece of work like that of which every film is made, flow between two small pictures, is timed, in
    CPU-seconds, so that what else the machine does at the moment is left out; fewer than two cores count for less.
    """
    tiles = np.random.default_rng(5).integers(0, 255, (24, 32)).astype(np.uint8)
    first = np.kron(tiles, np.ones((8, 8), np.uint8))
    second = np.roll(first, 3, axis=1)
    best = float("inf")
    for _ in range(_TRIES):
        began = time.process_time()
        estimate_flow(first, second)
        best = min(best, time.process_time() - began)
    return _REFERENCE / max(best, 1e-6) * min(1.0, cores() / CORES_OF_A_FILM)
