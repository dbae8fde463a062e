"""Journals, settings and weights from anywhere give what is whole in them, or are refused in one line."""

import json
import random
import struct
import tempfile
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from filmcolor.errors import FilmcolorError, InputError, ModelError, OutputError
from filmcolor.model.config import ModelConfig, build_network
from filmcolor.model.weights import load_model, save_model
from filmcolor.pipeline.journal import JOURNAL, Journal, made_here
from filmcolor.settings import RunSettings

BASIS = {"source": "a", "settings": "b"}
QUICK = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("number", "start", "stop", "file", "sha256", "result", "done", "basis")
LINES = st.one_of(
    st.binary(max_size=60),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=8).map(lambda value: json.dumps(value).encode()),
    st.just(json.dumps({"basis": BASIS}).encode()),
)


def one_line(error: FilmcolorError, path: Path | None = None) -> None:
    assert len(str(error).splitlines()) == 1
    assert path is None or str(path) in str(error)


@QUICK
@given(st.lists(LINES, max_size=5), st.booleans())
def test_any_journal_is_read_or_refused(lines: list[bytes], ended: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "film.mkv").write_bytes(b"film")
        (folder / JOURNAL).write_bytes(b"\n".join(lines) + (b"\n" if ended else b""))
        made_here(folder, folder / "film.mkv")
        try:
            journal = Journal(folder, BASIS)
        except OutputError as error:
            one_line(error)
            return
        segment = folder / "segment-000000.mkv"
        segment.write_bytes(b"whole")
        journal.add(0, 0, 4, segment)
        assert Journal(folder, BASIS).has(0, 0, 4) == segment, "it goes on from any state"


@pytest.mark.parametrize("text", ["[" * 100_000, '{"basis":' * 100_000, "1" * 5000, "{}" * 3])
def test_a_journal_of_deep_or_long_lines_starts_over(tmp_path: Path, text: str) -> None:
    (tmp_path / JOURNAL).write_text(text + "\n")
    assert Journal(tmp_path, BASIS).finished == {}


def test_a_damaged_line_costs_only_its_segment(tmp_path: Path) -> None:
    journal = Journal(tmp_path, BASIS)
    for number in range(3):
        segment = tmp_path / f"segment-{number:06d}.mkv"
        segment.write_bytes(bytes([number]) * 50)
        journal.add(number, 4 * number, 4 * number + 4, segment)
    lines = (tmp_path / JOURNAL).read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b'{"number"', b'{\xfcnumber"')
    (tmp_path / JOURNAL).write_bytes(b"".join(lines))
    assert sorted(Journal(tmp_path, BASIS).finished) == [0, 2]


NAMES = st.sampled_from([*RunSettings.__dataclass_fields__, "nonsense"])
VALUES = st.one_of(
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.booleans(),
    st.text(max_size=10).map(lambda text: json.dumps(text)),
    st.just("[1, 2]"),
    st.just('{ a = "b" }'),
    st.just("1979-05-27"),
    st.just("[[["),
)


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@QUICK
@given(st.one_of(
    st.binary(max_size=80),
    st.dictionaries(NAMES, VALUES, max_size=3).map(
        lambda table: ("[run]\n" + "\n".join(f"{k} = {_toml(v)}" for k, v in table.items())).encode("utf-8", "replace")
    ),
))  # fmt: skip
def test_any_settings_file_is_read_or_refused(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "film.toml"
        path.write_bytes(data)
        try:
            RunSettings.read(path).digest()
        except InputError as error:
            one_line(error, path)


@pytest.mark.parametrize(
    "text", ["run = 3", "run = [1]", "a = " + "[" * 5000, "[run]\nsize = 1e400", "[run.size]"]
)
def test_settings_of_another_shape_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "film.toml"
    path.write_text(text)
    with pytest.raises(InputError) as refused:
        RunSettings.read(path)
    assert len(str(refused.value).splitlines()) == 1


def test_weights_with_any_bytes_changed_are_refused(tmp_path: Path) -> None:
    torch.manual_seed(0)
    tiny = ModelConfig(architecture="pix2pix", base=1, name="tiny")
    path = tmp_path / "w.safetensors"
    save_model(path, build_network(tiny), tiny)
    good = path.read_bytes()
    header = struct.unpack("<Q", good[:8])[0]
    dice = random.Random(7)
    for _ in range(150):
        data = bytearray(good)
        for _ in range(dice.randint(1, 4)):
            at = dice.randrange(0, 8 + header) if dice.random() < 0.8 else dice.randrange(len(data))
            data[at] ^= 1 << dice.randrange(8)
        if dice.random() < 0.3:
            data = data[: dice.randrange(len(data))]
        path.write_bytes(data)
        try:
            model = load_model(path)
        except ModelError as error:
            one_line(error, path)
        else:
            assert model.digest, "a change of spelling that means the same"


def test_every_error_has_a_documented_code() -> None:
    kinds = [FilmcolorError, *FilmcolorError.__subclasses__()]
    assert {kind.exit_code for kind in kinds} <= {1, 3, 4, 5, 6, 7}
