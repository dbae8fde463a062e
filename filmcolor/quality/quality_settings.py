"""Settings of `filmcolor bench quality`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class QualitySettings:
    """What is scored, and how.

    data: folder of pictures and clips in color. outputs: what another tool made of them (same names);
    None: filmcolor colors them. subject: the row's name in tables. lines: short side that is scored, 0 the
    file's own. every: picture figures on each such frame of a clip. limit: at most so many pictures, and
    clips, evenly spaced (0: all). frames: at most so many frames of a clip (0: all). stlpips, lpips_trunk,
    features: weight files of judges. jobs: threads that score (0: one per core).
    """

    data: Path
    outputs: Path | None = None
    subject: str = "filmcolor"
    lines: int = 256
    every: int = 12
    limit: int = 0
    frames: int = 48
    stlpips: Path | None = None
    lpips_net: Literal["alex", "vgg"] = "alex"
    lpips_trunk: Path | None = None
    features: Path | None = None
    device: str = "cpu"
    jobs: int = 0

    def __post_init__(self) -> None:
        if self.lines and self.lines < 32:
            raise ValueError(f"lines must be 0 or at least 32, instead got {self.lines}")
        for name in ("limit", "frames", "jobs"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, instead got {getattr(self, name)}")
        if self.every < 1:
            raise ValueError(f"every must be at least 1, instead got {self.every}")
        if self.subject in ("truth", "gray", "half", "mean"):
            raise ValueError(f"the row {self.subject!r} is one of the baselines; choose another name")
