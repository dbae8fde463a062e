"""Settings of `filmcolor train`: frozen, checked, read from TOML, with a digest for resuming."""

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from filmcolor.errors import InputError
from filmcolor.model.config import ModelConfig

Gan = Literal["none", "hinge", "log"]
Schedule = Literal["cosine", "constant"]
_BUDGETS = ("steps", "minutes")


def _between(owner: object, name: str, low: float, high: float) -> None:
    value = getattr(owner, name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(f"{name} must be from {low:g} to {high:g}, instead got {value!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSettings:
    """What is learned from, and how it is cropped and aged.

    canvas: height and width in pixels at which pictures are kept in memory (uint8); larger ones are reduced.
    held_out: pictures kept back for validation (never more than a tenth). limit: most pictures (0: all).
    film_frames: most frames taken of each film. size: crop in pixels, a multiple of 32. batch: pictures of a
    step. min_area: smallest share of a picture's square that a crop covers. rotate: degrees, standard
    deviation. old: share of pictures that look like old film. hints: share told some colors. moved: share of
    a batch that are moved copies of others, for consistency. rare: sample pictures of rare hues up to three
    times as often. dissolves: share of pictures that another shines through, as in a dissolve. sharp: share of
    steps whose crops are smaller, of sharp_size pixels, and cover at least sharp_area of the square, so that
    little or nothing is enlarged; there are as many more of them as cost the same.
    """

    canvas: tuple[int, int] = (176, 320)
    held_out: int = 512
    limit: int = 0
    film_frames: int = 200
    size: int = 128
    batch: int = 24
    min_area: float = 0.25
    rotate: float = 4.0
    old: float = 0.5
    hints: float = 0.3
    moved: float = 0.0
    rare: bool = True
    dissolves: float = 0.0
    sharp: float = 0.0
    sharp_size: int = 128
    sharp_area: float = 0.6

    def __post_init__(self) -> None:
        for name, low, high in (
            ("min_area", 0.05, 1),
            ("sharp_area", 0.05, 1),
            ("rotate", 0, 45),
            ("moved", 0, 0.5),
            ("batch", 1, 4096),
        ):
            _between(self, name, low, high)
        for name in ("old", "hints", "dissolves", "sharp"):
            _between(self, name, 0, 1)
        for name, low, high in (("size", 32, 1024), ("sharp_size", 32, 1024), ("held_out", 0, 100_000)):
            _between(self, name, low, high)
        for name in ("size", "sharp_size"):
            if getattr(self, name) % 32:
                raise ValueError(f"{name} must be a multiple of 32, instead got {getattr(self, name)}")
        if len(self.canvas) != 2 or min(self.canvas) < 32 or max(self.canvas) > 4096:
            raise ValueError("canvas must be height and width from 32 to 4096")


@dataclass(frozen=True, slots=True, kw_only=True)
class LossSettings:
    """Weights of the generator's losses (losses.py says what each is).

    l1: the lambda of Isola et al. (L1 on ab as -1..1). adversarial: their cGAN term.
    rebalance: 0 weighs a color class by one over how often it occurs, 1 all alike. taught: share of the target
    of cross-entropy and smooth L1 that teachers give (--teacher), the truth the rest.
    """

    cross_entropy: float = 1.0
    smooth_l1: float = 1.0
    l1: float = 0.0
    perceptual: float = 0.5
    colorfulness: float = 0.15
    hue_balance: float = 0.0
    consistency: float = 0.0
    adversarial: float = 0.0
    rebalance: float = 0.5
    taught: float = 0.0

    def __post_init__(self) -> None:
        for f in fields(self):
            _between(self, f.name, 0, 1 if f.name in ("rebalance", "taught") else 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerSettings:
    """AdamW for the generator, an exponential moving average of its weights, a schedule.

    encoder_lr: factor on the encoder's learning rate. dropout: the noise z in training. warmup: steps until
    the full learning rate. clip: largest norm of the gradient. ema: decay per step.
    """

    lr: float = 4e-4
    encoder_lr: float = 0.1
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 0.05
    dropout: float = 0.2
    warmup: int = 150
    clip: float = 2.0
    ema: float = 0.999
    schedule: Schedule = "cosine"

    def __post_init__(self) -> None:
        for name, low, high in (("lr", 0, 1), ("encoder_lr", 0, 10), ("dropout", 0, 0.9), ("ema", 0, 1)):
            _between(self, name, low, high)
        for name, low, high in (("weight_decay", 0, 10), ("warmup", 0, 1e6), ("clip", 0, 1e6)):
            _between(self, name, low, high)
        if len(self.betas) != 2 or not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError("betas must be two numbers from 0 to below 1")
        if self.schedule not in ("cosine", "constant"):
            raise ValueError(f"schedule must be cosine or constant, instead got {self.schedule!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdversarialSettings:
    """The adversarial stage.

    gan: `hinge` (ours: spectral-norm PatchGAN at half size), `log` (the paper's PatchGAN and loss at full
    size), `none`. quarter: a second hinge PatchGAN at quarter size. begin: share of the budget after which
    the stage begins. warmup: steps in which only the discriminator learns. ramp: steps until the full weight.
    base: the discriminator's first width. ceiling: above this running share of patches that it tells apart
    the discriminator pauses (1: never).
    """

    gan: Gan = "none"
    quarter: bool = True
    begin: float = 0.0
    warmup: int = 300
    ramp: int = 600
    lr: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    base: int = 48
    ceiling: float = 0.85

    def __post_init__(self) -> None:
        if self.gan not in ("none", "hinge", "log"):
            raise ValueError(f"gan must be none, hinge or log, instead got {self.gan!r}")
        for name, low, high in (("begin", 0, 1), ("warmup", 0, 1e6), ("ramp", 0, 1e6), ("lr", 0, 1)):
            _between(self, name, low, high)
        _between(self, "base", 4, 256)
        _between(self, "ceiling", 0.5, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainSettings:
    """How `filmcolor train` trains; one table of the TOML file per field.

    steps, minutes: the budget, whichever is given ([run] table; minutes count training time over all
    resumes). validate_minutes, save_minutes: how often, in minutes of training. log_steps: one log line per
    so many steps. threads: of torch (0: its own choice). precision: `auto` is bf16 on CUDA, fp32 on the CPU.
    """

    model: ModelConfig = field(default_factory=ModelConfig)
    data: DataSettings = field(default_factory=DataSettings)
    loss: LossSettings = field(default_factory=LossSettings)
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)
    adversarial: AdversarialSettings = field(default_factory=AdversarialSettings)
    steps: int = 0
    minutes: float = 0.0
    validate_minutes: float = 7.0
    save_minutes: float = 3.0
    log_steps: int = 50
    threads: int = 0
    seed: int = 0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "fp32", "bf16"] = "auto"

    def __post_init__(self) -> None:
        if (self.steps > 0) == (self.minutes > 0):
            raise ValueError("give a budget: either steps or minutes")
        if self.device not in ("auto", "cpu", "cuda") or self.precision not in ("auto", "fp32", "bf16"):
            raise ValueError("device must be auto, cpu or cuda; precision auto, fp32 or bf16")
        if self.model.architecture == "pix2pix" and (self.data.hints > 0 or self.loss.cross_entropy > 0):
            raise ValueError(
                "pix2pix takes no known colors and has no color classes: hints and cross_entropy must be 0"
            )
        if self.loss.adversarial > 0 and self.adversarial.gan == "none":
            raise ValueError("loss.adversarial needs adversarial.gan to be hinge or log")
        least = {"none": 32, "log": 32, "hinge": 96 if self.adversarial.quarter else 64}[self.adversarial.gan]
        for name in ("size", "sharp_size") if self.data.sharp > 0 else ("size",):
            if (size := getattr(self.data, name)) < least:
                raise ValueError(
                    f"the discriminators need data.{name} of at least {least}, instead got {size}"
                )
        if not any(asdict(self.loss)[name] for name in ("cross_entropy", "smooth_l1", "l1", "perceptual")):
            raise ValueError("one of cross_entropy, smooth_l1, l1, perceptual must be above 0 in [loss]")
        for name in ("steps", "threads", "log_steps"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 0:
                raise ValueError(f"{name} must be a whole number")

    def digest(self) -> str:
        """SHA-256 of what a resumed run must have alike: everything but budget, rhythm and threads."""
        parts = {n: asdict(getattr(self, n)) for n in ("model", "data", "loss", "optimizer", "adversarial")}
        text = json.dumps([parts, self.seed, self.precision], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @classmethod
    def read(cls, path: Path, given: Mapping[str, Any], changes: Sequence[str] = ()) -> Self:
        """Read a TOML file; entries of its [run] table are overruled by `given` (None: not given).

        changes: entries of any table that are overruled, as `TABLE.NAME=VALUE`. Raises InputError where the file
        or one of the values is wrong.
        """
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise InputError(f"{path}: cannot read settings: {error}") from error
        kinds = {
            "model": ModelConfig,
            "data": DataSettings,
            "loss": LossSettings,
            "optimizer": OptimizerSettings,
            "adversarial": AdversarialSettings,
        }
        for change in changes:
            _change(tables, change)
        unknown = sorted(set(tables) - {*kinds, "run"})
        if unknown:
            raise InputError(f"{path}: unknown table [{unknown[0]}]; known are {', '.join([*kinds, 'run'])}")
        try:
            parts: dict[str, Any] = {n: _made(kind, n, tables.get(n, {})) for n, kind in kinds.items()}
            run = dict(tables.get("run", {}))
            overruled = {name: value for name, value in given.items() if value is not None}
            if set(_BUDGETS) & set(overruled):
                for budget in _BUDGETS:
                    run.pop(budget, None)
            return _made(cls, "run", {**run, **overruled}, **parts)
        except (TypeError, ValueError) as error:
            raise InputError(f"{path}: {error}") from error


def _change(tables: dict[str, Any], change: str) -> None:
    """Overrule one entry: `TABLE.NAME=VALUE`, VALUE as in TOML; a word needs no quotes."""
    place, given, text = change.partition("=")
    table, dotted, name = place.strip().partition(".")
    if not (given and dotted and table and name):
        raise InputError(f"--set {change}: give TABLE.NAME=VALUE, such as loss.taught=0.5")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    entries = tables.setdefault(table, {})
    if not isinstance(entries, dict):
        raise InputError(f"--set {change}: [{table}] must be a table")
    if table == "run" and name in _BUDGETS:
        for budget in _BUDGETS:
            entries.pop(budget, None)
    entries[name] = value


_Made = TypeVar("_Made")


def _made(kind: type[_Made], table: str, values: Mapping[str, Any], **more: Any) -> _Made:
    """Make one of the dataclasses above from a TOML table; lists become tuples."""
    if not isinstance(values, Mapping):
        raise ValueError(f"[{table}] must be a table")
    known = {f.name for f in fields(kind)} - set(more)  # type: ignore[arg-type]
    unknown = sorted(set(values) - known)
    if unknown:
        raise ValueError(f"unknown setting {unknown[0]!r} in [{table}]; known are {', '.join(sorted(known))}")
    given = {n: tuple(v) if isinstance(v, list) else v for n, v in values.items()}
    for f in fields(kind):  # type: ignore[arg-type]
        if f.name in given and not _alike(given[f.name], f.default):
            raise ValueError(
                f"{f.name} in [{table}] must be like {f.default!r}, instead got {given[f.name]!r}"
            )
    return kind(**given, **more)


def _alike(value: object, default: object) -> bool:
    """Whether a value is of a setting's kind, which its default shows; whole numbers are good for any number."""
    if isinstance(default, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is type(default)
