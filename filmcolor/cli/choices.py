"""Choices of options, as Typer wants them."""

from enum import StrEnum


class PresetChoice(StrEnum):
    """`settings.Preset`."""

    auto = "auto"
    web = "web"
    archive = "archive"
    prores = "prores"
    small = "small"


class DeviceChoice(StrEnum):
    """`settings.Device`."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class PrecisionChoice(StrEnum):
    """`settings.Precision`."""

    auto = "auto"
    fp32 = "fp32"
    bf16 = "bf16"
    fp16 = "fp16"


class ProgressChoice(StrEnum):
    """How progress is shown."""

    auto = "auto"
    json = "json"
    off = "off"


class BackendChoice(StrEnum):
    """Where the workers of a batch run."""

    local = "local"
    ray = "ray"
