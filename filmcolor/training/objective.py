"""What the generator's loss is made of at one step: the terms of losses.py, each with its weight."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from filmcolor.training.batches import Batch
from filmcolor.training.lab import lab_to_rgb
from filmcolor.training.losses import (
    ColorBins,
    colorfulness_shortfall,
    consistency,
    hue_balance,
    l1,
    perceptual,
    smooth_l1,
    taught_cross_entropy,
)
from filmcolor.training.motion import moved
from filmcolor.training.settings import LossSettings
from filmcolor.training.teachers import Lesson

Features = Callable[[Tensor], list[Tensor]]
"""sRGB pictures (b, 3, h, w), 0..1 -> features of a frozen network."""


@dataclass(frozen=True, slots=True)
class Term:
    """One part of the loss. value: a scalar, not yet weighted."""

    name: str
    weight: float
    value: Tensor


def terms(
    batch: Batch,
    made: Tensor,
    logits: Tensor | None,
    weights: LossSettings,
    *,
    bins: ColorBins | None,
    features: Features | None,
    lesson: Lesson | None = None,
) -> list[Term]:
    """Return all terms but the adversarial one; a term of weight 0 is not computed.

    made: ab (b, 2, h/s, w/s), Lab units. logits: of the color classes, where the network has them. bins, features:
    None where there are no classes or no frozen network. lesson: what teachers say; it takes the share
    `weights.taught` of the cross-entropy, and of the target of the smooth L1.
    """
    found: list[Term] = []
    own = 1.0 if lesson is None else 1 - weights.taught
    if weights.cross_entropy and bins is not None and logits is not None:
        found.append(Term("ce", own * weights.cross_entropy, bins.cross_entropy(logits, batch.ab_quarter)))
        if lesson is not None:
            value = taught_cross_entropy(logits, lesson.share)
            found.append(Term("taught", weights.taught * weights.cross_entropy, value))
    if weights.smooth_l1:
        target = batch.ab if lesson is None else lesson.ab.lerp(batch.ab, own)
        found.append(Term("smooth_l1", weights.smooth_l1, smooth_l1(made, target)))
    if weights.l1:
        found.append(Term("l1", weights.l1, l1(made, batch.ab)))
    if weights.colorfulness or (weights.perceptual and features is not None):
        real_rgb = lab_to_rgb(batch.lightness, batch.ab)
        made_rgb = lab_to_rgb(batch.lightness, made, clip=False)
        if weights.colorfulness:
            shortfall = colorfulness_shortfall(made_rgb, real_rgb)
            found.append(Term("colorfulness", weights.colorfulness, shortfall))
        if weights.perceptual and features is not None:
            with torch.no_grad():
                wanted = features(real_rgb)
            found.append(Term("perceptual", weights.perceptual, perceptual(features(made_rgb), wanted)))
    if weights.hue_balance:
        found.append(Term("hue_balance", weights.hue_balance, hue_balance(made, batch.ab)))
    if weights.consistency and batch.grid is not None:
        copies = len(batch.grid)
        still = moved(made[:copies].detach(), batch.grid)
        found.append(Term("consistency", weights.consistency, consistency(still, made[-copies:])))
    return found
