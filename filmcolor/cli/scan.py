"""`filmcolor scan`: what a film is, before any work."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from filmcolor.cli.choices import PresetChoice, ProgressChoice
from filmcolor.cli.coloring import settings_of


def scan(
    films: Annotated[list[Path], typer.Argument(metavar="FILM...", help="Films and pictures; only read.")],
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE.toml", help="Write what was found as TOML, too."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing FILE.toml.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    start: Annotated[float | None, typer.Option(help="Begin here, in seconds.")] = None,
    end: Annotated[float | None, typer.Option(help="End here, in seconds.")] = None,
    size: Annotated[int | None, typer.Option(help="Size of the network's picture, as of `run`.")] = None,
    pyscenedetect: Annotated[
        bool | None, typer.Option("--pyscenedetect", help="Find shots by PySceneDetect (extra `shots`).")
    ] = None,
    strict: Annotated[bool | None, typer.Option("--strict", help="The first damage is an error.")] = None,
    preset: Annotated[PresetChoice | None, typer.Option(help="What will come out: for the disk.")] = None,
    codec: Annotated[str | None, typer.Option(help="Video encoder of the result: for the disk.")] = None,
    crf: Annotated[int | None, typer.Option(help="Quality of the encoder: for the disk.")] = None,
    max_pixels: Annotated[int | None, typer.Option(help="Largest picture that is opened, in pixels.")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings from the [run] table of a TOML file.")] = None,
    progress: Annotated[ProgressChoice, typer.Option(help="How progress is shown.")] = ProgressChoice.auto,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Decode films once and tell what they are: frames, times, shots, damage, fields, time and disk needed."""
    settings = settings_of(
        config,
        {
            "start": start,
            "end": end,
            "size": size,
            "pyscenedetect": pyscenedetect,
            "strict": strict,
            "preset": preset and preset.value,
            "codec": codec,
            "crf": crf,
            "max_pixels": max_pixels,
        },
    )
    from filmcolor.cli.show import Screen
    from filmcolor.errors import FilmcolorError
    from filmcolor.files import write_text
    from filmcolor.pipeline.several import Several
    from filmcolor.pipeline.survey import Survey, survey_source
    from filmcolor.report.scan import scan_document, source_document
    from filmcolor.report.scan_text import lines_of, toml_of

    if out is not None:
        _refuse(out, films, overwrite=overwrite)
    screen = Screen(progress.value, quiet)
    found, account = [], Several(len(films), screen)
    for film in films:
        screen.begin(film)
        try:
            survey = survey_source(film, settings, screen)
        except FilmcolorError as error:
            account.failed(error)
            continue
        found.append(source_document(survey))
        account.done(film, partial=isinstance(survey, Survey) and survey.partial)
        if not as_json:
            typer.echo("\n".join(lines_of(found[-1])))
    if found:
        document = scan_document(found)
        if as_json:
            typer.echo(json.dumps(document, indent=1, allow_nan=False))
        if out is not None:
            write_text(toml_of(document), out)
    account.end("what is there was counted")


def _refuse(out: Path, films: list[Path], *, overwrite: bool) -> None:
    """Check the place of the TOML before any work. Raises OutputError, typer.BadParameter."""
    from filmcolor.errors import OutputError

    if out.suffix.lower() != ".toml":
        raise typer.BadParameter(f"expected FILE.toml, instead got {str(out)!r}", param_hint="--out")
    if not out.parent.is_dir():
        raise OutputError(f"{out.parent}: not a folder; make it first")
    if out.absolute() in [film.absolute() for film in films]:
        raise OutputError(f"{out}: is the source itself; choose another output")
    if os.path.lexists(out) and not overwrite:
        raise OutputError(f"{out}: exists; use --overwrite to replace it")
