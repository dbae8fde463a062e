import json
from pathlib import Path

import pytest

from filmcolor.errors import OutputError
from filmcolor.pipeline.journal import JOURNAL, Journal

BASIS = {"source": "a", "settings": "b"}


def with_segment(folder: Path) -> Path:
    file = folder / "segment-000000.nut"
    file.write_bytes(b"picture" * 100)
    Journal(folder, BASIS).add(0, 0, 10, file)
    return file


def test_a_finished_segment_is_found_again(tmp_path: Path) -> None:
    file = with_segment(tmp_path)
    assert Journal(tmp_path, BASIS).has(0, 0, 10) == file


def test_other_frames_under_the_same_number_are_not_finished(tmp_path: Path) -> None:
    with_segment(tmp_path)
    assert Journal(tmp_path, BASIS).has(0, 0, 11) is None


@pytest.mark.parametrize("harm", [b"", b"picture" * 99, b"Picture" + b"picture" * 99])
def test_a_truncated_or_altered_segment_is_made_again(tmp_path: Path, harm: bytes) -> None:
    with_segment(tmp_path).write_bytes(harm)
    assert Journal(tmp_path, BASIS).has(0, 0, 10) is None


def test_a_missing_segment_is_made_again(tmp_path: Path) -> None:
    with_segment(tmp_path).unlink()
    assert Journal(tmp_path, BASIS).has(0, 0, 10) is None


def test_a_torn_last_line_is_dropped_and_the_journal_goes_on(tmp_path: Path) -> None:
    with_segment(tmp_path)
    with (tmp_path / JOURNAL).open("a") as file:
        file.write('{"number": 1, "start": 10, "sto')
    journal = Journal(tmp_path, BASIS)
    assert list(journal.finished) == [0]
    second = tmp_path / "segment-000001.nut"
    second.write_bytes(b"more")
    journal.add(1, 10, 20, second)
    assert sorted(Journal(tmp_path, BASIS).finished) == [0, 1]


def test_what_differs_is_named(tmp_path: Path) -> None:
    with_segment(tmp_path)
    with pytest.raises(OutputError, match=r"another settings \(b, now c\)"):
        Journal(tmp_path, {"source": "a", "settings": "c"})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"\xff\xfe\n",
        b"[]\n",
        b"{}\n",
        b'{"basis": 3}\n',
        b"nonsense\n",
        json.dumps([1]).encode() + b"\n",
    ],
)
def test_a_journal_of_garbage_starts_over(tmp_path: Path, content: bytes) -> None:
    (tmp_path / JOURNAL).write_bytes(content)
    assert Journal(tmp_path, BASIS).finished == {}
    assert json.loads((tmp_path / JOURNAL).read_text().splitlines()[0]) == {"basis": BASIS}


def test_a_file_name_with_folders_stays_in_the_workspace(tmp_path: Path) -> None:
    outside = tmp_path / "outside.nut"
    outside.write_bytes(b"x")
    folder = tmp_path / "work"
    folder.mkdir()
    Journal(folder, BASIS)
    line = {"number": 0, "start": 0, "stop": 1, "file": "../outside.nut", "sha256": "0"}
    with (folder / JOURNAL).open("a") as file:
        file.write(json.dumps(line) + "\n")
    assert Journal(folder, BASIS).finished == {}
