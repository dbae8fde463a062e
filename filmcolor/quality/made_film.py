"""A film that anyone can make again: textures in motion, with the exact flow known."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from filmcolor.quality.luma import rec601_luma
from filmcolor.quality.motion import Flow

Picture = npt.NDArray[np.uint8]
SHOT = 48
"""Frames of a shot; every further one starts after a cut."""
_PALETTES = (
    ((58, 92, 148), (206, 178, 132), (70, 110, 60)),
    ((160, 70, 52), (222, 206, 180), (52, 60, 84)),
    ((96, 130, 70), (150, 190, 220), (200, 150, 90)),
)


def texture(height: int, width: int, seed: int) -> Picture:
    """Return a colored texture (h, w, 3): five octaves of value noise between the colors of a palette."""
    random = np.random.default_rng(seed)
    low, high, third = (np.array(c, np.float32) for c in _PALETTES[seed % len(_PALETTES)])

    def noise(octaves: int) -> npt.NDArray[np.float32]:
        total = np.zeros((height, width), np.float32)
        for octave in range(octaves):
            cells = 4 * 2**octave
            grid = random.random((cells, max(2, cells * width // height)), np.float32)
            total += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC) / 2**octave
        found = (total - total.min()) / max(float(np.ptp(total)), 1e-6)
        return np.asarray(found, np.float32)

    mix, other = noise(5)[..., None], noise(2)[..., None]
    base = low * (1 - mix) + high * mix
    mixed = base * (1 - 0.5 * other) + third * 0.5 * other
    return np.asarray(np.clip(mixed, 0, 255), np.uint8)


@dataclass(frozen=True, slots=True)
class MadeScene:
    """One shot: a texture that pans, a disc of another texture that moves its own way, whole pixels.

    pan, drift: pixels per frame (x, y), of the view over the texture and of the disc in the frame.
    """

    background: Picture
    disc: Picture
    height: int
    width: int
    pan: tuple[int, int]
    drift: tuple[int, int]

    def _covered(self, t: int) -> npt.NDArray[np.bool_]:
        radius = min(self.height, self.width) // 6
        x, y = self.width // 3 + self.drift[0] * t, self.height // 2 + self.drift[1] * t
        across, down = np.arange(self.width) - x, np.arange(self.height) - y
        return np.asarray(across[None] ** 2 + down[:, None] ** 2 <= radius**2)

    def frame(self, t: int) -> Picture:
        """Return the frame (h, w, 3) at time t."""
        x, y = self.pan[0] * t, self.pan[1] * t
        view = np.array(self.background[y : y + self.height, x : x + self.width])
        covered = self._covered(t)
        moved = np.roll(self.disc, (self.drift[1] * t, self.drift[0] * t), (0, 1))
        view[covered] = moved[covered]
        return view

    def flow(self, t: int) -> Flow:
        """Return the exact flow (h, w, 2), x then y, from frame t to t + 1."""
        flow = np.empty((self.height, self.width, 2), np.float32)
        flow[:] = (-self.pan[0], -self.pan[1])
        flow[self._covered(t)] = self.drift
        return flow


def scene(height: int, width: int, number: int, seed: int = 0, frames: int = SHOT) -> MadeScene:
    """Return shot `number` of the made film; its speed grows with the picture."""
    step = max(1, height // 240)
    pan = ((step, 0), (2 * step, step), (0, step))[number % 3]
    room = (height + pan[1] * frames, width + pan[0] * frames)
    chosen = 3 * seed + number
    return MadeScene(
        texture(*room, chosen),
        texture(height, width, chosen + 1),
        height,
        width,
        pan,
        (step, step if number % 2 else 0),
    )


def made_film(
    height: int, width: int, frames: int, *, grain: float = 2.0, seed: int = 0
) -> Iterator[Picture]:
    """Yield colored frames (h, w, 3) with a cut every SHOT frames.

    grain: deviation of the noise on all channels alike, in codes: encoders and flow meet no clean film.
    """
    random = np.random.default_rng(seed)
    noises = (
        [random.normal(0, grain, (height, width, 1)).astype(np.float32) for _ in range(4)] if grain else []
    )
    for number in range(-(-frames // SHOT)):
        shot = scene(height, width, number, seed)
        for t in range(min(SHOT, frames - number * SHOT)):
            frame = shot.frame(t)
            if noises:
                noise = np.roll(noises[t % 4], 17 * t, axis=t % 2)
                frame = np.clip(frame + noise, 0, 255).astype(np.uint8)
            yield frame


def made_luma(height: int, width: int, frames: int, seed: int = 0) -> Iterator[Picture]:
    """Yield the same film as luma (h, w) uint8, 0..255."""
    for frame in made_film(height, width, frames, seed=seed):
        yield np.rint(rec601_luma(frame.astype(np.float64))).astype(np.uint8)
