"""Footage -> segments, the units of work and resume. Pure and causal."""

from collections.abc import Iterable, Iterator

from filmcolor.pipeline.scan import Footage

# A segment opens a new encoder: shorter ones cost compression, longer ones are lost work in a crash.
SEGMENT_FRAMES = 96


def segments(footage: Iterable[Footage]) -> Iterator[tuple[Footage, ...]]:
    """Group footage, in order, into segments of at least `SEGMENT_FRAMES` frames (the last may be shorter)."""
    held: list[Footage] = []
    for piece in footage:
        held.append(piece)
        if held[-1].stop - held[0].start >= SEGMENT_FRAMES:
            yield tuple(held)
            held = []
    if held:
        yield tuple(held)
