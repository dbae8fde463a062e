"""All figures of one picture."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from filmcolor.quality.ciede2000 import ciede2000
from filmcolor.quality.cielab import chroma, rgb_to_lab
from filmcolor.quality.colorfulness import colorfulness, colorfulness_abs
from filmcolor.quality.edges import edge_error
from filmcolor.quality.frames import Array
from filmcolor.quality.luma import lightness_psnr, luma_fidelity, rec601_luma
from filmcolor.quality.psnr import psnr, psnr_ab
from filmcolor.quality.ssim import ssim

if TYPE_CHECKING:
    from torch import Tensor

    from filmcolor.quality.perceptual import PerceptualDistance

Picture = npt.NDArray[np.uint8]
Scores = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Judges:
    """Networks that judge, by the key of their figure ("stlpips", "lpips"); None: not measured."""

    networks: dict[str, "PerceptualDistance | None"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Truth:
    """What all rows of one picture share: the true picture, and the luma (h, w), 0..255, that was given."""

    rgb: Picture
    lab: Array
    given: npt.NDArray[np.floating]
    cf: float
    gray_psnr: float
    features: dict[str, "Sequence[Tensor] | None"]


def truth_of(rgb: Picture, given: npt.NDArray[np.floating], judges: Judges) -> Truth:
    """Return what the rows of a picture share. rgb: (h, w, 3); given: luma (h, w), 0..255."""
    gray = np.repeat(np.clip(given, 0, 255).astype(np.float64)[..., None], 3, axis=-1)
    features: dict[str, Sequence[Tensor] | None] = {}
    for key, judge in judges.networks.items():
        features[key] = judge.features(_batch(judge, rgb)) if judge else None
    return Truth(rgb, rgb_to_lab(rgb), given, colorfulness(rgb), psnr(gray, rgb.astype(np.float64)), features)


def _batch(judge: "PerceptualDistance", rgb: Picture) -> "Tensor":
    from filmcolor.quality.perceptual import to_network

    return to_network(rgb, judge.device)


def score_picture(
    made: Picture, truth: Truth, judges: Judges, luma: npt.NDArray[np.floating] | None = None
) -> Scores:
    """Return the figures of `catalog.PICTURE` of one picture.

    made: (h, w, 3) uint8. luma: (h, w), 0..255, of the result as coded, where it is known more exactly
    than Rec. 601 of `made`. Raises ValueError on another size.
    """
    lab = rgb_to_lab(made)
    difference = ciede2000(lab, truth.lab)
    level = psnr(made, truth.rgb)
    own = rec601_luma(made.astype(np.float64)) if luma is None else luma.astype(np.float64)
    kept = luma_fidelity(own, truth.given.astype(np.float64))
    gray = np.repeat(np.clip(truth.given, 0, 255).astype(np.float64)[..., None], 3, axis=-1)
    cf = colorfulness(made)
    scores: Scores = {
        "psnr": level,
        "psnr_gain": level - truth.gray_psnr,
        "psnr_ab": psnr_ab(lab, truth.lab),
        "ciede2000": float(difference.mean()),
        "ciede2000_p95": float(np.percentile(difference, 95)),
        "ssim": ssim(made, truth.rgb),
        "cf": cf,
        "cf_abs": colorfulness_abs(made),
        "cf_gap": abs(cf - truth.cf),
        "chroma": float(chroma(lab).mean()),
        "edge_ab": edge_error(lab, truth.lab, truth.given),
        "luma_psnr": kept.psnr,
        "luma_mean": kept.mean,
        "luma_max": kept.largest,
        "lightness_psnr": lightness_psnr(lab, rgb_to_lab(gray)),
    }
    for key, judge in judges.networks.items():
        features = truth.features[key]
        if judge is None or features is None:
            scores[key] = None
        else:
            scores[key] = float(judge.between(judge.features(_batch(judge, made)), features)[0])
    return scores
