"""Batches: crops of pictures, what the network and its teachers see of them, and what it is told."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from filmcolor.training.augment import dissolved, seen_lightness, softened, unaged_lightness
from filmcolor.training.hints import known_colors
from filmcolor.training.lab import rgb_to_lab
from filmcolor.training.motion import moved, next_exposure, small_motion
from filmcolor.training.pictures import Sampler


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """One step's pictures: what the network sees and is told, and the truth at the size of its output.

    for_teachers: what they see, not aged; sharp crops are softened, as the first teachers knew them.
    """

    seen: Tensor  # (b, 1, h, w) L*
    for_teachers: Tensor | None  # (b, 1, h, w) L*
    known: Tensor | None  # (b, 3, h, w)
    lightness: Tensor  # (b, 1, h/s, w/s) true L*
    ab: Tensor  # (b, 2, h/s, w/s)
    ab_quarter: Tensor  # (b, 2, h/4, w/4)
    grid: Tensor | None  # (m, h, w, 2) motion from the first m pictures to the last m


def draw_batch(
    sampler: Sampler, step: int, stride: int, generator: torch.Generator, *, taught: bool = False
) -> Batch:
    """Draw the batch of a step.

    The step says whether it is a sharp one, all else `generator` decides. stride: of the network's output. taught:
    whether there are teachers.
    """
    options = sampler.settings
    sharp = math.floor((step + 1) * options.sharp) > math.floor(step * options.sharp)
    size, min_area, count = options.size, options.min_area, options.batch
    if sharp:
        size, min_area = options.sharp_size, options.sharp_area
        count = max(1, count * options.size**2 // size**2)
    copies = int(count * options.moved)
    rgb = sampler.draw(count - copies, size, generator, min_area)
    if options.dissolves > 0:
        rgb = dissolved(rgb, options.dissolves, generator)
    seen = seen_lightness(rgb, options.old, generator)
    grid = None
    if copies:
        grid = small_motion(copies, size, generator, rgb.device)
        rgb = torch.cat([rgb, moved(rgb[:copies], grid)])
        seen = torch.cat([seen, next_exposure(moved(seen[:copies], grid), generator)])
    for_teachers = None
    if taught:
        for_teachers = softened(unaged_lightness(rgb)) if sharp else unaged_lightness(rgb)
        for_teachers = for_teachers.contiguous(memory_format=torch.channels_last)
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
        for_teachers=for_teachers,
        known=known,
        lightness=F.avg_pool2d(lightness, stride),
        ab=F.avg_pool2d(ab, stride),
        ab_quarter=F.avg_pool2d(ab, 4),
        grid=grid,
    )
