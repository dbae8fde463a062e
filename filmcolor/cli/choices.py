"""Choices of options, as Typer wants them."""

from enum import Enum


class PresetChoice(str, Enum):
    """`settings.Preset`."""

    auto = "auto"
    web = "web"
    archive = "archive"
    prores = "prores"
    small = "small"


class DeviceChoice(str, Enum):
    """`settings.Device`."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class PrecisionChoice(str, Enum):
    """`settings.Precision`."""

    auto = "auto"
    fp32 = "fp32"
    bf16 = "bf16"
    fp16 = "fp16"


class ProgressChoice(str, Enum):
    """How progress is shown."""

    auto = "auto"
    json = "json"
    off = "off"
