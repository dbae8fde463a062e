"""Weights files are untrusted: good ones load exactly, all others are refused in one line and run nothing."""

import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from filmcolor.errors import ModelError
from filmcolor.model import weights
from filmcolor.model.config import ModelConfig, build_network
from filmcolor.model.weights import (
    content_digest,
    describe,
    load_default_model,
    load_model,
    save_model,
    shipped,
)

TINY = ModelConfig(architecture="pix2pix", base=1, name="tiny")
BIG = "down.4.weight"  # (8, 8, 4, 4)

Header = dict[str, Any]
Fault = Callable[[bytes, Path], bytes]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("good") / "good.safetensors"
    save_model(path, build_network(TINY), TINY)
    return path.read_bytes()


def split(data: bytes) -> tuple[Header, bytes]:
    length = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def joined(header: Header | bytes, tensors: bytes, length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + tensors


def with_header(change: Callable[[Header], None]) -> Fault:
    def fault(data: bytes, _: Path) -> bytes:
        header, tensors = split(data)
        change(header)
        return joined(header, tensors)

    return fault


def with_metadata(change: Callable[[dict[str, Any]], None]) -> Fault:
    def edit(header: Header) -> None:
        stated = json.loads(header["__metadata__"]["filmcolor"])
        change(stated)
        header["__metadata__"]["filmcolor"] = json.dumps(stated)

    return with_header(edit)


def set_to(name: str, key: str, value: object) -> Fault:
    return with_header(lambda header: header[name].__setitem__(key, value))


def with_config(**entries: object) -> Fault:
    return with_metadata(lambda stated: stated["config"].update(entries))


def with_value(half: bytes) -> Fault:
    def fault(data: bytes, _: Path) -> bytes:
        header, tensors = split(data)
        begin = header[BIG]["data_offsets"][0]
        return redigested(joined(header, tensors[:begin] + half + tensors[begin + 2 :]))

    return fault


def redigested(data: bytes) -> bytes:
    """The same file with the digest of its content, so that another check has to notice the fault."""
    header, tensors = split(data)
    kinds = {"F16": torch.float16, "F32": torch.float32}
    found = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            raw = torch.frombuffer(bytearray(tensors[begin:end]), dtype=kinds[entry["dtype"]])
            found[name] = raw.reshape(entry["shape"])
    stated = json.loads(header["__metadata__"]["filmcolor"])
    stated["digest"] = content_digest(ModelConfig.from_json(stated["config"]), found)
    header["__metadata__"]["filmcolor"] = json.dumps(stated)
    return joined(header, tensors)


def without_last(data: bytes, _: Path) -> bytes:
    header, tensors = split(data)
    name = max((n for n in header if n != "__metadata__"), key=lambda n: header[n]["data_offsets"][1])
    begin = header.pop(name)["data_offsets"][0]
    return redigested(joined(header, tensors[:begin]))


def with_extra(data: bytes, _: Path) -> bytes:
    header, tensors = split(data)
    header["zz.extra"] = {"dtype": "F32", "shape": [1], "data_offsets": [len(tensors), len(tensors) + 4]}
    return redigested(joined(header, tensors + bytes(4)))


def renamed(data: bytes, _: Path) -> bytes:
    header, tensors = split(data)
    header["other"] = header.pop(BIG)
    return redigested(joined(header, tensors))


def reshaped(shape: list[int]) -> Fault:
    def fault(data: bytes, _: Path) -> bytes:
        header, tensors = split(data)
        header[BIG]["shape"] = shape
        return redigested(joined(header, tensors))

    return fault


def listed_twice(data: bytes, _: Path) -> bytes:
    header, tensors = split(data)
    text = json.dumps(header)
    return joined((text[:-1] + f", {json.dumps(BIG)}: {json.dumps(header[BIG])}}}").encode(), tensors)


def overlapping(header: Header) -> None:
    names = [n for n in header if n != "__metadata__" and header[n]["dtype"] == "F16"]
    one, two = (header[n] for n in names[:2])
    size = two["data_offsets"][1] - two["data_offsets"][0]
    begin = one["data_offsets"][0]
    two["data_offsets"] = [begin, begin + size]


class Marker:
    """Unpickling this makes a file: the proof that code ran."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def pickled(_: bytes, marker: Path) -> bytes:
    return pickle.dumps(Marker(marker))


def old_pickled(_: bytes, marker: Path) -> bytes:
    return pickle.dumps(Marker(marker), protocol=0)


def torch_archive(_: bytes, marker: Path) -> bytes:
    path = marker.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Marker(marker)))
    return path.read_bytes()


FAULTS: dict[str, Fault] = {
    "empty": lambda data, _: b"",
    "seven bytes": lambda data, _: data[:7],
    "pickle": pickled,
    "old pickle": old_pickled,
    "torch archive": torch_archive,
    "random bytes": lambda data, _: bytes(range(256)) * 8,
    "huge header length": lambda data, _: struct.pack("<Q", 2**63 - 1) + data[8:],
    "negative header length": lambda data, _: struct.pack("<q", -1) + data[8:],
    "header longer than the file": lambda data, _: struct.pack("<Q", len(data)) + data[8:],
    "header of length zero": lambda data, _: struct.pack("<Q", 0) + data[8:],
    "header cut short": lambda data, _: struct.pack("<Q", 40) + data[8:],
    "header is a list": lambda data, _: joined(b"[1, 2]", b""),
    "header is not UTF-8": lambda data, _: joined(b'{"\xff\xfe": 1}', b""),
    "header nested deeply": lambda data, _: joined(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", b""),
    "no metadata": with_header(lambda header: header.pop("__metadata__")),
    "metadata is a list": with_header(lambda header: header.update({"__metadata__": []})),
    "configuration is no JSON": with_header(lambda header: header["__metadata__"].update({"filmcolor": "{"})),
    "configuration holds NaN": with_header(
        lambda header: header["__metadata__"].update(
            {"filmcolor": '{"config": {"sharpness": NaN}, "digest": ""}'}
        )
    ),
    "no digest": with_metadata(lambda stated: stated.pop("digest")),
    "another digest": with_metadata(lambda stated: stated.update({"digest": "0" * 64})),
    "unknown architecture": with_config(architecture="os.system"),
    "unknown configuration entry": with_config(hook="import os"),
    "giant network": with_config(base=10**9),
    "widths are texts": with_config(widths=["a", "b", "c", "d"]),
    "sharpness is infinite": with_config(sharpness=1e400),
    "a value changed": lambda data, _: data[:-1] + bytes([data[-1] ^ 1]),
    "NaN": with_value(b"\x00\x7e"),
    "infinity": with_value(b"\x00\x7c"),
    "tensor missing": without_last,
    "tensor too many": with_extra,
    "tensor renamed": renamed,
    "shape transposed": reshaped([4, 4, 8, 8]),
    "shape of another rank": reshaped([1, 8, 8, 4, 4]),
    "shape flattened": reshaped([1024]),
    "shape too large": set_to(BIG, "shape", [8, 8, 4, 5]),
    "shape overflows": set_to(BIG, "shape", [2**32, 2**32]),
    "shape negative": set_to(BIG, "shape", [-8, -8, 4, 4]),
    "shape of truths": set_to(BIG, "shape", [True] * 4),
    "integers": set_to(BIG, "dtype", "I16"),
    "unknown type": set_to(BIG, "dtype", "F8_E4M3"),
    "type is a number": set_to(BIG, "dtype", 7),
    "offsets reversed": with_header(lambda header: header[BIG]["data_offsets"].reverse()),
    "offsets negative": set_to(BIG, "data_offsets", [-2048, 0]),
    "offsets beyond the end": set_to(BIG, "data_offsets", [2**28, 2**28 + 2048]),
    "offsets missing": with_header(lambda header: header[BIG].pop("data_offsets")),
    "entry is a text": with_header(lambda header: header.update({BIG: "x"})),
    "tensors overlap": with_header(overlapping),
    "listed twice": listed_twice,
    "truncated": lambda data, _: data[: len(data) * 2 // 3],
    "one byte short": lambda data, _: data[:-1],
    "bytes after the end": lambda data, _: data + b"extra",
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_hostile_weights_file_is_refused_in_one_line_and_runs_nothing(
    fault: Fault, good: bytes, tmp_path: Path
) -> None:
    path, marker = tmp_path / "bad.safetensors", tmp_path / "code_ran"
    path.write_bytes(fault(good, marker))
    with pytest.raises(ModelError) as refused:
        load_model(path)
    assert str(path) in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
    assert refused.value.exit_code == 5
    assert not marker.exists()


def test_at_least_25_kinds_of_hostile_files_are_tried() -> None:
    assert len(FAULTS) >= 25


def test_the_untouched_file_is_not_refused(good: bytes, tmp_path: Path) -> None:
    path = tmp_path / "good.safetensors"
    path.write_bytes(redigested(good))  # also shows that `redigested` adds no fault of its own
    assert load_model(path).config == TINY


def test_a_header_whose_length_begins_like_a_pickle_is_read(good: bytes, tmp_path: Path) -> None:
    length = struct.unpack("<Q", good[:8])[0]
    header = good[8 : 8 + length].ljust(length + (0x80 - length) % 256)
    path = tmp_path / "like_a_pickle.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + good[8 + length :])
    assert path.read_bytes()[0] == 0x80
    assert load_model(path).config == TINY


def test_what_is_not_a_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "missing", tmp_path, tmp_path / "pipe"):
        with pytest.raises(ModelError):
            load_model(path)


def test_a_file_over_the_limit_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "big.safetensors"
    with path.open("wb") as file:
        file.truncate(weights.MAX_FILE + 1)  # a hole: costs no space
    with pytest.raises(ModelError, match="more than the limit"):
        load_model(path)


def test_saved_weights_come_back_as_they_were_and_the_bytes_repeat(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = build_network(TINY)
    digest = save_model(tmp_path / "a", network, TINY, torch.float32)
    assert save_model(tmp_path / "b", network, TINY, torch.float32) == digest
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    model = load_model(tmp_path / "a")
    assert model.digest == digest
    for name, tensor in network.state_dict().items():
        assert torch.equal(model.network.state_dict()[name], tensor)


def test_a_setting_that_came_later_leaves_older_files_their_digest() -> None:
    assert not {"film_gain", "film_dark_reds"} & set(TINY.to_json())
    later = replace(TINY, film_gain=0.9, film_dark_reds=0.5)
    assert ModelConfig.from_json(later.to_json()) == later


def test_weights_that_are_not_finite_are_not_written(tmp_path: Path) -> None:
    network = build_network(TINY)
    with torch.no_grad():
        network.down[4].weight[0] = 1e6  # more than float16 holds
    with pytest.raises(ValueError, match="not finite"):
        save_model(tmp_path / "a", network, TINY)
    assert list(tmp_path.iterdir()) == []


def test_the_shipped_weights_are_whole_and_small() -> None:
    assert load_default_model().config.architecture == "default"
    assert [p.name for p in shipped()] == ["default.safetensors"]
    row = describe(shipped()[0])
    assert row["parameters"] == 6_675_708
    assert int(row["bytes"]) <= 15_000_000


@pytest.mark.parametrize("architecture", ["default", "pix2pix"])
def test_a_network_about_to_be_loaded_does_not_import_torchs_compiler(architecture: str) -> None:
    # 1.4 s of the start of every run, while there is nothing to initialize
    code = (
        "import sys, torch; from filmcolor.model.config import ModelConfig, build_network\n"
        f"with torch.device('meta'): build_network(ModelConfig(architecture={architecture!r}))\n"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
