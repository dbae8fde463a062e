"""`filmcolor run`: color films, pictures and numbered sequences."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from filmcolor.cli.choices import DeviceChoice, PrecisionChoice, PresetChoice, ProgressChoice


def run(
    inputs: Annotated[
        list[Path],
        typer.Argument(metavar="INPUT...", help="Films, pictures or numbered sequences; only read."),
    ],
    out: Annotated[
        str | None, typer.Option("--out", "-o", help="Where the result goes: a file, or a folder (DIR/).")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing result.")] = False,
    skip_existing: Annotated[
        bool, typer.Option("--skip-existing", help="Leave out inputs whose result exists.")
    ] = False,
    preset: Annotated[PresetChoice | None, typer.Option(help="What comes out.")] = None,
    codec: Annotated[str | None, typer.Option(help="Video encoder, such as libx264 or ffv1.")] = None,
    crf: Annotated[int | None, typer.Option(help="Quality of the encoder, 0 (best) to 63.")] = None,
    pix_fmt: Annotated[str | None, typer.Option(help="Pixel format, such as yuv420p10le.")] = None,
    encoder_opt: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="An option of the encoder; may be repeated."),
    ] = None,
    start: Annotated[float | None, typer.Option(help="Begin here, in seconds.")] = None,
    end: Annotated[float | None, typer.Option(help="End here, in seconds.")] = None,
    fps: Annotated[float | None, typer.Option(help="Frames per second of a numbered sequence.")] = None,
    size: Annotated[
        int | None, typer.Option(help="Short side of what the network sees, a multiple of 32.")
    ] = None,
    saturation: Annotated[float | None, typer.Option(help="Factor on the color, 0 to 2.")] = None,
    every_frame: Annotated[
        bool | None, typer.Option("--every-frame", help="The network colors every frame.")
    ] = None,
    no_smoothing: Annotated[
        bool, typer.Option("--no-smoothing", help="Do not carry color along the motion (with --every-frame).")
    ] = False,
    no_mirror: Annotated[
        bool, typer.Option("--no-mirror", help="Do not average with the mirrored picture's color.")
    ] = False,
    compare: Annotated[
        bool | None, typer.Option("--compare", help="Write a film of source and result side by side, too.")
    ] = None,
    pyscenedetect: Annotated[
        bool | None, typer.Option("--pyscenedetect", help="Find shots by PySceneDetect (extra `shots`).")
    ] = None,
    strict: Annotated[bool | None, typer.Option("--strict", help="The first damage is an error.")] = None,
    max_pixels: Annotated[int | None, typer.Option(help="Largest picture that is opened, in pixels.")] = None,
    model: Annotated[Path | None, typer.Option(help="Weights to use instead of the shipped ones.")] = None,
    device: Annotated[DeviceChoice | None, typer.Option(help="Where the network runs.")] = None,
    precision: Annotated[PrecisionChoice | None, typer.Option(help="Arithmetic of the network.")] = None,
    seed: Annotated[int | None, typer.Option(help="Keys the noise of networks that use it.")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings from the [run] table of a TOML file.")] = None,
    workspace: Annotated[Path | None, typer.Option(help="Folder for unfinished work.")] = None,
    fresh: Annotated[
        bool | None, typer.Option("--fresh", help="Throw away unfinished work and start over.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Results as one JSON document on stdout.")] = False,
    progress: Annotated[ProgressChoice, typer.Option(help="How progress is shown.")] = ProgressChoice.auto,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Color films and pictures; luma, sound, subtitles and timing stay as they are."""
    from filmcolor.cli.show import Screen  # here, so that --help does not load torch

    given: dict[str, Any] = {
        "preset": preset and preset.value,
        "codec": codec,
        "crf": crf,
        "pixel_format": pix_fmt,
        "encoder_options": _pairs(encoder_opt) if encoder_opt else None,
        "start": start,
        "end": end,
        "rate": fps,
        "size": size,
        "saturation": saturation,
        "every_frame": every_frame,
        "smoothing": False if no_smoothing else None,
        "mirrored": False if no_mirror else None,
        "pyscenedetect": pyscenedetect,
        "compare": compare,
        "strict": strict,
        "max_pixels": max_pixels,
        "model": model,
        "device": device and device.value,
        "precision": precision and precision.value,
        "seed": seed,
        "workspace": workspace,
        "fresh": fresh,
        "overwrite": overwrite or None,
    }
    settings = _settings(config, given)
    screen = Screen(progress.value, quiet)

    from filmcolor.pipeline.inputs import color_inputs

    results = color_inputs(inputs, out, settings, screen, begin=screen.begin, skip_existing=skip_existing)
    rows = []
    for result in results:
        if as_json:
            rows.append({"path": str(result.path), "frames": result.frames, "shots": result.shots,
                         "anchors": result.anchors, "warnings": list(result.warnings)})  # fmt: skip
        else:
            typer.echo(f"{result.path}: {result.frames} frames in {result.shots} shots")
    if as_json:
        typer.echo(json.dumps(rows, indent=1))


def _settings(config: Path | None, given: dict[str, Any]) -> Any:
    from filmcolor.settings import RunSettings

    if config is not None:
        return RunSettings.read(config, **given)
    try:
        return RunSettings(**{k: v for k, v in given.items() if v is not None})
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _pairs(options: list[str]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for option in options:
        name, equals, value = option.partition("=")
        if not equals or not name:
            raise typer.BadParameter(
                f"expected NAME=VALUE, instead got {option!r}", param_hint="--encoder-opt"
            )
        pairs.append((name, value))
    return tuple(pairs)
