"""A run that is interrupted at a segment, for tests of what comes behind it."""

from pathlib import Path
from typing import Any

import pytest

from filmcolor.model.predict import Predictor
from filmcolor.pipeline import run as run_module
from filmcolor.pipeline.progress import silent
from filmcolor.pipeline.run import color_film
from filmcolor.settings import RunSettings


def color_interrupted(film: Path, out: Path, settings: RunSettings, predictor: Predictor, at: int) -> None:
    """Color a film until its segment `at` (from 0) is to be written, and stop there as Ctrl-C does."""
    write = run_module.write_segment

    def stop(pieces: Any, frames: Any, setup: Any, target: Path, *rest: Any) -> None:
        if target.name == f"segment-{at:06d}.mkv":
            raise KeyboardInterrupt
        write(pieces, frames, setup, target, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_module, "write_segment", stop)
        with pytest.raises(KeyboardInterrupt):
            color_film(film, out, settings, silent, predictor)
