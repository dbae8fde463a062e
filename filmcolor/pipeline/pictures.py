"""One still picture from end to end: a film of one frame per page, and back into its own format."""

import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from filmcolor.color.bars import active_box
from filmcolor.color.compose import compose_rgb
from filmcolor.color.lightness import lightness_table
from filmcolor.color.resample import resize
from filmcolor.color.sight import Sight, choose_sight
from filmcolor.color.siting import ChromaGrid
from filmcolor.color.upsample import upsample
from filmcolor.film import Plane
from filmcolor.model.predict import Predictor
from filmcolor.pipeline.note import color_note
from filmcolor.pipeline.progress import Progress, Report, silent
from filmcolor.pipeline.run import RunResult, load_predictor
from filmcolor.settings import RunSettings
from filmcolor.video.still import read_still, write_still

Map = npt.NDArray[np.float32]
_LARGEST = 512  # lines of a second look: at 1024 a picture takes 19 seconds of a core


def color_picture(
    source: Path,
    out: Path,
    settings: RunSettings,
    progress: Report = silent,
    predictor: Predictor | None = None,
) -> RunResult:
    """Color one picture (each page of one); the source is only read.

    Raises InputError, OutputError, ModelError.
    """
    began = time.perf_counter()
    picture = read_still(source, settings.max_pixels, strict=settings.strict)
    predictor = predictor or load_predictor(settings)
    pages = (color_page(luma, picture.bits, picture.rotation, settings, predictor) for luma in picture.pages)
    warnings = (*picture.warnings, *write_still(picture, pages, out, color_note(predictor.model)))
    count = len(picture.pages)
    for line in warnings:
        progress(Progress("read", warning=line))
    progress(Progress("done", count, count, count))
    seconds = {"picture": time.perf_counter() - began}
    return RunResult(out, count, count, count, warnings, seconds)


def color_page(luma: Plane, bits: int, rotation: int, settings: RunSettings, predictor: Predictor) -> Map:
    """Return R'G'B' (h, w, 3) float32, 0..1, of one page; its luma stays as it is.

    luma: (h, w) code values, full range, `bits` deep. rotation: degrees counter-clockwise by which
    a viewer turns the page.
    """
    height, width = luma.shape
    box = active_box([luma], height, width, bits, True)
    sights = [choose_sight(width, height, Fraction(1), rotation, s, box) for s in picture_sizes(settings)]
    seen = [_color_as_seen(luma, bits, sight, predictor) for sight in sights]
    rows, columns = seen[-1].shape[1:]
    ab = np.mean([[resize(plane, rows, columns) for plane in planes] for planes in seen], axis=0)
    return rgb_of(luma, bits, ab, sights[-1], settings.saturation)


def picture_sizes(settings: RunSettings) -> tuple[int, ...]:
    """Return the sizes at which the network sees a still picture, ascending; their colors are averaged.

    `size` and twice that, at most 512 lines: the whole scene and its details. 192 with 384 came closer to the truth than
    192 with 256 or 320 at equal colorfulness (docs/training.md). Without mirroring, `size` alone.
    """
    larger = min(2 * settings.size, _LARGEST)
    if not settings.mirrored or larger <= settings.size:
        return (settings.size,)
    return settings.size, larger


def _color_as_seen(luma: Plane, bits: int, sight: Sight, predictor: Predictor) -> Map:
    """Return ab (2, rh/2, rw/2), Lab units, of a page as one sight gives it to the network."""
    lightness = lightness_table(bits, True)[sight.small(luma)]
    view = torch.from_numpy(np.ascontiguousarray(sight.network_view(lightness)))[None, None]
    return sight.film_view(predictor.predict(view, frames=[0]).numpy()[0])


def rgb_of(luma: Plane, bits: int, ab: Map, sight: Sight, saturation: float) -> Map:
    """Return R'G'B' (h, w, 3) float32, 0..1, of full-range luma (h, w) and ab (2, rh/2, rw/2)."""
    height, width = luma.shape
    place = luma.astype(np.float32) / np.float32(2**bits - 1)
    grid = ChromaGrid(height=height, width=width, subsampling=(0, 0))
    return compose_rgb(place, upsample(ab, place, sight, grid), saturation)
