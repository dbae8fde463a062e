"""Color pictures to learn from: folders, tars, lists and films -> uint8 pictures in memory -> random
crops.
"""

import io
import itertools
import math
import os
import random
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from filmcolor.errors import InputError
from filmcolor.training.lab import rgb_to_lab
from filmcolor.training.settings import DataSettings

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"})
FILMS = frozenset({".mp4", ".mkv", ".mov", ".avi", ".webm", ".m4v", ".mpg", ".mpeg", ".ts", ".nut"})
_ORDER_SEED = 1  # of the one shuffle that also decides what is held out
_CHUNK = 512  # pictures decoded at once

Loader = Callable[[], Image.Image]


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Pictures in memory. pixels: (n, 3, H, W) uint8, each in the canvas' top left corner; sizes: (n, 2)
    float32, height and width of each. skipped: names of pictures that could not be read.
    """

    pixels: Tensor
    sizes: Tensor
    skipped: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.pixels)

    def split(self, held_out: int) -> tuple["Pictures", "Pictures"]:
        """Return those to train on and those held out: the last ones, at most a tenth."""
        kept = len(self) - min(held_out, len(self) // 10)
        return (
            Pictures(self.pixels[:kept], self.sizes[:kept]),
            Pictures(self.pixels[kept:], self.sizes[kept:]),
        )

    def to(self, device: torch.device) -> "Pictures":
        """Return the pictures on another device."""
        return Pictures(self.pixels.to(device), self.sizes.to(device), self.skipped)


def load_pictures(sources: Sequence[Path], settings: DataSettings) -> Pictures:
    """Read all color pictures of folders, tars, lists (.txt, one path a line) and films, and shuffle them
    once.

    A broken picture is skipped and named in `skipped`. Raises InputError where a source does not exist or
    nothing is left.
    """
    canvases: list[npt.NDArray[np.uint8]] = []
    sizes: list[tuple[int, int]] = []
    skipped: list[str] = []
    height, width = settings.canvas
    found = itertools.chain.from_iterable(_source(source, settings.film_frames) for source in sources)
    loaders = itertools.islice(found, settings.limit or None)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        while chunk := list(itertools.islice(loaders, _CHUNK)):
            for name, made in pool.map(lambda entry: (entry[0], _decoded(entry[1], height, width)), chunk):
                if isinstance(made, str):
                    skipped.append(f"{name} ({made})")
                    continue
                canvases.append(made[0])
                sizes.append((made[1], made[2]))
    if not canvases:
        shown = ", ".join(str(source) for source in sources)
        broken = f"; {len(skipped)} could not be read, the first is {skipped[0]}" if skipped else ""
        raise InputError(
            f"{shown}: no picture to train on{broken}; give folders, tars, lists or films in color"
        )
    order = list(range(len(canvases)))
    random.Random(_ORDER_SEED).shuffle(order)
    pixels = torch.empty(len(order), 3, height, width, dtype=torch.uint8)
    for place, index in enumerate(order):
        pixels[place] = torch.from_numpy(canvases[index]).permute(2, 0, 1)
        canvases[index] = np.empty(0, np.uint8)  # let go at once: the whole set is gigabytes
    return Pictures(pixels, torch.tensor([sizes[i] for i in order], dtype=torch.float32), tuple(skipped))


def _source(path: Path, film_frames: int) -> Iterator[tuple[str, Loader]]:
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.suffix.lower() in PICTURES | FILMS | {".tar"})
        for file in files:
            yield from _source(file, film_frames)
    elif not path.is_file():
        raise InputError(f"{path}: no such folder, tar, list, film or picture")
    elif path.suffix.lower() == ".tar":
        yield from _tar(path)
    elif path.suffix.lower() == ".txt":
        for line in _lines(path):
            yield from _source((path.parent / line).absolute(), film_frames)
    elif path.suffix.lower() in FILMS:
        yield from _film(path, film_frames)
    elif path.suffix.lower() in PICTURES:
        yield str(path), lambda: Image.open(path)
    else:
        raise InputError(f"{path}: not a folder, tar, list (.txt), film or picture that training can read")


def _lines(path: Path) -> list[str]:
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot read the list: {error}") from error


def _tar(path: Path) -> Iterator[tuple[str, Loader]]:
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                if not member.isfile() or Path(member.name).suffix.lower() not in PICTURES:
                    continue
                file = archive.extractfile(member)
                data = file.read() if file is not None else b""
                yield f"{path}:{member.name}", lambda data=data: Image.open(io.BytesIO(data))  # type: ignore[misc]
    except (OSError, tarfile.TarError) as error:
        raise InputError(f"{path}: cannot read the tar: {error}") from error


def _film(path: Path, most: int) -> Iterator[tuple[str, Loader]]:
    """Frames of a color film, evenly spaced as far as the container knows its length."""
    try:
        import av  # here: a training machine without films needs no PyAV
    except ImportError as error:
        raise InputError(f"{path}: reading films needs PyAV: pip install av") from error

    try:
        with av.open(f"file:{path.absolute()}", options={"protocol_whitelist": "file"}) as container:
            stream = container.streams.video[0]
            step = max(1, math.ceil((stream.frames or most * 12) / most))
            for number, frame in enumerate(itertools.islice(container.decode(stream), step * most)):
                if number % step == 0:
                    picture = frame.to_image(interpolation="BICUBIC")  # type: ignore[no-untyped-call]
                    yield f"{path}:{number}", lambda picture=picture: picture  # type: ignore[misc]
    except (av.error.FFmpegError, IndexError) as error:
        raise InputError(f"{path}: cannot read the film: {error}") from error


def _decoded(loader: Loader, height: int, width: int) -> tuple[npt.NDArray[np.uint8], int, int] | str:
    """Return a canvas with the picture, reduced to its height, long sides cropped; or what is wrong with
    it.
    """
    try:
        picture = loader().convert("RGB")
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        return str(error).splitlines()[0] if str(error) else type(error).__name__
    if min(picture.size) < 16:
        return "smaller than 16 pixels"
    if min(picture.size) > height:
        scale = height / min(picture.size)
        wanted = (max(height, round(picture.width * scale)), max(height, round(picture.height * scale)))
        picture = picture.resize(wanted, Image.Resampling.BICUBIC)
    kept_w, kept_h = min(picture.width, width), min(picture.height, height)
    left = (picture.width - kept_w) // 2
    top = max(0, picture.height - height) // 3  # tall pictures: heads are in the upper part
    picture = picture.crop((left, top, left + kept_w, top + kept_h))
    canvas = np.zeros((height, width, 3), np.uint8)
    canvas[:kept_h, :kept_w] = np.asarray(picture)
    return canvas, kept_h, kept_w


def rarity(pictures: Pictures) -> Tensor:
    """Return sampling weights (n,): 1 to 3 for pictures with vivid reds, yellows and greens, 0 for gray
    ones.
    """
    weights = []
    for start in range(0, len(pictures), 256):
        pixels = pictures.pixels[start : start + 256, :, ::6, ::6].float() / 255
        ab = rgb_to_lab(pixels)[:, 1:]
        chroma = ab.norm(dim=1)
        hue = torch.rad2deg(torch.atan2(ab[:, 1], ab[:, 0])) % 360
        warm = (chroma > 45) & ((hue < 45) | (hue > 345) | ((hue > 70) & (hue < 100)))
        green = (chroma > 20) & (hue > 100) & (hue < 165)
        cold = (chroma > 25) & (hue > 165) & (hue < 345) & ~((hue > 230) & (hue < 290))
        share = (warm | green | cold).float().mean((1, 2))
        colored = chroma.mean((1, 2)) > 1.0  # a gray photograph teaches that the world is gray
        weights.append((1 + 2 * (share / 0.15).clamp(max=1)) * colored)
    found = torch.cat(weights)
    return found if float(found.sum()) > 0 else torch.ones_like(found)


class Sampler:
    """Random crops: which picture, where, how large, turned and mirrored, all drawn from one generator."""

    def __init__(self, pictures: Pictures, settings: DataSettings, weights: Tensor) -> None:
        self.pictures = pictures
        self.settings = settings
        total = weights.double().cumsum(0)
        self._shares = (total / total[-1]).contiguous()

    def draw(
        self, count: int, size: int, generator: torch.Generator, min_area: float | None = None
    ) -> Tensor:
        """Return sRGB crops (count, 3, size, size), 0..1, on the pictures' device.

        min_area: used instead of the settings'.
        """
        min_area = self.settings.min_area if min_area is None else min_area
        pixels = self.pictures.pixels
        device = pixels.device

        def uniform(low: float = 0.0, high: float = 1.0) -> Tensor:
            return torch.rand(count, generator=generator, device=device) * (high - low) + low

        place = torch.rand(count, generator=generator, device=device, dtype=torch.float64)
        index = torch.searchsorted(self._shares, place).clamp(max=len(pixels) - 1)
        height, width = self.pictures.sizes[index].unbind(1)
        side = torch.minimum(height, width) * uniform(min_area, 1.0).sqrt()
        crop_width = torch.minimum(side * uniform(0.9, 1.15), width)
        top, left = uniform() * (height - side), uniform() * (width - crop_width)
        turn = torch.randn(count, generator=generator, device=device) * math.radians(self.settings.rotate)
        flip = torch.where(uniform() < 0.5, -1.0, 1.0)
        canvas_h, canvas_w = pixels.shape[-2:]
        affine = torch.zeros(count, 2, 3, device=device)
        affine[:, 0, 0] = crop_width / canvas_w * flip
        affine[:, 0, 1] = -torch.sin(turn) * side / canvas_w
        affine[:, 1, 0] = torch.sin(turn) * crop_width / canvas_h * flip
        affine[:, 1, 1] = side / canvas_h
        affine[:, 0, 2] = (2 * left + crop_width) / canvas_w - 1
        affine[:, 1, 2] = (2 * top + side) / canvas_h - 1
        return _crop(self.pictures, index, affine, size)


def center_crops(pictures: Pictures, index: Iterable[int], size: int) -> Tensor:
    """Return the largest centered square of each picture, (n, 3, size, size), 0..1."""
    chosen = torch.tensor(list(index), device=pictures.pixels.device)
    height, width = pictures.sizes[chosen].unbind(1)
    side = torch.minimum(height, width)
    canvas_h, canvas_w = pictures.pixels.shape[-2:]
    affine = torch.zeros(len(chosen), 2, 3, device=side.device)
    affine[:, 0, 0], affine[:, 1, 1] = side / canvas_w, side / canvas_h
    affine[:, 0, 2], affine[:, 1, 2] = width / canvas_w - 1, height / canvas_h - 1
    return _crop(pictures, chosen, affine, size)


def _crop(pictures: Pictures, index: Tensor, affine: Tensor, size: int) -> Tensor:
    grid = F.affine_grid(affine, [len(index), 3, size, size], align_corners=False)
    # a turned crop may leave the picture: keep it inside, where the canvas beyond is black
    height, width = pictures.pixels.shape[-2:]
    extent = pictures.sizes[index].flip(1) / torch.tensor([width, height], device=grid.device)
    inside = 2 * extent - 1 - 1.0 / max(height, width)
    grid = torch.minimum(grid, inside[:, None, None, :])
    pixels = pictures.pixels[index].float() / 255
    return F.grid_sample(pixels, grid, mode="bilinear", padding_mode="border", align_corners=False)
