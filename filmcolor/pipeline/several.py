"""Several inputs, one after the other: one that fails is told and the rest goes on; what is amiss is raised at the end."""

from pathlib import Path

from filmcolor.errors import FilmcolorError, PartialError
from filmcolor.pipeline.progress import Progress, Report


class Several:
    """Keeps account of `count` inputs. One that is alone fails at once."""

    def __init__(self, count: int, progress: Report) -> None:
        self._count, self._progress = count, progress
        self._done = 0
        self._failures: list[FilmcolorError] = []
        self._partial: list[Path] = []

    def failed(self, error: FilmcolorError) -> None:
        """Tell the failure of an input; where it is the only one, raise it."""
        if self._count == 1:
            raise error
        self._failures.append(error)
        self._progress(Progress("read", warning=str(error)))

    def done(self, source: Path, *, partial: bool) -> None:
        """Note that an input is done. partial: frames of it were lost to damage."""
        self._done += 1
        if partial:
            self._partial.append(source)

    def end(self, there: str) -> None:
        """Raise what is amiss, if anything. there: what is there of damaged films, in words.

        Raises PartialError, or the first failure where nothing was done.
        """
        if self._failures and self._done:
            number = len(self._failures)
            raise PartialError(f"{number} of {self._count} inputs failed; the lines above name them")
        if self._failures:
            raise self._failures[0]
        if self._partial:
            names = ", ".join(str(path) for path in self._partial)
            raise PartialError(f"{names}: frames were lost to damage; {there}")
