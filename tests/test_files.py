"""What the edges of the house do with files, apart from what the rooms test."""

import errno
from pathlib import Path

import pytest

from filmcolor.errors import FullError, OutputError
from filmcolor.files import size_text, write_text


def test_sizes_are_written_for_people() -> None:
    assert [size_text(n) for n in (999, 1500, 12_340_000_000)] == ["999 bytes", "1.5 kB", "12.3 GB"]


def test_a_text_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "a.json"
    write_text("caf\u00e9 \udcff\n", out)
    assert out.read_bytes() == b"caf\xc3\xa9 \\udcff\n"
    with pytest.raises(OutputError, match="cannot write: No such file"):
        write_text("x", tmp_path / "missing" / "a.json")

    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(FullError, match="No space"):
        write_text("y", out)
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    assert out.read_bytes().startswith(b"caf")
