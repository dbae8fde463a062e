"""What the sources name, and mistakes told before any work."""

import os
from pathlib import Path

import pytest

from filmcolor.batch.discover import discover, shard_of
from filmcolor.errors import InputError, OutputError


def fill(folder: Path, *files: str) -> Path:
    for name in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return folder


def places(sources: list[Path | str], out: Path, **more: tuple[str, ...]) -> list[str]:
    return [str(w.place) for w in discover([str(s) for s in sources], out, **more).wanted]


def test_a_folder_is_searched_through_and_keeps_its_tree(tmp_path: Path) -> None:
    vault = fill(tmp_path / "v", "b.mkv", "a/c.MP4", "a/d/e.tif", "notes.txt", ".hidden.mkv", ".cache/x.mkv")
    found = discover([str(vault)], tmp_path / "out")
    assert [str(w.place) for w in found.wanted] == ["b.mkv", "a/c.MP4", "a/d/e.tif"]
    assert found.wanted[0].source == vault / "b.mkv"
    assert found.ignored == 1


def test_several_folders_keep_their_names_apart(tmp_path: Path) -> None:
    fill(tmp_path, "one/x.mkv", "two/x.mkv")
    assert places([tmp_path / "one", tmp_path / "two"], tmp_path / "out") == ["one/x.mkv", "two/x.mkv"]


def test_patterns_include_and_exclude(tmp_path: Path) -> None:
    vault = fill(tmp_path / "v", "a.mkv", "b.mp4", "old/c.mkv", "old/d.mkv")
    out = tmp_path / "out"
    assert places([vault], out, include=("*.mkv",), exclude=("old/d*",)) == ["a.mkv", "old/c.mkv"]
    assert places([f"{vault}/**/*.mkv"], out) == ["a.mkv", "old/c.mkv", "old/d.mkv"]


def test_a_folder_of_numbered_dpx_is_one_film(tmp_path: Path) -> None:
    vault = fill(tmp_path / "v", *(f"reel/f_{i:04d}.dpx" for i in range(4)), "two/a_1.dpx", "two/b.mkv")
    assert places([vault], tmp_path / "out") == ["reel", "two/a_1.dpx", "two/b.mkv"]


def test_a_loop_of_links_is_searched_once_and_named(tmp_path: Path) -> None:
    vault = fill(tmp_path / "v", "a/b.mkv")
    (vault / "a" / "back").symlink_to(vault)
    (vault / "self.mkv").symlink_to(vault / "self.mkv")
    found = discover([str(vault)], tmp_path / "out")
    assert [str(w.place) for w in found.wanted] == ["self.mkv", "a/b.mkv"]
    assert found.problems == ()
    assert "self.mkv: cannot follow this link" in found.notes[0]
    assert "link leads back" in found.notes[1]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser can read every folder")
def test_an_unreadable_folder_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    vault = fill(tmp_path / "v", "a.mkv", "shut/b.mkv")
    (vault / "shut").chmod(0)
    try:
        found = discover([str(vault)], tmp_path / "out")
    finally:
        (vault / "shut").chmod(0o755)
    assert [str(w.place) for w in found.wanted] == ["a.mkv"]
    assert "shut: cannot read this folder" in found.problems[0]


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = fill(tmp_path / "v", "a.mkv", "shut/b.mkv")
    scan = os.scandir

    def refusing(path: Path) -> object:
        if Path(path).name == "shut":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = discover([str(vault)], tmp_path / "out")
    assert [str(w.place) for w in found.wanted] == ["a.mkv"]
    assert found.problems == (f"{vault}/shut: cannot read this folder: Permission denied",)


def test_a_film_named_twice_is_refused(tmp_path: Path) -> None:
    vault = fill(tmp_path / "v", "a.mkv")
    with pytest.raises(InputError, match="named twice"):
        discover([str(vault), str(vault / "a.mkv")], tmp_path / "out")


@pytest.mark.parametrize("out", ["v", "v/out", "link/out"])
def test_results_inside_the_source_are_refused(tmp_path: Path, out: str) -> None:
    fill(tmp_path / "v", "a.mkv")
    (tmp_path / "link").symlink_to(tmp_path / "v")
    with pytest.raises(OutputError, match="another -o"):
        discover([str(tmp_path / "v")], tmp_path / out)


@pytest.mark.parametrize("source", ["nothing.mkv", "*.nothing"])
def test_a_source_that_is_not_there_is_an_error(tmp_path: Path, source: str) -> None:
    with pytest.raises(InputError, match="no"):
        discover([str(tmp_path / source)], tmp_path / "out")


def test_shards_share_the_films_without_gap_or_overlap(tmp_path: Path) -> None:
    vault = fill(tmp_path / "v", *(f"{i:02d}.mkv" for i in range(11)))
    wanted = discover([str(vault)], tmp_path / "out").wanted
    parts = [shard_of(wanted, i, 4) for i in (1, 2, 3, 4)]
    assert sorted(len(part) for part in parts) == [2, 3, 3, 3]
    assert sorted(w.source for part in parts for w in part) == sorted(w.source for w in wanted)
