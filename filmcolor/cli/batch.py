"""`filmcolor batch`: a vault of films, on one machine or on many."""

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from filmcolor.cli.choices import BackendChoice, ProgressChoice
from filmcolor.cli.coloring import Given, settings_of, with_coloring, with_options
from filmcolor.cli.loading import loading

app = typer.Typer(help="Color a vault: many films, many workers, one ledger.", rich_markup_mode=None,
                  no_args_is_help=True)  # fmt: skip

_Out = Annotated[Path, typer.Option("--out", "-o", help="Folder of the results and the ledger.")]
_Vault = Annotated[Path, typer.Argument(metavar="OUT", help="Folder of a batch's results.")]
_Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
_Progress = Annotated[ProgressChoice, typer.Option(help="How progress is shown.")]
_Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]


_Crew = dict[str, Any]
"""What the command line says of the work, by the names of `batch.options.BatchOptions`."""


def _crew(
    reports: Annotated[
        bool, typer.Option("--reports", help="Write a report of each film beside its result.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", help="Workers; default: one a GPU, or one for two cores.")
    ] = None,
    devices: Annotated[str | None, typer.Option(help="GPUs to use, by number: 0,1,3.")] = None,
    limit_disk: Annotated[
        str | None, typer.Option(help="Most disk for results and unfinished work of this run, such as 500GB.")
    ] = None,
    attempts: Annotated[int, typer.Option(help="Tries of a film or segment whose worker dies.")] = 3,
    watchdog: Annotated[
        float, typer.Option(help="Seconds without a sign after which a worker is ended.")
    ] = 900.0,
    shard: Annotated[
        str | None, typer.Option(help="This run's part, i/n; default: that of the Slurm job array, if any.")
    ] = None,
    backend: Annotated[BackendChoice, typer.Option(help="Where workers run.")] = BackendChoice.local,
    address: Annotated[
        str | None, typer.Option(help="Ray's head: auto, ray://HOST:PORT or HOST:PORT.")
    ] = None,
) -> _Crew:
    """Return what was given. Raises typer.BadParameter."""
    from filmcolor.batch.options import parse_shard, parse_size, shard_of_scheduler

    if jobs is not None and jobs < 1:
        raise typer.BadParameter(f"must be at least 1, instead got {jobs}", param_hint="--jobs")
    try:
        return {
            "reports": reports,
            "jobs": jobs or 0,
            "devices": tuple(part.strip() for part in devices.split(",")) if devices else (),
            "limit_disk": None if limit_disk is None else parse_size(limit_disk),
            "attempts": attempts,
            "watchdog": watchdog,
            "shard": parse_shard(shard) if shard else shard_of_scheduler(dict(os.environ)),
            "backend": backend.value,
            "address": address,
        }
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


_with_crew = with_options("crew", _crew)


@app.command("run")
@_with_crew
@with_coloring
def run(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...", help="Folders, films, pictures, patterns, manifests (.toml, .csv)."
        ),
    ],
    *,
    out: _Out,
    include: Annotated[
        list[str] | None,
        typer.Option(help="Only files that match, such as '*.mkv' or 'reels/*'; repeat for more."),
    ] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="No files that match; repeat for more.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and stop.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing results.")] = False,
    skip_existing: Annotated[
        bool, typer.Option("--skip-existing", help="Leave out inputs whose result exists.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Hash every finished result again before it is left as it is.")
    ] = False,
    crew: _Crew,
    given: Given,
    config: Annotated[Path | None, typer.Option(help="Settings from the [run] table of a TOML file.")] = None,
    as_json: _Json = False,
    progress: _Progress = ProgressChoice.auto,
    quiet: _Quiet = False,
) -> None:
    """Color all films and pictures of a vault; run it again to go on where it stopped."""
    settings = settings_of(config, {**given, "overwrite": overwrite or None})
    options = _options(
        crew, out=out, include=tuple(include or ()), exclude=tuple(exclude or ()), verify=verify,
        skip_existing=skip_existing, dry_run=dry_run,
    )  # fmt: skip
    with loading():
        from filmcolor.batch.batch import run_batch
    from filmcolor.cli.batch_screen import screen_of

    with screen_of(progress.value, quiet, as_json) as screen:
        outcome = run_batch(sources, settings, options, screen)
    _end(outcome, options, as_json)


@app.command("retry")
@_with_crew
def retry(
    out: _Vault,
    *,
    crew: _Crew,
    model: Annotated[Path | None, typer.Option(help="Weights to use instead of the shipped ones.")] = None,
    as_json: _Json = False,
    progress: _Progress = ProgressChoice.auto,
    quiet: _Quiet = False,
) -> None:
    """Try the failed films of a batch again, after saying why each failed."""
    options = _options(crew, out=out)
    with loading():
        from filmcolor.batch.batch import retry_batch
    from filmcolor.batch.ledger import Ledger, ledger_of
    from filmcolor.batch.status import base_of
    from filmcolor.cli.batch_screen import screen_of

    with Ledger.read(ledger_of(out, options.shard)) as ledger:
        failed = ledger.films("failed")
        base = base_of(ledger)
    if not quiet:
        for film in failed:
            typer.echo(f"{film.source}: {film.error} ({film.attempts} tries)", err=True)
    if not failed:
        typer.echo(f"{out}: no film has failed", err=True)
        return
    if model is not None:
        from dataclasses import replace

        base = replace(base, model=model)
    with screen_of(progress.value, quiet, as_json) as screen:
        outcome = retry_batch(base, options, screen)
    _end(outcome, options, as_json)


@app.command("status")
def status(out: _Vault, as_json: _Json = False, failed: Annotated[
    bool, typer.Option("--failed", help="Only the films that failed, with their reasons.")
] = False) -> None:  # fmt: skip
    """Show how far a batch is; shards are added up."""
    from filmcolor.batch.status import lines_of, summary

    found = summary(out)
    if as_json:
        typer.echo(json.dumps(found, indent=1))
        return
    for line in lines_of(found, only_failed=failed):
        typer.echo(line)


@app.command("report")
def report(
    out: _Vault,
    html: Annotated[Path | None, typer.Option(help="Default: batch.html in OUT.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Default: batch.csv in OUT.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json-file", help="Default: batch.json in OUT.")] = None,
) -> None:
    """Write what became of every film: a page, a table and a JSON document."""
    from filmcolor.batch.status import write_reports

    for path in write_reports(out, html, csv, json_file):
        typer.echo(path)


def _options(crew: _Crew, **more: Any) -> Any:
    from filmcolor.batch.options import BatchOptions

    try:
        return BatchOptions(**crew, **more)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _end(outcome: Any, options: Any, as_json: bool) -> None:
    """Print what came of a run. Raises PartialError where something is missing."""
    from filmcolor.batch.batch import watch
    from filmcolor.batch.status import outcome_document, outcome_lines
    from filmcolor.errors import PartialError

    if as_json:
        typer.echo(json.dumps(outcome_document(outcome, options.dry_run), indent=1))
    else:
        for line in outcome_lines(outcome, options.dry_run):
            typer.echo(line)
    if options.dry_run:
        return
    for line in watch(outcome):
        typer.echo(line, err=True)
    if outcome.failed or outcome.partial or outcome.problems:
        parts = [f"{len(outcome.failed)} of {len(outcome.films)} films failed"] if outcome.failed else []
        parts += [f"{len(outcome.partial)} lost frames to damage"] if outcome.partial else []
        parts += [f"{len(outcome.problems)} places could not be searched"] if outcome.problems else []
        raise PartialError(f"{options.out}: {', '.join(parts)}; see: filmcolor batch status {options.out}")
