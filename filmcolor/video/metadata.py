"""Titles, languages, chapters: what a film says about itself, carried over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from av.stream import Stream

from filmcolor.video.timeline import Window

if TYPE_CHECKING:
    from av.container.core import Chapter  # in the stub only

# Of the file as it was, wrong or void in the result.
_OF_THE_FILE = {
    "encoder", "major_brand", "minor_version", "compatible_brands", "duration", "encoding_tool", "vendor_id",
    "color_note", "bps", "number_of_frames", "number_of_bytes", "filename", "mimetype", "source_id", "variant_bitrate",
}  # fmt: skip
_PREFIXES = ("_statistics", "filmcolor_", "bps-", "duration-", "number_of_")


def descriptive(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return the entries that say something about the film rather than about its file."""
    return {
        key: value
        for key, value in metadata.items()
        if key.lower() not in _OF_THE_FILE and not key.lower().startswith(_PREFIXES)
    }


def copy_stream_metadata(source: Stream, target: Stream) -> None:
    """Carry language, title, other entries and dispositions of a stream over."""
    target.metadata.update(descriptive(source.metadata))
    target.disposition = source.disposition


def cut_chapters(chapters: Sequence[Chapter], window: Window) -> list[Chapter]:
    """Return the chapters on the result's clock; those outside the window fall away."""
    kept: list[Chapter] = []
    for chapter in chapters:
        unit = chapter["time_base"] or Fraction(1)
        part = window.clip(chapter["start"] * unit, max(chapter["end"], chapter["start"] + 1) * unit)
        if part is None:
            continue
        begin, end = (t - window.origin for t in part)
        kept.append(
            {
                "id": chapter["id"],
                "start": max(0, round(begin / unit)),
                "end": max(0, round(end / unit)),
                "time_base": unit,
                "metadata": dict(chapter["metadata"]),
            }
        )
    return kept
