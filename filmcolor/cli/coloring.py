"""The options that say how something is colored, the same for every command that colors."""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from filmcolor.cli.choices import DeviceChoice, PrecisionChoice, PresetChoice

Given = dict[str, Any]
"""Settings that the command line gives, by their names in `settings.RunSettings`; None where it does not."""


def coloring(
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
    recolor: Annotated[
        bool | None,
        typer.Option("--recolor", help="Color what is in color already, too, instead of passing it through."),
    ] = None,
    no_scene_memory: Annotated[
        bool,
        typer.Option(
            "--no-scene-memory",
            help="What is seen again, in another shot or behind something, does not take its former colors.",
        ),
    ] = False,
    no_mirror: Annotated[
        bool, typer.Option("--no-mirror", help="Do not average with the mirrored picture's color.")
    ] = False,
    compare: Annotated[
        bool | None, typer.Option("--compare", help="Write a film of source and result side by side, too.")
    ] = None,
    framemd5: Annotated[
        bool | None,
        typer.Option("--framemd5", help="Write the MD5 of every frame of result and source's luma, too."),
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
    workspace: Annotated[Path | None, typer.Option(help="Folder for unfinished work.")] = None,
    fresh: Annotated[
        bool | None, typer.Option("--fresh", help="Throw away unfinished work and start over.")
    ] = None,
) -> Given:
    """Return what was given."""
    return {
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
        "scene_memory": False if no_scene_memory else None,
        "recolor": recolor,
        "mirrored": False if no_mirror else None,
        "pyscenedetect": pyscenedetect,
        "compare": compare,
        "framemd5": framemd5,
        "strict": strict,
        "max_pixels": max_pixels,
        "model": model,
        "device": device and device.value,
        "precision": precision and precision.value,
        "seed": seed,
        "workspace": workspace,
        "fresh": fresh,
    }


def with_options(
    name: str, options: Callable[..., Any]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that puts the parameters of `options` in the place of a command's keyword-only parameter
    `name`, which gets what `options` returns of them."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        given = {
            each: parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for each, parameter in inspect.signature(options).parameters.items()
        }

        @functools.wraps(command)
        def whole(**values: Any) -> None:
            made = options(**{each: values.pop(each) for each in given})
            command(**{name: made}, **values)

        parameters: list[inspect.Parameter] = []
        for parameter in inspect.signature(command).parameters.values():
            parameters += given.values() if parameter.name == name else [parameter]
        whole.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        whole.__annotations__ = {p.name: p.annotation for p in parameters}
        return whole

    return decorate


with_coloring = with_options("given", coloring)
"""Gives a command the options of `coloring` in the place of its keyword-only parameter `given`."""


def settings_of(config: Path | None, given: Given) -> Any:
    """Return the RunSettings of a file's [run] table (or the defaults) and what was given.

    Raises InputError for the file, typer.BadParameter for what was given.
    """
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
