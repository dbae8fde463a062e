"""`filmcolor bench`: measure color, steadiness and speed; draw and compare the results."""

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from filmcolor.cli.choices import DeviceChoice

if TYPE_CHECKING:
    from filmcolor.quality.document import Document
    from filmcolor.settings import RunSettings

app = typer.Typer(help="Measure color, steadiness and speed.", rich_markup_mode=None, no_args_is_help=True)

Out = Annotated[Path | None, typer.Option("--out", "-o", help="The JSON file to write; default: stdout.")]
Model = Annotated[Path | None, typer.Option(help="Weights to use instead of the shipped ones.")]
Device = Annotated[DeviceChoice, typer.Option(help="Where the networks run.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an existing result.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]


@app.command()
def quality(
    data: Annotated[
        Path, typer.Option(help="Folder of pictures and clips in color; folders named bw are left out.")
    ],
    outputs: Annotated[
        Path | None,
        typer.Option(help="Score what another tool made of them (same names), instead of coloring."),
    ] = None,
    subject: Annotated[
        str | None, typer.Option(help="Name of the scored row; default: filmcolor, or the outputs' folder.")
    ] = None,
    model: Model = None,
    out: Out = None,
    overwrite: Overwrite = False,
    limit: Annotated[
        int, typer.Option(help="At most so many pictures, and clips, evenly spaced; 0: all.")
    ] = 0,
    frames: Annotated[int, typer.Option(help="At most so many frames of a clip; 0: all.")] = 48,
    lines: Annotated[
        int, typer.Option(help="Short side that is scored, in pixels; 0: the file's own.")
    ] = 256,
    every: Annotated[int, typer.Option(help="Picture figures of a clip on each such frame.")] = 12,
    stlpips: Annotated[Path | None, typer.Option(help="Weights of ST-LPIPS.")] = None,
    lpips_net: Annotated[str, typer.Option(help="Trunk of LPIPS: alex or vgg.")] = "alex",
    lpips_trunk: Annotated[
        Path | None, typer.Option(help="Its weights; default: the torch hub cache.")
    ] = None,
    features: Annotated[Path | None, typer.Option(help="Feature network of KID and FID.")] = None,
    size: Annotated[int | None, typer.Option(help="Short side of what the colorizing network sees.")] = None,
    every_frame: Annotated[
        bool, typer.Option("--every-frame", help="The network colors every frame.")
    ] = False,
    no_smoothing: Annotated[
        bool, typer.Option("--no-smoothing", help="No smoothing (with --every-frame).")
    ] = False,
    device: Device = DeviceChoice.auto,
    no_pictures: Annotated[
        bool, typer.Option("--no-pictures", help="Do not save the report's pictures beside the JSON.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Color what was made gray, and score it beside truth, gray, half saturation and one mean color."""
    from filmcolor.quality.bench import bench_quality
    from filmcolor.quality.colorizers import filmcolor_itself
    from filmcolor.quality.quality_settings import QualitySettings

    _free(out, overwrite)
    if lpips_net not in ("alex", "vgg"):
        raise typer.BadParameter(f"expected alex or vgg, instead got {lpips_net!r}", param_hint="--lpips-net")
    for given in (stlpips, lpips_trunk, features, model):
        _exists(given)
    # scored color is read from a lossless result
    run = _run_settings(
        model, device, preset="archive", size=size, every_frame=every_frame, smoothing=not no_smoothing
    )
    name = subject or ("filmcolor" if outputs is None else outputs.resolve().name)
    try:
        settings = QualitySettings(
            data=data, outputs=outputs, subject=name, lines=lines, every=every, limit=limit, frames=frames,
            stlpips=stlpips, lpips_net="vgg" if lpips_net == "vgg" else "alex", lpips_trunk=lpips_trunk,
            features=features, device=_torch_device(device),
        )  # fmt: skip
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    about: dict[str, str | None] = {"outputs": outputs.resolve().name if outputs else None}
    if outputs is None:
        from filmcolor.model.weights import load_model

        about["weights"] = load_model(model).digest[:16]
    samples = out.with_suffix(".pictures") if out is not None and not no_pictures else None
    colorize = filmcolor_itself(run) if outputs is None else None
    document = bench_quality(
        settings, colorize, about=about, command=_command(), samples=samples, progress=_teller(quiet)
    )
    _deliver(document, out)


@app.command()
def speed(
    film: Annotated[Path | None, typer.Option(help="Time this film instead of made ones.")] = None,
    sizes: Annotated[str, typer.Option(help="Sizes of made films.")] = "480p,720p,1080p",
    frames: Annotated[int, typer.Option(help="Frames of a made film.")] = 96,
    lengths: Annotated[
        str, typer.Option(help="Multiples of it, at the first size: is memory flat?")
    ] = "1,2,4",
    repeats: Annotated[int, typer.Option(help="Pairs of a run and a bare transcode.")] = 3,
    model: Model = None,
    size: Annotated[int | None, typer.Option(help="Short side of what the network sees.")] = None,
    every_frame: Annotated[
        bool, typer.Option("--every-frame", help="The network colors every frame.")
    ] = False,
    stages: Annotated[
        bool, typer.Option("--stages", help="Print the busy time of each stage, too (always recorded).")
    ] = False,
    device: Device = DeviceChoice.auto,
    out: Out = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Time whole films beside decode and encode alone (A B A B), with memory over time."""
    from filmcolor.quality.speed import SpeedSettings, bench_speed

    _free(out, overwrite)
    _exists(model)
    run = _run_settings(model, device, size=size, every_frame=every_frame)
    try:
        settings = SpeedSettings(
            film=film, sizes=tuple(s.strip() for s in sizes.split(",")), frames=frames,
            lengths=tuple(int(n) for n in lengths.split(",")), repeats=repeats,
        )  # fmt: skip
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    document = bench_speed(settings, run, command=_command(), progress=_teller(quiet))
    _deliver(document, out)
    if stages and out is not None:
        for timed in document["films"]:
            for stage, seconds in (timed["stages"] or {}).items():
                typer.echo(f"{timed['name']}: {stage} {1000 * seconds / timed['frames']:.1f} ms a frame")


@app.command()
def report(
    results: Annotated[
        list[Path], typer.Argument(metavar="RESULT...", help="JSON files of bench quality and bench speed.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The HTML file to write.")],
    title: Annotated[str, typer.Option(help="Heading of the page.")] = "filmcolor measured",
    overwrite: Overwrite = False,
) -> None:
    """Draw results as one HTML page that needs nothing else: tables, plots, before and after."""
    from filmcolor.files import write_text
    from filmcolor.report.page import page

    _free(out, overwrite)
    write_text(page(results, title), out)
    typer.echo(f"{out}: {out.stat().st_size / 2**20:.1f} MiB")


@app.command()
def compare(
    a: Annotated[Path, typer.Argument(metavar="A.json", help="The result to hold against.")],
    b: Annotated[Path, typer.Argument(metavar="B.json", help="The result that is judged.")],
    fail_below: Annotated[
        float | None,
        typer.Option(help="Exit 7 where a ratio (over 1 is better) is under this, beyond doubt."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="The lines as one JSON document on stdout.")
    ] = False,
) -> None:
    """Show two results side by side, with ratios and paired intervals."""
    from dataclasses import asdict

    from filmcolor.errors import RegressionError
    from filmcolor.quality.compare import compare as side_by_side
    from filmcolor.quality.document import read_document

    if fail_below is not None and fail_below <= 0:
        raise typer.BadParameter("must be above 0", param_hint="--fail-below")
    lines = side_by_side(read_document(a), read_document(b))
    if as_json:
        typer.echo(json.dumps([asdict(line) for line in lines], indent=1, allow_nan=False))
    else:
        width = max(len(line.figure) for line in lines)
        typer.echo(f"{'figure':{width}}  {'A':>11} {'B':>11} {'ratio':>7}  95 % interval       n")
        for line in lines:
            interval = "" if line.low is None or line.high is None else f"{line.low:6.3f} to {line.high:6.3f}"
            typer.echo(
                f"{line.figure:{width}}  {line.a:11.5g} {line.b:11.5g} {line.ratio:7.3f}  {interval:16} {line.n:4}"
            )
    worse = [line.figure for line in lines if fail_below is not None and line.worse(fail_below)]
    if worse:
        raise RegressionError(
            f"{b}: {len(worse)} of {len(lines)} figures are worse than {fail_below} of {a}: {', '.join(worse)}"
        )


def _command() -> str:
    """Return the command as given, folders left out: results are published."""
    words = ["filmcolor"]
    for word in sys.argv[1:]:
        option, equals, value = word.partition("=")
        word = f"{option}={Path(value).name}" if equals and "/" in value else word
        words.append(Path(word).name if "/" in word and not equals else word)
    return shlex.join(words)


def _teller(quiet: bool) -> Any:
    return (lambda _: None) if quiet else (lambda line: typer.echo(line, err=True))


def _torch_device(device: DeviceChoice) -> str:
    import torch

    return "cuda" if device is not DeviceChoice.cpu and torch.cuda.is_available() else "cpu"


def _run_settings(model: Path | None, device: DeviceChoice, **given: Any) -> "RunSettings":
    from filmcolor.settings import RunSettings

    kept = {k: v for k, v in given.items() if v is not None}
    try:
        return RunSettings(model=model, device=device.value, overwrite=True, **kept)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _exists(path: Path | None) -> None:
    from filmcolor.errors import ModelError

    if path is not None and not path.is_file():
        raise ModelError(f"{path}: no such file")


def _free(out: Path | None, overwrite: bool) -> None:
    """Refuse what stands in the way before any work, which may take minutes."""
    from filmcolor.errors import OutputError

    if out is None:
        return
    if out.exists() and not overwrite:
        raise OutputError(f"{out}: exists; use --overwrite to replace it")
    if out.is_dir() or not out.parent.is_dir():
        raise OutputError(f"{out}: name a file in a folder that exists")


def _deliver(document: "Document", out: Path | None) -> None:
    from filmcolor.quality.document import text_of, write_document

    if out is None:
        typer.echo(text_of(document), nl=False)
        return
    write_document(document, out)
    if document["format"].startswith("filmcolor.bench.quality"):
        for row, table in document["summary"].items():
            typer.echo(_line(row, table))
    else:
        for film in document["films"]:
            typer.echo(
                f"{film['name']}: {film['fps']['median']:.1f} frames/s, {film['transcode_ratio']['median']:.2f} x transcode, "
                f"{film['peak_rss_mib']:.0f} MiB"
            )


def _line(row: str, table: dict[str, Any]) -> str:
    words = [f"{row:10}"]
    for kind, key, form in (("pictures", "psnr", "{:6.2f} dB"), ("pictures", "ciede2000", "{:6.2f} dE00"),
                            ("pictures", "cf", "{:6.1f} cf"), ("clips", "warp_ab", "{:7.2f} E_warp ab")):  # fmt: skip
        value = table[kind].get(key, {}).get("mean")
        if value is not None:
            words.append(form.format(value))
    return "  ".join(words)
