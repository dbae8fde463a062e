"""Validation on pictures that are held out: figures, and a contact sheet for the eye."""

import io
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from filmcolor.files import replacing
from filmcolor.training.augment import seen_lightness
from filmcolor.training.lab import lab_to_rgb, rgb_to_lab
from filmcolor.training.losses import ColorBins, colorfulness, perceptual
from filmcolor.training.motion import moved, small_motion
from filmcolor.training.objective import Features
from filmcolor.training.pictures import Pictures, center_crops

_BATCH = 32
_SHEET = 12
_NOISE_SEED = 0


@dataclass(frozen=True, slots=True)
class Validation:
    """Figures of one validation.

    cross_entropy: unweighted, nats (None without color classes). gain: dB over gray. colorfulness: over the
    truth's. perceptual: relative feature distance (None without features). restlessness: mean change of the
    generator's color under small motion, Lab units.
    """

    cross_entropy: float | None
    gain: float
    colorfulness: float
    perceptual: float | None
    restlessness: float

    def figures(self) -> dict[str, float]:
        """Return what is known, for a log."""
        return {name: round(value, 4) for name, value in asdict(self).items() if value is not None}

    def score(self, adversarial: bool) -> float:
        """What the best checkpoint is chosen by, less is better.

        Cross-entropy first. In the adversarial stage it rises by design, so features judge there.
        """
        if not adversarial and self.cross_entropy is not None:
            return self.cross_entropy
        return self.perceptual if self.perceptual is not None else -self.gain


@torch.no_grad()
def validate(
    network: nn.Module, held: Pictures, size: int, bins: ColorBins | None, features: Features | None
) -> Validation:
    """Measure a network in eval mode on center crops of `size` pixels, as a film would be seen, not aged."""
    entropies, gains, distances, rests = [], [], [], []
    made_color, real_color = 0.0, 0.0
    device = held.pixels.device
    stride = int(network.stride)  # type: ignore[arg-type]
    for start in range(0, len(held), _BATCH):
        index = range(start, min(len(held), start + _BATCH))
        rgb = center_crops(held, index, size)
        lab = rgb_to_lab(rgb)
        seen = _seen(rgb, start)
        noise = [(_NOISE_SEED, i) for i in index]
        ab, logits = network(seen, None, noise)
        if bins is not None and logits is not None:
            entropies.append(
                float(bins.cross_entropy(logits, F.avg_pool2d(lab[:, 1:], 4), False)) * len(index)
            )
        half = F.avg_pool2d(ab.float(), 2 // stride) if stride < 2 else ab.float()
        lightness, truth = F.avg_pool2d(lab[:, :1], 2), F.avg_pool2d(lab[:, 1:], 2)
        real, made = lab_to_rgb(lightness, truth), lab_to_rgb(lightness, half)
        gains.append(_decibels(made, real) - _decibels(lab_to_rgb(lightness, torch.zeros_like(half)), real))
        made_color += float(colorfulness(made).sum())
        real_color += float(colorfulness(real).sum())
        if features is not None:
            distances.append(float(perceptual(features(made), features(real))) * len(index))
        if start < 2 * _BATCH:
            grid = small_motion(len(index), size, torch.Generator(device).manual_seed(start), device)
            again = network(moved(seen, grid), None, noise)[0].float()
            rests.append(float((again - moved(ab.float(), grid)).abs().mean()))
    count = max(1, len(held))
    return Validation(
        cross_entropy=sum(entropies) / count if entropies else None,
        gain=float(torch.cat(gains).mean()),
        colorfulness=made_color / max(real_color, 1e-6),
        perceptual=sum(distances) / count if distances else None,
        restlessness=sum(rests) / max(1, len(rests)),
    )


def _seen(rgb: Tensor, seed: int) -> Tensor:
    generator = torch.Generator(rgb.device).manual_seed(seed)
    return seen_lightness(rgb, 0.0, generator).contiguous(memory_format=torch.channels_last)


def _decibels(made: Tensor, real: Tensor) -> Tensor:
    """PSNR of each picture, (b,)."""
    return -10 * ((made - real) ** 2).flatten(1).mean(1).clamp_min(1e-7).log10()


@torch.no_grad()
def write_sheet(path: Path, network: nn.Module, held: Pictures, size: int) -> None:
    """Write a PNG of some held-out pictures: gray, ours, truth beside each other, two sets a row."""
    count = min(_SHEET, len(held))
    rgb = center_crops(held, range(count), size)
    lab = rgb_to_lab(rgb)
    ab = network(_seen(rgb, 0), None, [(_NOISE_SEED, i) for i in range(count)])[0].float()
    ab = F.interpolate(ab, size=(size, size), mode="bilinear", align_corners=False)
    gray, made = lab_to_rgb(lab[:, :1], torch.zeros_like(ab)), lab_to_rgb(lab[:, :1], ab)
    sets = torch.cat([gray, made, rgb], 3)
    if count % 2:
        sets = torch.cat([sets, torch.zeros_like(sets[:1])])
    rows = torch.cat([sets[0::2], sets[1::2]], 3)
    picture = torch.cat(list(rows), 1).permute(1, 2, 0).clamp(0, 1) * 255
    data = io.BytesIO()
    Image.fromarray(picture.round().byte().cpu().numpy().astype(np.uint8)).save(data, "PNG")
    with replacing(path) as beside:
        beside.write_bytes(data.getvalue())
