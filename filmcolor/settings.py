"""Settings of each command: frozen, checked when made, read from TOML, with a digest."""

import hashlib
import json
import math
import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Self, get_args, get_origin, get_type_hints

from filmcolor.errors import InputError

Preset = Literal["auto", "web", "archive", "prores", "small"]
PRESETS: tuple[Preset, ...] = ("auto", "web", "archive", "prores", "small")
Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "fp32", "bf16", "fp16"]

# Settings that cannot change a pixel of the result, or that stand in the journal as what came of them
# (model: the weights' digest; device, precision: the engine).
_WITHOUT_EFFECT = frozenset(
    {
        "workspace",
        "overwrite",
        "fresh",
        "compare",
        "framemd5",
        "strict",
        "max_pixels",
        "model",
        "device",
        "precision",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """How `filmcolor run` colors one film.

    preset: what comes out (docs/outputs.md). codec, crf, pixel_format, encoder_options: overrule
    parts of it. start, end: seconds from the film's start, end exclusive. size: short side of what
    the network sees, in pixels, a multiple of 32. saturation: factor on chroma, 0 to 2.
    every_frame: the network colors each frame. smoothing: color rides on motion (False only makes
    sense with every_frame). scene_memory: what is seen again, in another shot or behind something, takes its former colors.
    recolor: what is in color already is colored as well, and not passed through.
    mirrored: average with the mirrored picture's color. pyscenedetect: its detector finds the shots. seed: keys the
    noise z, where a network uses it at run time. strict: the first damage is an error. compare: write a film of
    source and result side by side, too.
    framemd5: write the MD5 of every frame beside the result. max_pixels: largest still picture that is opened. workspace: where unfinished work is kept
    (default: beside the output).
    """

    preset: Preset = "auto"
    codec: str | None = None
    crf: int | None = None
    pixel_format: str | None = None
    encoder_options: tuple[tuple[str, str], ...] = ()
    start: float | None = None
    end: float | None = None
    size: int = 192
    saturation: float = 1.0
    every_frame: bool = False
    smoothing: bool = True
    scene_memory: bool = True
    recolor: bool = False
    mirrored: bool = True
    pyscenedetect: bool = False
    seed: int = 0
    model: Path | None = None
    device: Device = "auto"
    precision: Precision = "auto"
    rate: float | None = None
    strict: bool = False
    compare: bool = False
    framemd5: bool = False
    max_pixels: int = 300_000_000
    overwrite: bool = False
    fresh: bool = False
    workspace: Path | None = None

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise ValueError(f"preset must be one of {', '.join(PRESETS)}, instead got {self.preset!r}")
        if self.size < 64 or self.size > 1024 or self.size % 32:
            raise ValueError(f"size must be a multiple of 32 from 64 to 1024, instead got {self.size}")
        if not 0.0 <= self.saturation <= 2.0:
            raise ValueError(f"saturation must be from 0 to 2, instead got {self.saturation}")
        if self.start is not None and not 0 <= self.start < math.inf:
            raise ValueError(f"start must not be negative, instead got {self.start}")
        if self.end is not None and not (self.start or 0.0) < self.end < math.inf:
            raise ValueError(f"end must come after start, instead got {self.end}")
        if self.max_pixels < 1:
            raise ValueError(f"max_pixels must be at least 1, instead got {self.max_pixels}")
        if not self.smoothing and not self.every_frame:
            raise ValueError("without smoothing the network must color every frame (--every-frame)")
        if self.crf is not None and not 0 <= self.crf <= 63:
            raise ValueError(f"crf must be from 0 to 63, instead got {self.crf}")
        if self.rate is not None and not 0 < self.rate <= 1000:
            raise ValueError(f"fps must be above 0 and at most 1000, instead got {self.rate}")

    @property
    def remembers(self) -> bool:
        """Whether scenes are remembered: the raw network, frame by frame, takes nothing from other frames."""
        return self.scene_memory and self.smoothing

    def effects(self) -> dict[str, str]:
        """Return each setting that affects pixels, by name, as text."""
        return {k: str(v) for k, v in asdict(self).items() if k not in _WITHOUT_EFFECT}

    def digest(self, *more: str) -> str:
        """Return a SHA-256 of the settings that affect pixels, and of `more` (weights, version)."""
        text = json.dumps([self.effects(), *more], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @classmethod
    def read(cls, path: Path, table: str = "run", **given: Any) -> Self:
        """Read the `[run]` table of a TOML file; values in `given` that are not None come first.

        Raises InputError where the file or one of its values is wrong.
        """
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8")).get(table, {})
        except RecursionError:
            raise InputError(f"{path}: cannot read settings: nested too deeply") from None
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: cannot read settings: {' '.join(str(error).split())}") from error
        if not isinstance(values, dict):
            raise InputError(f"{path}: [{table}] is not a table of settings")
        known = {f.name for f in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise InputError(
                f"{path}: unknown setting {unknown[0]!r} in [{table}]; known are {', '.join(sorted(known))}"
            )
        for name in ("model", "workspace"):
            if isinstance(values.get(name), str):
                values[name] = Path(values[name])
        if isinstance(values.get("encoder_options"), dict):
            values["encoder_options"] = tuple((str(k), str(v)) for k, v in values["encoder_options"].items())
        hints = get_type_hints(cls)
        for name, value in values.items():
            if not _fits(value, hints[name]):
                raise InputError(f"{path}: {name} in [{table}] has a value of the wrong kind")
        try:
            return cls(**{**values, **{k: v for k, v in given.items() if v is not None}})
        except (TypeError, ValueError) as error:
            raise InputError(f"{path}: {' '.join(str(error).split())}") from error


def _fits(value: object, hint: Any) -> bool:
    """Tell whether a value read from a file is of a field's type; numbers must be finite."""
    origin = get_origin(hint)
    if origin is UnionType:
        return any(_fits(value, kind) for kind in get_args(hint))
    if origin is Literal:
        return value in get_args(hint)
    if origin is tuple:
        return isinstance(value, tuple)
    if hint is float:
        return type(value) in (int, float) and abs(value) < 1e9  # type: ignore[arg-type]
    return type(value) is hint or (hint is Path and isinstance(value, Path))
