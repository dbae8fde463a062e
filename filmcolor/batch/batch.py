"""A whole batch: find, look, plan, color; on this machine or on a cluster."""

import contextlib
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from filmcolor import __version__
from filmcolor.batch.board import Screen
from filmcolor.batch.crew import Backend, Crew
from filmcolor.batch.discover import discover, shard_of
from filmcolor.batch.drive import Driver
from filmcolor.batch.ledger import Film, Ledger, hold, ledger_of, ledger_path
from filmcolor.batch.machine import cuda_devices, sizes
from filmcolor.batch.options import BatchOptions
from filmcolor.batch.order import Vault, Wanted
from filmcolor.batch.plan import (
    Entry,
    is_whole,
    refuse_collisions,
    register,
    settings_from,
    settings_text,
    settle,
    twins,
)
from filmcolor.errors import InputError, OutputError
from filmcolor.files import as_path
from filmcolor.settings import RunSettings

_OF_A_RUN = frozenset({"overwrite", "fresh", "device", "precision", "model"})
_SEEN = 50
"""Sources, of as many folders, that every machine of a cluster must see."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a batch run. films: rows of the sources of this run. problems: what could not be searched.

    to_do: films that were to be done (all that a dry run tells). kept: finished before and still whole.
    told: sources of films whose failure the screen was told.
    """

    films: tuple[Film, ...]
    problems: tuple[str, ...]
    ignored: int
    to_do: int
    kept: int
    seconds: float
    left_out: int = 0
    told: frozenset[str] = frozenset()

    @property
    def failed(self) -> tuple[Film, ...]:
        """Films that failed."""
        return tuple(film for film in self.films if film.state == "failed")

    @property
    def partial(self) -> tuple[Film, ...]:
        """Films whose result lacks frames that were lost to damage."""
        return tuple(film for film in self.films if film.state == "done" and film.lost)


def run_batch(sources: Sequence[str], base: RunSettings, options: BatchOptions, screen: Screen) -> Outcome:
    """Color all films and pictures that the sources name; what is finished is verified and left.

    Raises InputError and OutputError for what can be known before any work, ModelError where the workers cannot
    load the weights or differ, OutputError where the disk stops the work. Films that fail do not raise.
    """
    vault = discover(sources, options.out, options.include, options.exclude)
    found = vault.wanted
    if options.shard is not None:
        found = shard_of(found, *options.shard)
    if not vault.wanted:
        problem = f" ({vault.problems[0]})" if vault.problems else ""
        raise InputError(f"{', '.join(sources)}: no films and no pictures here{problem}")
    for line in (*vault.notes, *vault.problems):
        screen.tell("warning", text=line)
    return _run(found, vault, base, options, screen)


def retry_batch(base: RunSettings, options: BatchOptions, screen: Screen) -> Outcome:
    """Try the failed films of a ledger again, with the settings that they had.

    base: says what a whole run decides (device, precision, model). Raises as `run_batch` does.
    """
    with Ledger.read(ledger_of(options.out, options.shard)) as ledger:
        failed = ledger.films("failed")
    wanted = []
    for film in failed:
        kept = settings_from(film.settings) if film.settings else base
        own = {f.name: getattr(kept, f.name) for f in fields(kept) if f.name not in _OF_A_RUN}
        out = None if film.out is None else as_path(film.out)
        wanted.append(
            Wanted(as_path(film.source), as_path(film.place or film.source), out, own, film.origin or "")
        )
    return _run(tuple(wanted), Vault(tuple(wanted)), base, options, screen, again=True)


