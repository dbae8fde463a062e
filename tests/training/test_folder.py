"""The folder of a run stays where a run was, and only there."""

from pathlib import Path

import pytest

from filmcolor.training.folder import run_folder


def test_a_run_that_ends_leaves_its_folders_to_other_processes(tmp_path: Path) -> None:
    with run_folder(tmp_path / "run"):
        pass
    assert (tmp_path / "run" / "kept").is_dir()


def test_a_run_that_fails_before_it_wrote_leaves_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no"), run_folder(tmp_path / "run"):
        raise ValueError("no")
    assert not (tmp_path / "run").exists()


def test_a_run_that_fails_later_leaves_what_it_wrote(tmp_path: Path) -> None:
    def run() -> None:
        with run_folder(tmp_path / "run"):
            (tmp_path / "run" / "log.jsonl").touch()
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        run()
    assert (tmp_path / "run" / "log.jsonl").exists()
