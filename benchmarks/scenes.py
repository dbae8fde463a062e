"""Scenes that return: made A-B-A films from color clips, colored with and without scene memory.

    python benchmarks/scenes.py CLIPS_FOLDER [-o scenes.json]

A is a clip's first second, B another clip, A again what follows a third of a second later: 5 % larger, moved by 4 and
3 % of the picture and 12 % darker, so that the truth itself returns changed. Per film and way:

    return_ab       CIEDE2000 between 8 x 8 tile means of the last frame before the cut away and the first one behind
                    it, lightness set equal (metrics.md, 11)
    return_end      the same to the last frame of the second take
    ciede2000       to the true color, over the second take
    colorfulness    of the second take
"""

import argparse
import json
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from filmcolor.model.predict import Predictor
from filmcolor.pipeline.progress import silent
from filmcolor.pipeline.run import color_film, load_predictor
from filmcolor.quality.ciede2000 import ciede2000
from filmcolor.quality.cielab import fast_lab
from filmcolor.quality.colorfulness import colorfulness
from filmcolor.settings import RunSettings

FRAMES, AWAY, LINES = 24, 8, 192
ZOOM, MOVED, GAIN = 1.05, (0.04, -0.03), 0.88


def frames_of(path: Path, stop: int, size: tuple[int, int] | None = None) -> list[np.ndarray]:
    """Return up to `stop` frames (h, w, 3) uint8, of `LINES` lines or of a given (width, height)."""
    found = []
    with av.open(str(path)) as film:
        for frame in film.decode(video=0):
            rgb = frame.to_ndarray(format="rgb24")
            even = round(rgb.shape[1] * LINES / rgb.shape[0] / 2) * 2
            found.append(cv2.resize(rgb, size or (even, LINES), interpolation=cv2.INTER_AREA))
            if len(found) == stop:
                break
    return found


def seen_again(rgb: np.ndarray) -> np.ndarray:
    """Return a frame as the second take shows it."""
    h, w = rgb.shape[:2]
    x, y = (1 - ZOOM) * w / 2 + MOVED[0] * w, (1 - ZOOM) * h / 2 + MOVED[1] * h
    moved = cv2.warpAffine(rgb, np.array([[ZOOM, 0, x], [0, ZOOM, y]]), (w, h), borderMode=cv2.BORDER_REFLECT)
    return np.clip(moved * GAIN + 0.5, 0, 255).astype(np.uint8)


def write_gray(path: Path, frames: list[np.ndarray]) -> None:
    """Write the film's luma, lossless and full range."""
    with av.open(str(path), "w") as film:
        stream = film.add_stream("ffv1", rate=24)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "gray"
        for i, rgb in enumerate(frames):
            gray = np.rint(rgb @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)
            picture = av.VideoFrame.from_ndarray(gray, format="gray")
            picture.pts, picture.time_base, picture.color_range = i, Fraction(1, 24), 2
            film.mux(stream.encode(picture))
        film.mux(stream.encode(None))


def returned(one: np.ndarray, other: np.ndarray) -> float:
    """Return the difference of color between two frames' tiles."""
    a, b = (
        cv2.resize(fast_lab(x), (8, 8), interpolation=cv2.INTER_AREA).astype(np.float64) for x in (one, other)
    )
    a[..., 0] = b[..., 0] = (a[..., 0] + b[..., 0]) / 2
    return float(ciede2000(a, b).mean())


def score(made: list[np.ndarray], truth: list[np.ndarray]) -> dict[str, float]:
    """Return the figures of one film."""
    second = range(2 * FRAMES, len(truth))
    labs = [
        (fast_lab(made[i]).astype(np.float64), fast_lab(truth[i]).astype(np.float64)) for i in second[::4]
    ]
    for lab, true in labs:
        lab[..., 0] = true[..., 0]
    return {
        "return_ab": returned(made[FRAMES - 1], made[2 * FRAMES]),
        "return_end": returned(made[FRAMES - 1], made[-1]),
        "ciede2000": float(np.mean([ciede2000(lab, true).mean() for lab, true in labs])),
        "colorfulness": float(np.mean([colorfulness(made[i]) for i in second[::4]])),
    }


def measure(clip: Path, other: Path, folder: Path, predictor: Predictor) -> dict[str, object]:
    """Return the figures of one film: truth, without and with memory."""
    a = frames_of(clip, 2 * FRAMES + AWAY)
    b = frames_of(other, FRAMES, (a[0].shape[1], a[0].shape[0]))
    truth = [*a[:FRAMES], *b, *map(seen_again, a[FRAMES + AWAY :])]
    write_gray(folder / "gray.mkv", truth)
    row: dict[str, object] = {"a": clip.stem, "b": other.stem, "truth": score(truth, truth)}
    for name, memory in (("without", False), ("memory", True)):
        settings = RunSettings(preset="archive", scene_memory=memory, overwrite=True)
        result = color_film(folder / "gray.mkv", folder / f"{name}.mkv", settings, silent, predictor)
        made = frames_of(result.path, len(truth))
        row[name] = score(made, truth) | {"recalled": result.recalled}
    return row


def main() -> None:
    """Measure, and print what came out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", type=Path)
    parser.add_argument("-o", "--out", type=Path)
    parser.add_argument("--only", nargs="*", help="names of the clips that return")
    asked = parser.parse_args()
    clips = sorted(asked.clips.glob("*.mkv"))
    predictor = load_predictor(RunSettings())
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for i, clip in enumerate(clips):
            if asked.only and clip.stem not in asked.only:
                continue
            if len(frames_of(clip, 2 * FRAMES + AWAY)) < 2 * FRAMES + AWAY:
                continue
            rows.append(measure(clip, clips[(i + 7) % len(clips)], Path(folder), predictor))
            print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    names = ("return_ab", "return_end", "ciede2000", "colorfulness")
    mean = {
        way: {name: float(np.mean([row[way][name] for row in rows])) for name in names}  # type: ignore[index]
        for way in ("truth", "without", "memory")
    }
    document = {
        "weights": predictor.digest,
        "engine": predictor.engine,
        "films": len(rows),
        "mean": mean,
        "rows": rows,
    }
    text = json.dumps(document, indent=1)
    if asked.out:
        asked.out.write_text(text + "\n", encoding="utf-8")
    print(json.dumps(mean, indent=1))


if __name__ == "__main__":
    main()
