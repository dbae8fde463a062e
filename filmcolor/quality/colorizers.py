"""What is measured: a callable that colors one file into another."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from filmcolor.settings import RunSettings

Colorizer = Callable[[Path, Path], None]
"""Reads a gray PNG or film (first path), writes the colored one (second path)."""


def filmcolor_itself(settings: RunSettings) -> Colorizer:
    """Return this program as `filmcolor run` does it, the network loaded once."""
    from filmcolor.pipeline.pictures import color_picture
    from filmcolor.pipeline.run import color_film, load_predictor

    predictor = cache(lambda: load_predictor(settings))

    def color(source: Path, out: Path) -> None:
        if source.suffix == ".png":
            color_picture(source, out, settings, predictor=predictor())
        else:
            color_film(source, out, settings, predictor=predictor())

    return color
