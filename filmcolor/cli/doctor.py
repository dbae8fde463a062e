"""`filmcolor doctor`: versions, devices, encoders, weights."""

import json
from typing import Annotated

import typer


def doctor(as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False) -> None:
    """Show what this machine offers and whether the weights are whole."""
    import os
    import platform
    from importlib.metadata import PackageNotFoundError, version

    import torch

    from filmcolor import __version__
    from filmcolor.errors import ModelError
    from filmcolor.model.weights import load_model, shipped
    from filmcolor.video.encode import available_encoders

    def installed(name: str) -> str:
        try:
            return version(name)
        except PackageNotFoundError:
            return "not installed"

    names = ("torch", "av", "opencv-python-headless", "numpy", "Pillow", "tifffile", "safetensors")
    weights, broken = {}, None
    for path in shipped():
        try:
            weights[path.name] = load_model(path).digest[:16]
        except ModelError as error:
            weights[path.name], broken = "damaged", error
    found = {
        "filmcolor": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        **{name: installed(name) for name in names},
        "cores": os.cpu_count(),
        "torch threads": torch.get_num_threads(),
        "cpu": torch.backends.cpu.get_cpu_capability(),
        "cuda": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
        "encoders": available_encoders(),
        "weights": weights,
    }
    if as_json:
        typer.echo(json.dumps(found, indent=1))
    else:
        for name, value in found.items():
            text = ", ".join(map(str, value)) if isinstance(value, list) else value
            if isinstance(value, dict):
                text = ", ".join(f"{k} ({v})" for k, v in value.items()) or "none"
            typer.echo(f"{name:24} {text}")
    if broken is not None:
        raise broken
