"""All figures of one clip: those of its pictures now and then, those of steadiness on every frame."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from filmcolor.errors import InputError
from filmcolor.quality.average import Average
from filmcolor.quality.catalog import PICTURE
from filmcolor.quality.cdc import Consistency, ab_histograms, code_histograms
from filmcolor.quality.cielab import fast_lab
from filmcolor.quality.cuts import cuts_of
from filmcolor.quality.drift import Drift
from filmcolor.quality.flicker import Flicker
from filmcolor.quality.grayness import gray_frames
from filmcolor.quality.motion import Motion, motion_of
from filmcolor.quality.score import Judges, Picture, Scores, Truth, score_picture, truth_of
from filmcolor.quality.warping import WarpingError

DRIFT_LAGS = (8, 32, 128)


@dataclass(frozen=True, slots=True)
class Coded:
    """A frame as read: rgb (h, w, 3) uint8, and its coded luma (h, w), 0..255, where known."""

    rgb: Picture
    luma: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class TrueClip:
    """What all rows of a clip share. pictures: the truth of each `every`-th frame."""

    frames: Sequence[Picture]
    given: Sequence[npt.NDArray[np.float32]]
    ab: Sequence[npt.NDArray[np.float32]]
    motion: Motion
    every: int
    pictures: dict[int, Truth]


def true_clip(frames: Sequence[Picture], given: Sequence[npt.NDArray[np.float32]], every: int) -> TrueClip:
    """Return what the rows of a clip share.

    frames: (h, w, 3). given: the gray source's luma (h, w), 0..255. every: picture figures on each
    `every`-th frame; networks judge still pictures only, 20 times as slow as all the rest together.
    """
    luma = [np.clip(np.rint(x), 0, 255).astype(np.uint8) for x in given]
    motion = motion_of(luma, cuts_of(luma), DRIFT_LAGS)
    ab = [fast_lab(f)[..., 1:] for f in frames]
    pictures = {t: truth_of(frames[t], given[t], Judges()) for t in range(0, len(frames), every)}
    return TrueClip(frames, given, ab, motion, every, pictures)


def score_clip(name: str, row: Iterable[Coded], truth: TrueClip) -> Scores:
    """Return the figures of `catalog.PICTURE` and `catalog.CLIP` of one row of a clip, read once.

    Raises InputError, naming the clip, where frames are missing, too many or of another size.
    """
    pictures = {figure.key: Average() for figure in PICTURE}
    cdc, cdc_gray, cdc_ab, flicker, drift = Consistency(), Consistency(), Consistency(), Flicker(), Drift()
    warp_rgb, warp_ab = WarpingError(), WarpingError()
    error, chroma = Average(), list[float]()
    ab: list[npt.NDArray[np.float32]] = []
    before: npt.NDArray[np.float32] | None = None
    shot = 0
    for t, frame in enumerate(row):
        if t >= len(truth.frames):
            raise InputError(f"{name}: has more than the {len(truth.frames)} frames of its truth")
        if frame.rgb.shape != truth.frames[t].shape:
            raise InputError(f"{name}: frame of {_size(frame.rgb)}, its truth has {_size(truth.frames[t])}")
        shot += t in truth.motion.cuts
        lab = fast_lab(frame.rgb)
        ab.append(lab[..., 1:])
        now = frame.rgb.astype(np.float32) / np.float32(255)
        cdc.update(code_histograms(frame.rgb), shot)
        luma = np.clip(np.rint(truth.given[t]), 0, 255).astype(np.uint8)
        cdc_gray.update(code_histograms(np.repeat(luma[..., None], 3, axis=-1)), shot)
        cdc_ab.update(ab_histograms(lab), shot)
        flicker.update(lab, shot)
        chroma.append(float(np.hypot(lab[..., 1], lab[..., 2]).mean()))
        gap = ab[t] - truth.ab[t]
        error.update(float(np.hypot(gap[..., 0], gap[..., 1]).mean()))
        step = truth.motion.steps.get(t - 1)
        if step is not None and before is not None:
            warp_rgb.update(before, now, step)
            warp_ab.update(ab[t - 1], ab[t], step)
            drift.update(ab[t - 1], ab[t], step)
        before = now
        if t in truth.pictures:
            found = score_picture(frame.rgb, truth.pictures[t], Judges(), frame.luma)
            for key, value in found.items():
                pictures[key].update(value)
    if len(ab) != len(truth.frames):
        raise InputError(f"{name}: has {len(ab)} frames, its truth {len(truth.frames)}")
    for chain in truth.motion.chains:
        drift.update(ab[chain.start], ab[chain.start + chain.lag], chain)
    lags = drift.compute()
    relative = drift.relative(float(np.mean(chroma))) or {}
    scores: Scores = {key: mean.compute() for key, mean in pictures.items()}
    return scores | {
        "warp_rgb": warp_rgb.compute(),
        "warp_ab": warp_ab.compute(),
        "warp_visible": warp_rgb.visible(),
        "warp_skipped": float(warp_rgb.skipped),
        "cdc": cdc.compute(),
        "cdc_gray": cdc_gray.compute(),
        "cdc_ab": cdc_ab.compute(),
        "flicker_ab": flicker.compute(),
        **{f"drift_{lag}": lags.get(lag) for lag in (1, *DRIFT_LAGS)},
        "drift_slope": drift.slope(),
        "drift_32_relative": relative.get(32),
        "ab_error": error.compute(),
        "gray_frames": float(gray_frames(chroma)),
    }


def beside_truth(row: Scores, truth: Scores) -> Scores:
    """Return `row` with the figures that are told beside the truth's own."""

    def gap(key: str) -> float | None:
        own, true = row[key], truth[key]
        return None if own is None or true is None else own - true

    excess, own, true = gap("cdc"), row["warp_ab"], truth["warp_ab"]
    return row | {
        "cdc_excess": None if excess is None else abs(excess),
        "flicker_excess": gap("flicker_ab"),
        "warp_ab_ratio": own / true if own is not None and true else None,
    }


def _size(frame: Picture) -> str:
    return f"{frame.shape[1]}x{frame.shape[0]}"
