"""`run --report`: where the report of each result goes, decided before the work."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from filmcolor.errors import OutputError

if TYPE_CHECKING:
    from filmcolor.pipeline.run import RunResult
    from filmcolor.settings import RunSettings

_ENDING = ".report.html"


@dataclass(frozen=True, slots=True)
class Reporting:
    """Writes reports: to the file `where`, or into the folder `where` by the names of the results."""

    where: Path
    is_folder: bool
    overwrite: bool

    @classmethod
    def to(cls, where: str, inputs: Sequence[Path], out: str | None, *, overwrite: bool) -> "Reporting":
        """Check the place before anything is colored. Raises OutputError, typer.BadParameter."""
        path = Path(where)
        if where.endswith(("/", os.sep)) or path.is_dir():
            if not path.is_dir():
                raise OutputError(f"{path}: not a folder; make it first")
            return cls(path, is_folder=True, overwrite=overwrite)
        if path.suffix.lower() not in (".html", ".htm", ".json"):
            raise typer.BadParameter(
                f"expected FILE.html or FILE.json, instead got {where!r}", param_hint="--report"
            )
        if len(inputs) > 1:
            raise OutputError(f"{path}: several inputs need a folder for their reports; write --report DIR/")
        if not path.parent.is_dir():
            raise OutputError(f"{path.parent}: not a folder; make it first")
        from filmcolor.report.film_page import report_files

        taken = [each.absolute() for each in (*inputs, *([Path(out)] if out else []))]
        for file in report_files(path):
            if file.absolute() in taken:
                raise OutputError(f"{file}: is the source or the result; choose another place for the report")
            _refuse_existing(file, overwrite)
        return cls(path, is_folder=False, overwrite=overwrite)

    def check(self, results: Sequence[Path]) -> None:
        """Check the places in a folder, once it is known what the results are called. Raises OutputError."""
        from filmcolor.report.film_page import report_files

        taken: dict[Path, Path] = {}
        for result in results if self.is_folder else ():
            page = self._place(result)
            first = taken.setdefault(page, result)
            if first is not result:
                raise OutputError(
                    f"{page}: the reports of both {first} and {result} would go there; run them apart"
                )
            for file in report_files(page):
                _refuse_existing(file, self.overwrite)

    def write(self, source: Path, result: "RunResult", settings: "RunSettings") -> None:
        """Write the report of one result. Raises InputError, OutputError."""
        from filmcolor.report.film_page import write_report

        write_report(source, result, settings, self._place(result.path))

    def _place(self, result: Path) -> Path:
        return self.where / f"{result.name}{_ENDING}" if self.is_folder else self.where


def _refuse_existing(file: Path, overwrite: bool) -> None:
    if os.path.lexists(file) and not overwrite:
        raise OutputError(f"{file}: exists; use --overwrite to replace it")