def _run(
    found: Sequence[Wanted],
    vault: Vault,
    base: RunSettings,
    options: BatchOptions,
    screen: Screen,
    *,
    again: bool = False,
) -> Outcome:
    began = time.time()
    with contextlib.ExitStack() as stack:
        ledger, logs = _open(options, stack)
        entries = register(ledger, found, base)
        if again:
            for entry in entries:
                ledger.change(entry.film, state="waiting", attempts=0, error=None, code=None)
                entry.looked = False
        jobs, backend = _backend(base, options, logs, found)
        stack.callback(backend.leave)
        unseen = sum(not entry.looked for entry in entries)
        crew = stack.enter_context(Crew(backend, max(1, min(jobs, unseen)), options.watchdog))
        driver = Driver(
            ledger, crew, options, screen, {entry.film.id: entry for entry in entries}, bool(base.fresh)
        )
        stack.callback(driver.interrupt)
        to_do, kept = _plan(ledger, crew, driver, entries, base, options)
        ledger.note(settings=settings_text(base), version=__version__, basis=json.dumps(crew.basis))
        if not options.dry_run:
            ledger.note(began=str(began), ended="", workers=str(jobs))
            crew.grow(jobs if to_do else 0)
            first_of, unsure = twins(to_do)
            if unsure:
                driver.hash(unsure)
                first_of, _ = twins(to_do)
            driver.color(to_do, first_of)
            ledger.note(ended=str(time.time()))
        films = tuple(entry.film for entry in entries)
        seconds = time.time() - began
        left_out = len(vault.wanted) - len(found)
        told = frozenset(driver.showing.told)
        return Outcome(films, vault.problems, vault.ignored, len(to_do), kept, seconds, left_out, told)


def _plan(
    ledger: Ledger,
    crew: Crew,
    driver: Driver,
    entries: Sequence[Entry],
    base: RunSettings,
    options: BatchOptions,
) -> tuple[list[Entry], int]:
    """Look at what is new, check what is finished, and return what is to be done."""
    for entry in entries:
        film = entry.film
        if film.state == "failed" and (film.code != 3 or not entry.looked):
            ledger.change(film, state="waiting", attempts=0)  # only a source that cannot be read stays failed
    driver.look([entry for entry in entries if not entry.looked])
    driver.meet()
    assert crew.basis is not None
    ours = {entry.film.id for entry in entries}
    others = {f.out: f.source for f in ledger.films() if f.id not in ours and f.out is not None}
    refuse_collisions(entries, others)
    done = [entry for entry in entries if entry.film.state == "done"]
    doubtful = []
    for entry in done:
        whole = None if options.verify and entry.film.out_sha256 else is_whole(entry.film)
        if whole is None:
            doubtful.append(entry)
        elif not whole:
            _undo(ledger, entry)
    for entry in driver.verify(doubtful):
        _undo(ledger, entry)
    to_do = settle(ledger, entries, crew.basis, options, base.overwrite)
    return to_do, sum(entry.film.state == "done" for entry in entries)


def _undo(ledger: Ledger, entry: Entry) -> None:
    ledger.change(entry.film, state="waiting", out_sha256=None, attempts=0)
    ledger.forget_segments(entry.film)


def _open(options: BatchOptions, stack: contextlib.ExitStack) -> tuple[Ledger, Path]:
    """Open the ledger for this run, held; a dry run has one in memory."""
    path = ledger_path(options.out, options.shard)
    if options.dry_run:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="filmcolor-")))
        return stack.enter_context(Ledger.rehearse(path)), logs
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{options.out}: cannot make this folder: {error.strerror or error}") from error
    stack.enter_context(hold(path))
    shared = options.shard is not None or options.backend == "ray"
    return stack.enter_context(Ledger.open(path, shared=shared)), path.parent


def _backend(
    base: RunSettings, options: BatchOptions, logs: Path, found: Sequence[Wanted]
) -> tuple[int, Backend]:
    if options.backend == "ray":
        from filmcolor.batch.cluster import RayBackend

        folders = {wanted.source.parent: wanted.source for wanted in reversed(found)}
        ray = RayBackend(base, options, list(folders.values())[:_SEEN])
        return ray.jobs, ray
    from filmcolor.batch.local import LocalBackend

    devices = options.devices or (cuda_devices() if base.device != "cpu" else ())
    jobs, threads = sizes(options.jobs, devices)
    return jobs, LocalBackend(base, threads, devices, logs)


def watch(outcome: Outcome) -> Iterator[str]:
    """Yield a line for each film that needs a look, and was not told of in this run."""
    for film in outcome.failed:
        if film.source not in outcome.told:
            yield f"failed before: {film.error}"
    for film in outcome.partial:
        yield f"{film.source}: {film.lost} frames were lost to damage"
