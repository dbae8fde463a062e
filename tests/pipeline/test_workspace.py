import contextlib
import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from filmcolor.errors import OutputError
from filmcolor.pipeline.workspace import clear, held, workspace_of


def test_it_lies_hidden_beside_the_output() -> None:
    assert workspace_of(Path("a/movie.color.mkv")) == Path("a/.movie.color.mkv.filmcolor")


def test_two_outputs_of_one_name_have_two_workspaces_in_a_shared_folder(tmp_path: Path) -> None:
    assert workspace_of(tmp_path / "a/x.mkv", tmp_path) != workspace_of(tmp_path / "b/x.mkv", tmp_path)


def test_a_long_name_is_hashed() -> None:
    assert len(workspace_of(Path("l" * 250 + ".mkv")).name) < 60


def test_without_a_finished_segment_nothing_is_left(tmp_path: Path) -> None:
    with held(tmp_path / "w", fresh=False) as folder:
        (folder / "segment-000000.part").write_bytes(b"half")
    assert not (tmp_path / "w").exists()


def test_a_finished_segment_is_kept_unless_fresh(tmp_path: Path) -> None:
    with held(tmp_path / "w", fresh=False) as folder:
        (folder / "segment-000000.nut").write_bytes(b"whole")
    with held(tmp_path / "w", fresh=False) as folder:
        assert (folder / "segment-000000.nut").exists()
    with held(tmp_path / "w", fresh=True) as folder:
        assert not (folder / "segment-000000.nut").exists()


def test_a_second_run_is_kept_out(tmp_path: Path) -> None:
    with held(tmp_path / "w", fresh=False) as folder:
        with pytest.raises(OutputError, match="another run"), held(tmp_path / "w", fresh=False):
            pass
        assert folder.exists()


def test_what_was_cleared_and_taken_by_another_run_is_left(tmp_path: Path) -> None:
    with contextlib.ExitStack() as other:
        with held(tmp_path / "w", fresh=False) as folder:
            clear(folder)
            other.enter_context(held(folder, fresh=False))
        assert (folder / "lock").exists()


def test_a_file_system_without_locks_is_no_other_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fcntl = pytest.importorskip("fcntl")

    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    with held(tmp_path / "w", fresh=False) as folder:
        assert folder.exists()


HOLDER = """
import sys
from pathlib import Path
from filmcolor.pipeline.workspace import held

with held(Path(sys.argv[1]), fresh=False) as folder:
    (folder / "segment-000000.mkv").write_bytes(b"whole")
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="locks are those of POSIX")
def test_a_lock_goes_with_its_process_whoever_has_its_number_next(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    run = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert run.stdin is not None
    assert run.stdout is not None
    with run.stdin, run.stdout:
        assert run.stdout.readline() == b"held\n"
        with pytest.raises(OutputError, match="another run"), held(folder, fresh=False):
            pass
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
    living = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        # as if the system had given the dead run's number to another process
        (folder / "lock").write_text(f"{living.pid}\n")
        with held(folder, fresh=False) as mine:
            assert (mine / "segment-000000.mkv").read_bytes() == b"whole"
            assert living.poll() is None
    finally:
        living.kill()
        living.communicate()
