"""A list of films with outputs and settings of their own: TOML or CSV. Every mistake is told with its line."""

import csv
import os
import re
import tomllib
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from filmcolor.batch.order import Wanted
from filmcolor.errors import InputError
from filmcolor.settings import RunSettings

_OWN = ("film", "output")
_FOR_ALL = "run"
# what a whole batch decides, not one film of it
_NOT_HERE = frozenset({"overwrite", "fresh", "workspace", "device", "precision", "model"})
_KINDS = typing.get_type_hints(RunSettings)
SETTINGS = tuple(f.name for f in fields(RunSettings) if f.name not in _NOT_HERE)
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def read_manifest(path: Path, out: Path) -> list[Wanted]:
    """Return the films of a manifest, in order.

    Films are named relative to the manifest, outputs relative to `out`. TOML: a table `[[film]]` each with the
    keys film, output and settings, and a table `[run]` of settings for all. CSV: a column each (comma, semicolon
    or tab), with a header. Raises InputError naming file and line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot read this manifest: {error}") from error
    rows = _toml(path, text) if path.suffix.lower() == ".toml" else _csv(path, text)
    found: list[Wanted] = []
    films: dict[Path, int] = {}
    outputs: dict[Path, int] = {}
    for line, row in rows:
        wanted = _wanted(path, line, row, out)
        for known, what, name in ((films, wanted.source, "film"), (outputs, wanted.out, "output")):
            if what is not None and known.setdefault(what, line) != line:
                raise InputError(f"{path}, line {line}: {what}: the same {name} as in line {known[what]}")
        found.append(wanted)
    if not found:
        raise InputError(f"{path}: names no film")
    return found


def _wanted(path: Path, line: int, row: Mapping[str, Any], out: Path) -> Wanted:
    name = row.get("film")
    if not isinstance(name, str) or not name:
        raise InputError(f"{path}, line {line}: no film is named")
    source = Path(os.path.abspath(path.parent / name))  # noqa: PTH100 - links stay what they are
    result = row.get("output")
    if result is not None and (not isinstance(result, str) or not result):
        raise InputError(f"{path}, line {line}: output must be a path, instead got {result!r}")
    settings = {k: v for k, v in row.items() if k not in _OWN}
    try:
        RunSettings(**settings)
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}, line {line}: {error}") from error
    place = Path(name)
    if place.is_absolute() or ".." in place.parts:
        place = Path(place.name)
    target = None if result is None else Path(os.path.abspath(out / result))  # noqa: PTH100
    return Wanted(source, place, target, settings, f"{path}, line {line}")


def _toml(path: Path, text: str) -> list[tuple[int, dict[str, Any]]]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not a manifest: {error}") from error
    lines = text.splitlines()
    for key in data:
        if key not in ("film", _FOR_ALL):
            raise InputError(
                f"{path}, line {_line_of(lines, key)}: unknown key {key!r}; known are [run] and [[film]]"
            )
    for_all, films = data.get(_FOR_ALL, {}), data.get("film", [])
    if not isinstance(films, list) or not all(isinstance(film, dict) for film in films):
        raise InputError(f"{path}, line {_line_of(lines, 'film')}: films are tables, each begun by [[film]]")
    if not isinstance(for_all, dict):
        raise InputError(f"{path}, line {_line_of(lines, _FOR_ALL)}: settings for all are a table [run]")
    shared = _checked(path, lines, _header(lines, _FOR_ALL), for_all, ())
    starts = _headers(lines)
    rows = []
    for number, film in enumerate(films):
        line = starts[number] if number < len(starts) else 1
        rows.append((line, {**shared, **_checked(path, lines, line, film, _OWN)}))
    return rows


def _checked(
    path: Path, lines: Sequence[str], start: int, table: Mapping[str, Any], own: tuple[str, ...]
) -> dict[str, Any]:
    """Return a table's values as RunSettings takes them."""
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in own and key not in SETTINGS:
            raise _unknown(path, _line_of(lines, key, start), key, "key", own)
        if key == "encoder_options" and isinstance(value, dict):
            value = tuple((str(k), str(v)) for k, v in value.items())
        elif key not in own and not _fits(key, value):
            raise InputError(f"{path}, line {_line_of(lines, key, start)}: {key} cannot be {value!r}")
        values[key] = value
    return values


