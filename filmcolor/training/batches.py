"""Batches: crops of pictures, what the network sees of them, and what it is told."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from filmcolor.training.augment import dissolved, seen_lightness
from filmcolor.training.hints import known_colors
from filmcolor.training.lab import rgb_to_lab
from filmcolor.training.motion import moved, next_exposure, small_motion
from filmcolor.training.pictures import Sampler


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """One step's pictures: what the network sees and is told, and the truth at the size of its output."""

    seen: Tensor  # (b, 1, h, w) L*
    known: Tensor | None  # (b, 3, h, w)
    lightness: Tensor  # (b, 1, h/s, w/s) true L*
    ab: Tensor  # (b, 2, h/s, w/s)
    ab_quarter: Tensor  # (b, 2, h/4, w/4)
    grid: Tensor | None  # (m, h, w, 2) motion from the first m pictures to the last m


def draw_batch(sampler: Sampler, stride: int, generator: torch.Generator) -> Batch:
    """Draw the next batch; only `generator` decides what comes. stride: of the network's output."""
    options = sampler.settings
    copies = int(options.batch * options.moved)
    rgb = sampler.draw(options.batch - copies, options.size, generator)
    if options.dissolves > 0:
        rgb = dissolved(rgb, options.dissolves, generator)
    seen = seen_lightness(rgb, options.old, generator)
    grid = None
    if copies:
        grid = small_motion(copies, options.size, generator, rgb.device)
        rgb = torch.cat([rgb, moved(rgb[:copies], grid)])
        seen = torch.cat([seen, next_exposure(moved(seen[:copies], grid), generator)])
    lab = rgb_to_lab(rgb)
    lightness, ab = lab[:, :1], lab[:, 1:]
    known = None
    if options.hints > 0:
        known = known_colors(ab, options.hints, generator)
        if copies:  # pairs are compared: neither is told anything
            known[:copies] = 0
            known[-copies:] = 0
        known = known.contiguous(memory_format=torch.channels_last)
    return Batch(
        seen=seen.contiguous(memory_format=torch.channels_last),
        known=known,
        lightness=F.avg_pool2d(lightness, stride),
        ab=F.avg_pool2d(ab, stride),
        ab_quarter=F.avg_pool2d(ab, 4),
        grid=grid,
    )
