"""`filmcolor`: the commands, and the one place where an error becomes an exit code."""

import logging
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Annotated, NoReturn

import typer

from filmcolor import __version__
from filmcolor.cli.batch import app as batch
from filmcolor.cli.bench import app as bench
from filmcolor.cli.doctor import doctor
from filmcolor.cli.models import app as models
from filmcolor.cli.run import run
from filmcolor.cli.scan import scan
from filmcolor.cli.train import train
from filmcolor.errors import FilmcolorError

app = typer.Typer(
    name="filmcolor",
    help="Color black-and-white film and photographs.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    add_completion=False,
)
app.command()(run)
app.command()(scan)
app.command()(train)
app.add_typer(batch, name="batch")
app.add_typer(bench, name="bench")
app.add_typer(models, name="models")
app.command()(doctor)


_STOPPED = "stopped; what is finished is kept, run the same command again to go on (train: with --resume)"


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"filmcolor {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Color black-and-white film and photographs."""


class _Terminated(BaseException):
    """SIGTERM arrived."""


def _on_terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise _Terminated


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit with its documented code (errors.py)."""
    logging.basicConfig(level=logging.WARNING, format="filmcolor: %(message)s", stream=sys.stderr)
    signal.signal(signal.SIGTERM, _on_terminate)
    try:
        code = app(arguments, standalone_mode=False)
        if code == 130:  # Typer's exit for Ctrl-C
            _complain(_STOPPED)
        if sys.stdout is not None:  # closed by the caller
            sys.stdout.flush()
    except FilmcolorError as error:
        _complain(str(error))
        code = error.exit_code
    except typer.Abort:
        code = 130
    except KeyboardInterrupt:
        _complain(_STOPPED)
        code = 130
    except _Terminated:
        _complain(_STOPPED)
        code = 143
    except (BrokenPipeError, SystemExit):  # Click makes an exit of its own of a broken pipe
        sys.stdout = None  # nobody reads it; the last flush would fail again
        code = 141
    except Exception as error:
        wrong_use = getattr(error, "exit_code", None) == 2 and hasattr(error, "format_message")
        if wrong_use:
            _complain(f"{error.format_message()}")  # type: ignore[attr-defined]
            code = 2
        else:
            logging.getLogger(__name__).debug("bug", exc_info=True)
            _complain(f"internal error ({type(error).__name__}: {error}); please report it, with the command")
            if os.environ.get("FILMCOLOR_TRACEBACK"):
                raise
            code = 1
    sys.exit(code if isinstance(code, int) else 0)


def _complain(line: str) -> None:
    text = " ".join(f"filmcolor: {line}".split())
    try:
        typer.echo(text.encode("utf-8", "backslashreplace").decode("utf-8"), err=True)
    except (OSError, UnicodeError):
        sys.stderr.buffer.write(text.encode("ascii", "backslashreplace") + b"\n")
