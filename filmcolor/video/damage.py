"""Damage of a film, counted and placed in time while it is decoded."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from filmcolor.errors import InputError


@dataclass(slots=True)
class Damage:
    """Counts what could not be read of the film at `path`; `strict` makes the first damage an error.

    packets: seen so far. lost: packets that gave nothing. concealed: pictures that the decoder filled in.
    """

    path: Path
    strict: bool = False
    packets: int = 0
    lost: int = 0
    concealed: int = 0
    first: Fraction | None = None

    def packet(self, second: Fraction | None) -> None:
        """Count a packet that could not be read, at `second` of the film where that is known."""
        self.lost += 1
        self._at(second, "cannot be read")

    def picture(self, second: Fraction | None) -> None:
        """Count a picture that the decoder says is damaged."""
        self.concealed += 1
        self._at(second, "is damaged")

    def _at(self, second: Fraction | None, what: str) -> None:
        if self.first is None:
            self.first = second
        if self.strict:
            where = "" if second is None else f" at {float(second):.3f} s"
            raise InputError(f"{self.path}: the film{where} {what}; run without --strict to color the rest")

    def tell(self, warn: Callable[[str], None]) -> None:
        """Say what was counted, in one line each."""
        where = "" if self.first is None else f", the first at {float(self.first):.3f} s"
        if self.lost:
            warn(f"{self.path.name}: damaged: {self.lost} packets could not be decoded{where}")
        if self.concealed:
            warn(f"{self.path.name}: damaged: {self.concealed} pictures are only partly there{where}")
