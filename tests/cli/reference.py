"""The page of all commands and options, made from what the commands themselves say.

Write it again with: python -m tests.cli.reference
"""

import enum
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_args

import typer

from filmcolor.batch.manifest import SETTINGS
from filmcolor.cli.main import app
from filmcolor.settings import RunSettings

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"
# settings whose option has another name, or says the opposite
_OPTIONS = {
    "pixel_format": "--pix-fmt",
    "encoder_options": "--encoder-opt",
    "rate": "--fps",
    "smoothing": "--no-smoothing",
    "scene_memory": "--no-scene-memory",
    "mirrored": "--no-mirror",
}


@dataclass(frozen=True, slots=True)
class Given:
    """What one command takes. arguments: as its usage names them. options: rows of the table, by long names."""

    help: str
    arguments: tuple[str, ...]
    options: dict[str, str]


def commands() -> dict[str, Given]:
    """Return what every command takes, by its name, such as `batch run`."""
    return dict(_walk(app, ()))


def _walk(group: typer.Typer, name: tuple[str, ...]) -> Iterator[tuple[str, Given]]:
    for command in group.registered_commands:
        assert command.callback is not None
        own = command.name or command.callback.__name__
        yield " ".join((*name, own)), _given(command.callback)
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        assert isinstance(inner.name, str)
        yield from _walk(inner.typer_instance, (*name, inner.name))


def _given(command: Callable[..., Any]) -> Given:
    arguments, options = [], {}
    for parameter in inspect.signature(command).parameters.values():
        kind, info = get_args(parameter.annotation)
        required = parameter.default is inspect.Parameter.empty
        if isinstance(info, typer.models.ArgumentInfo):
            named = info.metavar or parameter.name.upper()
            arguments.append(named if required else f"[{named}]")
            continue
        # of an annotation's names Typer takes the first one for a default
        names = [name for name in (info.default, *(info.param_decls or ())) if isinstance(name, str)]
        names.sort(key=len, reverse=True)
        names = names or [f"--{parameter.name.replace('_', '-')}"]
        value = info.metavar or _value(kind)
        default = "required" if required else _default(parameter.default)
        options[names[0]] = f"| `{', '.join(names)}{value and ' ' + value}` | {info.help} | {default} |"
    return Given(" ".join((command.__doc__ or "").split()), tuple(arguments), options)


def _value(kind: Any) -> str:
    """Return what stands for an option's value; nothing for a switch."""
    kinds = [part for part in (get_args(kind) or (kind,)) if part is not type(None)]
    (one,) = [get_args(part)[0] if get_args(part) else part for part in kinds]
    if issubclass(one, enum.Enum):
        return "/".join(choice.value for choice in one)
    return {bool: "", int: "N", float: "X", str: "TEXT", Path: "PATH"}[one]


def _default(value: Any) -> str:
    value = getattr(value, "value", value)
    return "" if value is None or value is False or value == () else str(value)


def page() -> str:
    """Return the page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    every = commands()
    known = every["run"].options
    yield "# Commands and options\n"
    yield "Made from what `--help` says by `python -m tests.cli.reference`; do not edit. Exit codes:"
    yield "[outputs.md](outputs.md). Results go to stdout, everything else to stderr.\n"
    for name, given in every.items():
        yield f"## filmcolor {name}\n"
        yield f"    {' '.join(['filmcolor', name, *given.arguments, '[OPTIONS]'])}\n"
        yield f"{given.help}\n"
        same = [each for each, row in given.options.items() if name != "run" and known.get(each) == row]
        rows = [row for each, row in given.options.items() if each not in same]
        if rows:
            yield "| option | what it does | default |"
            yield "|---|---|---|"
            yield from rows
            yield ""
        if same:
            yield f"As of `run`: {', '.join(f'`{each}`' for each in same)}.\n"
    yield "## Settings in a file\n"
    yield "`--config FILE.toml` takes settings from the file's `[run]` table; what the command line says comes first. In a"
    whole = ", ".join(f"`{each.name}`" for each in fields(RunSettings) if each.name not in SETTINGS)
    yield f"manifest ([batch.md](batch.md)) the same names hold for single films, all but {whole}.\n"
    yield "| setting | option | default |"
    yield "|---|---|---|"
    for each in fields(RunSettings):
        option = _OPTIONS.get(each.name, f"--{each.name.replace('_', '-')}")
        assert option in known, option
        default = str(each.default).lower() if isinstance(each.default, bool) else _default(each.default)
        yield f"| `{each.name}` | `{option}` | {default} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
