"""`filmcolor models`: the weights that are here, and whether they are whole."""

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="List and verify weights.", rich_markup_mode=None, no_args_is_help=True)


@app.command("list")
def list_models(as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False) -> None:
    """List the shipped weights."""
    from filmcolor.model.weights import describe, shipped

    rows = [describe(path) for path in shipped()]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        typer.echo(
            f"{row['name']}: {row['architecture']}, {row['parameters']:,} parameters, {row['bytes']:,} bytes"
        )


@app.command()
def verify(
    files: Annotated[list[Path] | None, typer.Argument(help="Weight files; none: the shipped ones.")] = None,
) -> None:
    """Load weights strictly and compare their content with the hash they carry."""
    from filmcolor.model.weights import load_model, shipped

    for path in files or shipped():
        model = load_model(path)
        typer.echo(f"{path.name}: whole, {model.digest[:16]}")
