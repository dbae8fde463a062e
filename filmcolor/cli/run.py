"""`filmcolor run`: color films, pictures and numbered sequences."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from filmcolor.cli.choices import ProgressChoice
from filmcolor.cli.coloring import Given, settings_of, with_coloring
from filmcolor.cli.loading import loading
from filmcolor.cli.reporting import Reporting
from filmcolor.errors import FilmcolorError, OutputError


@with_coloring
def run(
    inputs: Annotated[
        list[Path],
        typer.Argument(metavar="INPUT...", help="Films, pictures or numbered sequences; only read."),
    ],
    *,
    out: Annotated[
        str | None, typer.Option("--out", "-o", help="Where the result goes: a file, or a folder (DIR/).")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing result.")] = False,
    skip_existing: Annotated[
        bool, typer.Option("--skip-existing", help="Leave out inputs whose result exists.")
    ] = False,
    report: Annotated[
        str | None,
        typer.Option(help="Write a report of each result: FILE.html, FILE.json, or into a folder (DIR/)."),
    ] = None,
    given: Given,
    config: Annotated[Path | None, typer.Option(help="Settings from the [run] table of a TOML file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Results as one JSON document on stdout.")] = False,
    progress: Annotated[ProgressChoice, typer.Option(help="How progress is shown.")] = ProgressChoice.auto,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Color films and pictures; luma, sound, subtitles and timing stay as they are."""
    with loading():  # here, so that --help does not load torch
        from filmcolor.cli.show import Screen
        from filmcolor.pipeline.inputs import color_inputs
        from filmcolor.pipeline.progress import Progress

    settings = settings_of(config, {**given, "overwrite": overwrite or None})
    screen = Screen(progress.value, quiet)

    reporting = None if report is None else Reporting.to(report, inputs, out, overwrite=settings.overwrite)
    source = inputs[0]

    def begin(path: Path) -> None:
        nonlocal source
        source = path
        screen.begin(path)

    def planned(results: Sequence[Path]) -> None:
        if reporting is not None:
            reporting.check(results)

    results = color_inputs(
        inputs, out, settings, screen, begin=begin, planned=planned, skip_existing=skip_existing
    )
    rows = []
    unwritten = 0
    try:
        for result in results:
            if reporting is not None:
                try:
                    reporting.write(source, result, settings)
                except FilmcolorError as error:  # the result is there, and others wait
                    unwritten += 1
                    screen(Progress("read", warning=str(error)))
            if as_json:
                rows.append({"path": str(result.path), "frames": result.frames, "shots": result.shots,
                             "anchors": result.anchors, "recalled": result.recalled,
                             "passed": {"frames": result.passed_frames, "shots": result.passed_shots},
                             "partial": result.partial,
                             "lost": result.damage.lost if result.damage else 0,
                             "warnings": list(result.warnings)})  # fmt: skip
            else:
                known = (
                    f", {result.recalled} of them in the colors of an earlier one" if result.recalled else ""
                )
                if result.passed_frames:
                    known += (
                        f"; {result.passed_frames} frames in {result.passed_shots} shots in color already"
                    )
                typer.echo(f"{result.path}: {result.frames} frames in {result.shots} shots{known}")
    finally:  # what is done is told, also where other inputs failed
        if as_json and (rows or sys.exc_info()[0] is None):
            typer.echo(json.dumps(rows, indent=1))
    if unwritten:
        raise OutputError(f"{unwritten} of the reports could not be written; the lines above name them")
