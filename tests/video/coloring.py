"""The pipeline of the video tests: a film in segments of a few frames, with chroma from a formula."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from filmcolor.film import FilmInfo, Plane
from filmcolor.settings import RunSettings
from filmcolor.video.damage import Damage
from filmcolor.video.decode import decode
from filmcolor.video.encode import Encoding, SegmentWriter, choose_encoding
from filmcolor.video.join import join
from filmcolor.video.probe import probe


def chroma(encoding: Encoding, info: FilmInfo) -> tuple[Plane, Plane]:
    """Return some color, (ch, cw) code values, new arrays each time."""
    x, y = encoding.subsampling
    shape = (-(-info.height >> y), -(-info.width >> x))
    unit = 1 << (encoding.bits - 8)
    kind = np.uint8 if encoding.bits == 8 else np.uint16
    return np.full(shape, 116 * unit, kind), np.full(shape, 140 * unit, kind)


def color(
    source: Path,
    out: Path,
    settings: RunSettings | None = None,
    *,
    frames: int = 1000,
    expected: Sequence[int] | None = None,
) -> list[str]:
    """Color a film in segments of `frames` frames, join them and return the warnings."""
    wanted = settings or RunSettings()
    info = probe(source)
    encoding = choose_encoding(info, wanted, out)
    pts: list[int] = []
    segments: list[Path] = []
    damage = Damage(source)
    film = list(decode(info, start=wanted.start, end=wanted.end, damage=damage))
    for begin in range(0, len(film), frames):
        segments.append(out.with_name(f"segment-{begin}.part"))
        with SegmentWriter(segments[-1], encoding, info) as writer:
            for frame in film[begin : begin + frames]:
                writer.write(frame, *chroma(encoding, info))
                pts.append(frame.pts)
    times = pts if expected is None else expected
    said = join(segments, info, encoding, wanted, out, times, moved=damage.moved)
    return [*info.warnings, *encoding.warnings, *said]
