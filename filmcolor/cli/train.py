"""`filmcolor train`: train the conditional GAN."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from filmcolor.cli.choices import DeviceChoice, ProgressChoice
from filmcolor.cli.loading import loading


def train(
    config: Annotated[Path, typer.Argument(help="Settings, such as configs/default.toml.")],
    data: Annotated[
        list[Path], typer.Option("--data", help="Folder, tar, list (.txt) or film in color; repeat for more.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for weights, checkpoints, log and sheet.")],
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the run in --out stopped.")] = False,
    init: Annotated[
        Path | None,
        typer.Option(
            "--init",
            help="Weights to start from, whose network is used whatever else [model] says; `default`: the shipped ones.",
        ),
    ] = None,
    encoder: Annotated[
        Path | None,
        typer.Option(
            "--encoder",
            help="EfficientNet-Lite classifier: for the perceptual loss, and to start an encoder.",
        ),
    ] = None,
    teachers: Annotated[
        list[Path] | None,
        typer.Option(
            "--teacher",
            help="Weights whose color distribution is learned too (loss.taught); repeat for several.",
        ),
    ] = None,
    minutes: Annotated[float | None, typer.Option("--minutes", help="Budget in minutes of training.")] = None,
    steps: Annotated[int | None, typer.Option("--steps", help="Budget in steps.")] = None,
    threads: Annotated[int | None, typer.Option("--threads", help="Threads on the CPU.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Of weights, data order and noise.")] = None,
    device: Annotated[DeviceChoice | None, typer.Option(help="Where to train.")] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", help="Overrule one setting, TABLE.NAME=VALUE; repeat for more."),
    ] = None,
    progress: Annotated[
        ProgressChoice, typer.Option(help="How progress is shown on stderr.")
    ] = ProgressChoice.auto,
) -> None:
    """Train the generator and its discriminator on color pictures and films."""
    import os
    import signal

    # busy waiting costs a factor of ten where other work shares the cores; read when torch is loaded
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    with loading():
        from filmcolor.training.settings import TrainSettings
        from filmcolor.training.train import train as train_network

    given = {
        "minutes": minutes,
        "steps": steps,
        "threads": threads,
        "seed": seed,
        "device": None if device is None else device.value,
    }
    settings = TrainSettings.read(config, given, changes or ())

    def show(event: dict[str, Any]) -> None:
        if progress is ProgressChoice.json:
            typer.echo(json.dumps(event), err=True)
        elif progress is ProgressChoice.auto:
            rest = "  ".join(
                f"{name} {value}" for name, value in event.items() if name not in ("event", "step")
            )
            typer.echo(f"{event['event']:10} {event['step']:>8}  {rest}", err=True)

    result = train_network(
        settings,
        data,
        out,
        resume=resume,
        init=init,
        encoder=encoder,
        teachers=teachers or (),
        report=show,
    )
    if result.stopped_by == signal.SIGINT:
        raise KeyboardInterrupt
    if result.stopped_by is not None:
        signal.raise_signal(result.stopped_by)
    typer.echo(f"{result.best}: {result.steps} steps, {result.pictures} pictures")
