"""Weights in and out: safetensors with the network's configuration and a digest in its metadata.

A weights file is untrusted. It is parsed here, byte by byte, with bounds, before a tensor is made of it: no
pickle, no code, nothing allocated that the file's own size does not cover. Format: safetensors (8 bytes of
header length, JSON header, tensors back to back).
"""

import hashlib
import json
import math
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import torch
from safetensors.torch import save
from torch import Tensor, nn

from filmcolor.errors import ModelError
from filmcolor.files import replacing
from filmcolor.model.config import ModelConfig, build_network

PACKAGED = Path(__file__).parent / "data" / "default.safetensors"
MAX_FILE = 512 * 2**20  # bytes; pix2pix in float32 has 218 MB
MAX_HEADER = 2**20  # bytes
_METADATA_KEY = "filmcolor"  # one key: safetensors writes several in random order
_DTYPES: Mapping[str, tuple[torch.dtype, int]] = {
    "F32": (torch.float32, 4),
    "F16": (torch.float16, 2),
    "BF16": (torch.bfloat16, 2),
}


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A generator that is ready to run: its network in eval mode (float32), its configuration and its
    digest.
    """

    network: nn.Module
    config: ModelConfig
    digest: str
    path: Path | None = None


def load_default_model(path: Path | None = None) -> Model:
    """Load the weights at `path`, or those that came with the package. Raises ModelError."""
    return load_model(path)


def shipped() -> list[Path]:
    """Return the weights files that came with the package."""
    return sorted(PACKAGED.parent.glob("*.safetensors"))


def describe(path: Path) -> dict[str, str | int]:
    """Return name, architecture, what it is called, parameters, bytes and digest. Raises ModelError."""
    model = load_model(path)
    return {
        "name": path.stem,
        "architecture": model.config.architecture,
        "note": model.config.name,
        "parameters": sum(p.numel() for p in model.network.parameters()),
        "bytes": path.stat().st_size,
        "digest": model.digest,
    }


def load_model(path: Path | None, assumed: ModelConfig | None = None) -> Model:
    """Load a generator from a weights file (None: the package's own); nothing in it is executed.

    assumed: the configuration of a plain safetensors file that states none, such as a checkpoint of the first
    pilot; without it such a file is refused.

    Raises ModelError, one line that names the file, where it is missing, damaged, of another network, or not
    finite.
    """
    path = PACKAGED if path is None else path
    config, tensors, digest = read_weights(path, assumed)
    with torch.device("meta"):
        network = build_network(config)
    expected = network.state_dict()
    missing = sorted(set(expected) - set(tensors))
    extra = sorted(set(tensors) - set(expected))
    if missing:
        _refuse(path, f"tensor {missing[0]!r} is missing")
    if extra:
        _refuse(path, f"tensor {extra[0]!r} does not belong to the network {config.architecture!r}")
    for name, tensor in tensors.items():
        if tensor.shape != expected[name].shape:
            _refuse(path, f"tensor {name!r} has shape {list(tensor.shape)}, not {list(expected[name].shape)}")
    network.load_state_dict({n: t.float() for n, t in tensors.items()}, strict=True, assign=True)
    network.eval().requires_grad_(False)
    return Model(network=network, config=config, digest=digest, path=path)


def save_model(
    path: Path, network: nn.Module, config: ModelConfig, dtype: torch.dtype = torch.float16
) -> str:
    """Write a network's weights to `path`, atomically, vectors as float32, the rest as `dtype`. Returns the
    digest.

    The bytes are a function of tensors, configuration and dtype alone. Raises ValueError where a weight is
    not finite in `dtype`, OSError where the file cannot be written.
    """
    tensors = {}
    for name, tensor in network.state_dict().items():
        # biases stay float32: a folded batch norm makes them large, and together they are small
        kept = dtype if tensor.ndim > 1 else torch.float32
        tensors[name] = tensor.detach().to("cpu", kept).contiguous()
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise ValueError(f"tensor {name!r} is not finite as {dtype}")
    digest = content_digest(config, tensors)
    metadata = {_METADATA_KEY: json.dumps({"config": config.to_json(), "digest": digest}, sort_keys=True)}
    data = save(tensors, metadata)
    with replacing(path) as beside:
        beside.write_bytes(data)
    return digest


def content_digest(config: ModelConfig, tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 over configuration, and name, dtype, shape and bytes of each tensor in the order of names."""
    total = hashlib.sha256(json.dumps(config.to_json(), sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        total.update(f"\n{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        total.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return total.hexdigest()


def read_weights(
    path: Path, assumed: ModelConfig | None = None
) -> tuple[ModelConfig, dict[str, Tensor], str]:
    """Parse and check a weights file: configuration, tensors as stored, digest. Raises ModelError."""
    data = _read_bounded(path)
    header, start = _header(path, data)
    metadata = header.pop("__metadata__", None)
    if metadata is None and assumed is not None:
        tensors = _tensors(path, header, data, start)
        return assumed, tensors, content_digest(assumed, tensors)
    config, digest = _metadata(path, metadata)
    tensors = _tensors(path, header, data, start)
    if content_digest(config, tensors) != digest:
        _refuse(path, "its digest does not match its content")
    return config, tensors, digest


def _refuse(path: Path, reason: str) -> NoReturn:
    shown = reason if len(reason) <= 300 else reason[:297] + "..."
    raise ModelError(
        f"{path}: not usable as weights: {shown}; get the file again or name another with --model"
    )


def _read_bounded(path: Path) -> bytes:
    try:
        # non-blocking, so that a pipe under this name cannot hang us
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise ModelError(f"{path}: no such weights file; name another with --model") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: cannot read weights: {error}") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            _refuse(path, "it is not a regular file")
        if status.st_size > MAX_FILE:
            _refuse(path, f"{status.st_size} bytes are more than the limit of {MAX_FILE}")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(MAX_FILE + 1)
    except OSError as error:
        raise ModelError(f"{path}: cannot read weights: {error}") from error
    finally:
        os.close(descriptor)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a key is listed twice")
    return table


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def _parse_json(path: Path, text: str | bytes, where: str) -> dict[str, Any]:
    try:
        parsed = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        _refuse(path, f"{where} is not valid JSON ({str(error).splitlines()[0]})")
    if not isinstance(parsed, dict):
        _refuse(path, f"{where} is not a JSON object")
    return parsed


def _header(path: Path, data: bytes) -> tuple[dict[str, Any], int]:
    """Return the header's table and where the tensors' bytes begin."""
    if len(data) < 10:
        _refuse(path, f"{len(data)} bytes are too few for a safetensors file")
    # a header's length may begin with a pickle's first byte; what follows it in safetensors is JSON
    if data[:4] == b"PK\x03\x04" or (data[:1] == b"\x80" and data[8:9] != b"{"):
        _refuse(path, "it is a pickle or a torch archive, which could run code; only safetensors are read")
    length = int.from_bytes(data[:8], "little")
    if length > MAX_HEADER or length > len(data) - 8 or length < 2:
        _refuse(path, f"its header claims {length} bytes")
    try:
        text = data[8 : 8 + length].decode("utf-8")
    except UnicodeDecodeError:
        _refuse(path, "its header is not UTF-8")
    return _parse_json(path, text, "its header"), 8 + length


def _metadata(path: Path, metadata: Any) -> tuple[ModelConfig, str]:
    """Return the configuration and the digest that the metadata states."""
    if not isinstance(metadata, dict) or not isinstance(metadata.get(_METADATA_KEY), str):
        _refuse(path, "it has no filmcolor configuration in its metadata")
    stated = _parse_json(path, metadata[_METADATA_KEY], "its configuration")
    digest = stated.get("digest")
    if not isinstance(digest, str) or len(digest) != 64:
        _refuse(path, "it states no digest")
    try:
        return ModelConfig.from_json(stated.get("config")), digest
    except (TypeError, ValueError) as error:
        _refuse(path, f"its configuration is wrong: {error}")


def _whole_number(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MAX_FILE  # bool is no number here


def _tensors(path: Path, header: dict[str, Any], data: bytes, start: int) -> dict[str, Tensor]:
    """Return the tensors, as stored, after every bound was checked: they tile the data without gap or
    overlap.
    """
    places: list[tuple[int, int, str, str, list[int]]] = []
    for name, entry in header.items():
        if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
            _refuse(path, f"the entry of tensor {name!r} is malformed")
        dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
        if not isinstance(dtype, str) or dtype not in _DTYPES:
            _refuse(path, f"tensor {name!r} has type {dtype!r}; only {', '.join(_DTYPES)} are read")
        if not isinstance(shape, list) or len(shape) > 8 or not all(map(_whole_number, shape)):
            _refuse(path, f"tensor {name!r} has a malformed shape")
        if not isinstance(offsets, list) or len(offsets) != 2 or not all(map(_whole_number, offsets)):
            _refuse(path, f"tensor {name!r} has malformed offsets")
        if offsets[1] - offsets[0] != math.prod(shape) * _DTYPES[dtype][1]:
            _refuse(path, f"tensor {name!r} has bytes that do not fit its shape")
        places.append((offsets[0], offsets[1], name, dtype, shape))
    position = 0
    for begin, end, name, _, _ in sorted(places):
        if begin != position:
            _refuse(path, f"tensor {name!r} overlaps another or leaves a gap")
        position = end
    if start + position != len(data):
        _refuse(path, f"it holds {len(data) - start} bytes of tensors where its header lists {position}")
    tensors = {}
    for begin, end, name, dtype, shape in places:
        raw = bytearray(data[start + begin : start + end])
        if not raw:
            _refuse(path, f"tensor {name!r} is empty")
        tensor = torch.frombuffer(raw, dtype=_DTYPES[dtype][0]).reshape(shape)
        if not bool(torch.isfinite(tensor).all()):
            _refuse(path, f"tensor {name!r} holds NaN or infinity")
        tensors[name] = tensor
    return tensors
