"""`filmcolor batch`: exit codes and what is printed."""

import json
from pathlib import Path

import pytest

from filmcolor.batch import worker
from filmcolor.cli.main import main
from tests.batch.crews import threads
from tests.pipeline.test_run import make_film


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a vault of one film; workers are threads, and there is no Slurm."""
    threads(monkeypatch)
    monkeypatch.delenv("SLURM_ARRAY_TASK_ID", raising=False)
    (tmp_path / "vault").mkdir()
    make_film(tmp_path / "vault/a.mkv", shots=(3,))
    return tmp_path / "vault"


def filmcolor(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


def run(vault: Path, *more: object) -> int:
    return filmcolor("batch", "run", vault, "-o", vault.parent / "out", "--size", 64, "--no-mirror", *more)


def test_a_batch_prints_its_results_and_a_sum(vault: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(vault) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{vault.parent}/out/a.mkv: 3 frames in ")
    assert lines[-1] == "1 films and pictures: 1 done, 0 failed"
    assert run(vault) == 0
    assert capsys.readouterr().out == "1 films and pictures: 0 done, 0 failed, 1 were done before\n"


def test_a_failed_film_gives_exit_code_6_each_time_and_is_named(
    vault: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (vault / "bad.mkv").write_bytes(b"no film " * 100)
    for _ in range(2):
        assert run(vault) == 6
        errors = capsys.readouterr().err
        assert "bad.mkv: not a film" in errors
        assert "1 of 2 films failed" in errors
    assert filmcolor("batch", "status", vault.parent / "out") == 0
    assert "failed: " in capsys.readouterr().out
    assert filmcolor("batch", "retry", vault.parent / "out") == 6


def test_frames_lost_to_damage_give_exit_code_6(
    vault: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from dataclasses import replace

    real = worker.colored
    monkeypatch.setattr(worker, "colored", lambda *given: replace(real(*given), lost=4))
    assert run(vault) == 6
    assert "1 lost frames to damage" in capsys.readouterr().err


def test_json_is_one_document(vault: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(vault, "--json", "--dry-run") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["to_do"], found["films"][0]["frames"]) == (1, 3)
    assert found["estimate"]["bytes"] > 0
    assert run(vault, "--json", "--progress", "json") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["films"][0]["state"] == "done"
    events = [json.loads(line)["event"] for line in printed.err.splitlines()]
    assert events.count("done") == 1
    assert filmcolor("batch", "status", vault.parent / "out", "--json") == 0
    assert json.loads(capsys.readouterr().out)["films"]["done"] == 1


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (("--jobs", 0), 2),
        (("--limit-disk", "much"), 2),
        (("--shard", "5/4"), 2),
        (("--attempts", 0), 2),
        (("--size", 65), 2),
        (("--backend", "cloud"), 2),
        (("nothing.mkv",), 3),
    ],
)
def test_wrong_use_is_told_before_any_work(vault: Path, more: tuple[object, ...], code: int) -> None:
    assert run(vault, *more) == code
    assert not (vault.parent / "out").exists()


@pytest.mark.parametrize("command", ["status", "report", "retry"])
def test_a_folder_without_a_batch_is_an_error(vault: Path, command: str) -> None:
    assert filmcolor("batch", command, vault) == 4


def test_a_task_of_a_slurm_array_does_its_share(
    vault: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_film(vault / "b.mkv", shots=(4,))
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "7")
    monkeypatch.setenv("SLURM_ARRAY_TASK_COUNT", "2")
    monkeypatch.setenv("SLURM_ARRAY_TASK_MIN", "6")
    monkeypatch.setenv("SLURM_ARRAY_TASK_MAX", "7")
    assert run(vault) == 0
    assert [p.name for p in (vault.parent / "out").glob("*.mkv")] == ["b.mkv"]
    assert filmcolor("batch", "retry", vault.parent / "out", "--shard", "1/2") == 4
    assert "--shard 0002/0002" in capsys.readouterr().err
    monkeypatch.setenv("SLURM_ARRAY_TASK_MAX", "9")
    assert run(vault) == 2
