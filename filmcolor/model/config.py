"""What a weights file says of its network, with bounds, and the network made from it."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

from torch import nn

from filmcolor.model.encoder import SCALES
from filmcolor.model.generator import Generator
from filmcolor.model.pix2pix import Pix2PixGenerator

Architecture = Literal["default", "pix2pix"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """Configuration of a generator; bounds keep a hostile file from asking for a giant network.

    architecture: `default` (ours) or `pix2pix` (Isola et al.). encoder, widths, dim, blocks, bins: the
    default generator's parts. base: pix2pix's first width. sharpness: exponent of the color distribution
    before its expectation is taken. chroma_gain: factor on ab at run time. film_gain: a further one for frames of
    films. film_dark_reds: one more for the dark reds and purples in those (color/dark_reds.py). name: for people.
    """

    architecture: Architecture = "default"
    encoder: str = "lite0"
    widths: tuple[int, int, int, int] = (192, 112, 64, 32)
    dim: int = 256
    blocks: int = 2
    bins: int = 124
    base: int = 64
    sharpness: float = 2.0
    chroma_gain: float = 1.0
    film_gain: float = 1.0
    film_dark_reds: float = 1.0
    name: str = ""

    def __post_init__(self) -> None:
        if self.architecture not in ("default", "pix2pix"):
            raise ValueError(f"architecture must be default or pix2pix, instead got {self.architecture!r}")
        if not isinstance(self.encoder, str) or self.encoder not in SCALES:
            raise ValueError(f"encoder must be one of {', '.join(SCALES)}, instead got {self.encoder!r}")
        if not isinstance(self.widths, tuple) or len(self.widths) != 4:
            raise ValueError("widths must be four whole numbers")
        for width in self.widths:
            _whole("widths", width, 2, 512)
        _whole("dim", self.dim, 8, 1024)
        if self.dim % 4:
            raise ValueError(f"dim must be a multiple of 4, instead got {self.dim}")
        _whole("blocks", self.blocks, 0, 8)
        _whole("bins", self.bins, 1, 512)
        _whole("base", self.base, 1, 64)
        _number("sharpness", self.sharpness, 0.1, 10.0)
        _number("chroma_gain", self.chroma_gain, 0.0, 3.0)
        _number("film_gain", self.film_gain, 0.0, 3.0)
        _number("film_dark_reds", self.film_dark_reds, 0.0, 1.0)
        if not isinstance(self.name, str) or len(self.name) > 200:
            raise ValueError("name must be a text of at most 200 characters")

    def to_json(self) -> dict[str, Any]:
        """Return a table that JSON can hold; `from_json` takes it back."""
        table = {**asdict(self), "widths": list(self.widths)}
        for name in ("film_gain", "film_dark_reds"):
            if table[name] == 1.0:  # files made before there was one keep their digest
                del table[name]
        return table

    @classmethod
    def from_json(cls, table: Any) -> Self:
        """Read what `to_json` made. Raises ValueError or TypeError on anything else."""
        if not isinstance(table, dict):
            raise ValueError("it is not a table")
        unknown = sorted(set(table) - {f.name for f in fields(cls)})
        if unknown:
            raise ValueError(f"unknown entry {unknown[0]!r}")
        values = dict(table)
        if isinstance(values.get("widths"), list):
            values["widths"] = tuple(values["widths"])
        return cls(**values)


def build_network(config: ModelConfig, dropout: float = 0.1) -> nn.Module:
    """Make the untrained generator that `config` describes; dropout only matters in training."""
    if config.architecture == "pix2pix":
        return Pix2PixGenerator(config.base)
    return Generator(config.bins, config.widths, config.dim, config.blocks, config.encoder, dropout)


def _whole(name: str, value: object, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"{name} must be whole and from {low} to {high}, instead got {value!r:.40}")


def _number(name: str, value: object, low: float, high: float) -> None:
    if type(value) not in (int, float) or not low <= value <= high:  # type: ignore[operator]
        raise ValueError(f"{name} must be from {low} to {high}, instead got {value!r:.40}")
