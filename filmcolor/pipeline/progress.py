"""What a run reports while it works: stages call it, the command line draws it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from filmcolor.pipeline.journal import Finished

Stage = Literal["read", "scan", "color", "join", "done"]


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment of a run. frames: colored (scan: seen) so far. total: of the film, or None while unknown.

    shots: shots seen so far. warning: a line for the user, or None. segment: just finished, or None.
    """

    stage: Stage
    frames: int = 0
    total: int | None = None
    shots: int = 0
    warning: str | None = None
    segment: Finished | None = None


Report = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Report to nobody."""
