"""What a batch has to do: each source against the ledger, before any work. Pure but for a look at files' states."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from filmcolor.batch.ledger import Film, Ledger
from filmcolor.batch.options import BatchOptions
from filmcolor.batch.order import Wanted
from filmcolor.errors import InputError, OutputError
from filmcolor.files import as_path, as_text
from filmcolor.settings import RunSettings

_WHOLE = 8 << 20
"""Bytes up to which the fingerprint (first and last 4 MiB) covers a whole file."""


@dataclass(slots=True)
class Entry:
    """One source of this run: what is wanted, its row in the ledger, and its settings."""

    wanted: Wanted
    film: Film
    settings: RunSettings
    looked: bool = False

    @property
    def source(self) -> Path:
        """The source."""
        return self.wanted.source

    @property
    def out(self) -> Path:
        """Where the result goes; known once the source was looked at."""
        assert self.film.out is not None
        return as_path(self.film.out)


def register(ledger: Ledger, wanted: Sequence[Wanted], base: RunSettings) -> list[Entry]:
    """Return an entry for each source, with its row; new ones are added to the ledger.

    A row whose source has not changed since it was looked at is taken as it is. Raises InputError where settings of
    the manifest do not go with those of the command line.
    """
    entries: list[Entry] = []
    with ledger.together():
        for each in wanted:
            try:
                settings = replace(base, **each.settings)
            except ValueError as error:
                raise InputError(f"{each.origin}: {error}") from error
            source = as_text(each.source)
            film = ledger.film(source)
            if film is None:
                film = ledger.add(Film(source=source, place=as_text(each.place), origin=each.origin))
            entries.append(Entry(each, film, settings, looked=_unchanged(each, film)))
    return entries


def _unchanged(wanted: Wanted, film: Film) -> bool:
    if film.kind not in ("film", "picture") or film.fingerprint is None:
        return False  # a series of pictures is looked at each time
    try:
        status = wanted.source.stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (film.size, film.mtime)


def result_of(wanted: Wanted, name: str, out: Path) -> Path:
    """Return where the result of a source goes, which is called `name` by default."""
    return wanted.out or Path(os.path.abspath(out / wanted.place.parent / name))  # noqa: PTH100


def basis_of(settings: RunSettings, shared: Iterable[tuple[str, str]]) -> str:
    """Return a digest of what a result stands on."""
    return settings.digest(*(f"{name}: {value}" for name, value in shared))


def settings_text(settings: RunSettings) -> str:
    """Return settings as the ledger keeps them."""
    return json.dumps(asdict(settings), sort_keys=True, default=str)


def settings_from(text: str) -> RunSettings:
    """Return the settings that `settings_text` kept."""
    values: dict[str, Any] = json.loads(text)
    values["encoder_options"] = tuple((str(k), str(v)) for k, v in values.get("encoder_options") or ())
    for name in ("model", "workspace"):
        values[name] = None if values.get(name) is None else Path(values[name])
    return RunSettings(**values)


def refuse_collisions(entries: Sequence[Entry], others: Mapping[str, str]) -> None:
    """Raise OutputError where two results would have one place, or one is a source.

    others: outputs of films that the ledger knows from earlier runs, with their sources.
    """
    taken: dict[str, str] = dict(others)
    sources = {os.path.realpath(entry.source): entry for entry in entries}
    for entry in entries:
        if entry.film.out is None:
            continue
        first = taken.setdefault(entry.film.out, entry.film.source)
        if first != entry.film.source:
            raise OutputError(
                f"{entry.out}: both {first} and {entry.film.source} would go there; "
                "name their outputs in a manifest"
            )
        if os.path.realpath(entry.out) in sources:
            raise OutputError(f"{entry.out}: is a source itself; choose another -o")


def differs(film: Film, settings: RunSettings) -> str:
    """Return what of the settings differs from those that made a result, for people."""
    held: Mapping[str, Any] = json.loads(film.settings) if film.settings else {}
    now = json.loads(settings_text(settings))
    names = [name for name in settings.effects() if held.get(name) != now.get(name)]
    if names:
        name = names[0]
        return f"another {name.replace('_', ' ')} ({held.get(name)}, now {now.get(name)})"
    return "other weights, another engine or version of filmcolor"


def is_whole(film: Film) -> bool | None:
    """Tell whether a finished result is as it was made; None: only its hash can tell."""
    if film.out is None:
        return False
    try:
        status = as_path(film.out).stat()
    except OSError:
        return False
    if not film.out_sha256:
        return True  # a series of pictures, or a result that was there before
    if status.st_size != film.out_size:
        return False
    return True if status.st_mtime_ns == film.out_mtime else None


def settle(
    ledger: Ledger,
    entries: Sequence[Entry],
    basis: Iterable[tuple[str, str]],
    options: BatchOptions,
    overwrite: bool,
) -> list[Entry]:
    """Decide which entries are to be done, and return them; those that must be hashed first are among them.

    Raises OutputError where a result exists that no batch made, or that one made with other settings, and
    neither overwrite nor options.skip_existing says what to do.
    """
    shared = tuple(basis)
    to_do: list[Entry] = []
    with ledger.together():
        for entry in entries:
            film = entry.film
            if film.state == "failed" or film.out is None:
                continue
            now = basis_of(entry.settings, shared)
            exists = os.path.lexists(entry.out)
            if film.state == "done" and exists:
                if film.basis == now or film.basis is None:
                    continue
                if not overwrite:
                    raise OutputError(
                        f"{entry.out}: was made with {differs(film, entry.settings)}; use --overwrite to make it "
                        "again, or the old ones to keep it"
                    )
            elif film.state != "done" and exists and film.began is None and not overwrite:
                if not options.skip_existing:
                    raise OutputError(
                        f"{entry.out}: exists; use --overwrite to replace it or --skip-existing to leave it"
                    )
                status = entry.out.stat()
                line = json.dumps(["the result was there before this batch; left as it is"])
                ledger.change(
                    film, state="done", warnings=line, out_size=status.st_size, out_mtime=status.st_mtime_ns,
                    settings=settings_text(entry.settings),
                )  # fmt: skip
                continue
            ledger.change(film, state="waiting", basis=now, settings=settings_text(entry.settings), error=None,
                          code=None, same_as=None)  # fmt: skip
            to_do.append(entry)
    return to_do


def twins(entries: Sequence[Entry]) -> tuple[dict[int, Entry], list[Entry]]:
    """Find films with the same content, settings and kind of result: work on one serves for all.

    Returns the first film for each later one's number, and films whose whole content must be hashed first.
    """
    groups: dict[tuple[object, ...], Entry] = {}
    first_of: dict[int, Entry] = {}
    unsure: dict[int, Entry] = {}
    for entry in entries:
        film = entry.film
        beside = entry.settings.compare or entry.settings.framemd5  # files that a copy would lack
        if film.kind not in ("film", "picture") or not film.size or beside:
            continue
        alike = (film.kind, film.size, film.fingerprint, film.basis, entry.out.suffix)
        whole = film.size <= _WHOLE
        key = (*alike, None if whole else film.sha256)
        first = groups.setdefault(alike if not whole and film.sha256 is None else key, entry)
        if first is entry:
            continue
        if not whole and film.sha256 is None:
            unsure[film.id] = entry
            if first.film.sha256 is None:
                unsure[first.film.id] = first
        else:
            first_of[film.id] = first
    return first_of, list(unsure.values())
