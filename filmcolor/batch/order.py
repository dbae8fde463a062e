"""What is to be done with one source of a vault, before anything is known of its content."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Wanted:
    """One source and where its result goes.

    source: absolute. place: the source's path within the vault, which the result keeps under OUT (with the
    suffix that its content asks for). out: the result, where the manifest names it, else None. settings: what
    the manifest says of this film alone, by the names of RunSettings. origin: who named it, for messages.
    """

    source: Path
    place: Path
    out: Path | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Vault:
    """What discovery found: the sources in order, and lines on what could not be looked at.

    notes: lines on what was left out without a loss, such as a link that leads back.
    """

    wanted: tuple[Wanted, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    ignored: int = 0