def _csv(path: Path, text: str) -> list[tuple[int, dict[str, Any]]]:
    head = text.split("\n", 1)[0]
    reader = csv.reader(text.splitlines(), delimiter=max(",;\t", key=head.count), strict=True)
    rows: list[tuple[int, dict[str, Any]]] = []
    names: list[str] = []
    try:
        for cells in reader:
            line = reader.line_num
            if not any(cell.strip() for cell in cells) or cells[0].startswith("#"):
                continue
            if not names:
                names = [cell.strip() for cell in cells]
                _check_header(path, line, names)
                continue
            if len(cells) > len(names):
                raise InputError(f"{path}, line {line}: {len(cells)} cells, but {len(names)} columns")
            given = {n: c.strip() for n, c in zip(names, cells, strict=False) if c.strip()}
            rows.append((line, {n: c if n in _OWN else _value(path, line, n, c) for n, c in given.items()}))
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: not CSV: {error}") from error
    return rows


def _check_header(path: Path, line: int, names: Sequence[str]) -> None:
    for name in names:
        if name not in _OWN and name not in SETTINGS:
            raise _unknown(path, line, name, "column", _OWN)
        if names.count(name) > 1:
            raise InputError(f"{path}, line {line}: two columns are called {name!r}")
    if "film" not in names:
        raise InputError(f"{path}, line {line}: no column is called 'film'")


def _unknown(path: Path, line: int, name: str, what: str, own: tuple[str, ...]) -> InputError:
    if name in _NOT_HERE:
        return InputError(f"{path}, line {line}: {name!r} is said for a whole batch, on the command line")
    return InputError(
        f"{path}, line {line}: unknown {what} {name!r}; known are {', '.join((*own, *sorted(SETTINGS)))}"
    )


def _value(path: Path, line: int, name: str, cell: str) -> Any:
    """Return a cell as the type of its setting."""
    kinds = _kinds(name)
    if bool in kinds and cell.lower() in (*_TRUE, *_FALSE):
        return cell.lower() in _TRUE
    if name == "encoder_options":
        pairs = [part.partition("=") for part in cell.split()]
        if all(equals and option for option, equals, _ in pairs):
            return tuple((option, value) for option, _, value in pairs)
    for kind in (int, float):
        if kind in kinds:
            try:
                return kind(cell)
            except ValueError:
                continue
    if str in kinds:
        return cell
    raise InputError(f"{path}, line {line}: {name} cannot be {cell!r}")


def _fits(name: str, value: object) -> bool:
    kinds = _kinds(name)
    if isinstance(value, bool):
        return bool in kinds
    return type(value) in kinds or (type(value) is int and float in kinds)


def _kinds(name: str) -> set[type]:
    """Return the types that a setting's value may have."""
    kind = _KINDS[name]
    parts = typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
    return {str if typing.get_origin(part) is typing.Literal else part for part in parts}


def _headers(lines: Sequence[str]) -> list[int]:
    """Return the lines, from 1, of each [[film]]."""
    return [i for i, line in enumerate(lines, 1) if re.match(r"\s*\[\[\s*['\"]?film['\"]?\s*\]\]", line)]


def _header(lines: Sequence[str], table: str) -> int:
    return next((i for i, line in enumerate(lines, 1) if re.match(rf"\s*\[\s*{table}\s*\]", line)), 1)


def _line_of(lines: Sequence[str], key: str, start: int = 1) -> int:
    """Return the line, from 1, where a key is set at or after line `start`."""
    pattern = re.compile(rf"\s*\[*\s*['\"]?{re.escape(key)}['\"]?\s*(=|\.|\])")
    return next((i for i, line in enumerate(lines, 1) if i >= start and pattern.match(line)), start)
