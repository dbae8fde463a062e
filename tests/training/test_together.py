"""Two processes train one network: alike after every step, resumable, and each sees other pictures."""

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.multiprocessing.spawn import spawn

from filmcolor.errors import InputError
from filmcolor.training.checkpoint import read_checkpoint
from filmcolor.training.pictures import load_pictures
from filmcolor.training.together import join_processes, leave_processes
from filmcolor.training.train import Trainer, train
from tests.training.pictures_made import write_folder
from tests.training.test_train import TINY

SHORT = replace(
    TINY,
    steps=4,
    optimizer=replace(TINY.optimizer, schedule="constant"),
    adversarial=replace(TINY.adversarial, begin=0.0),
)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _one_of_two(rank: int, port: int, pictures: Path, out: Path) -> None:
    os.environ.update(RANK=str(rank), WORLD_SIZE="2", MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    torch.set_num_threads(1)
    together = join_processes("cpu")
    (out / "kept").mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SHORT.seed)
    trainer = Trainer(SHORT, load_pictures([pictures], SHORT.data), out, together=together)
    first = torch.rand(4, generator=trainer.generator)
    trainer.run(lambda: None)
    found = {"weights": trainer.network.state_dict(), "drawn": first, "accuracy": trainer.adversary.accuracy}
    torch.save(found, out / f"rank{rank}.pt")
    leave_processes()


def _whole(rank: int, port: int, pictures: Path, out: Path, steps: int, resume: bool) -> None:
    os.environ.update(RANK=str(rank), WORLD_SIZE="2", MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    train(replace(SHORT, steps=steps, threads=1), [pictures], out, resume=resume)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("pictures"), 24)


def test_two_processes_hold_the_same_weights_and_draw_different_pictures(
    pictures: Path, tmp_path: Path
) -> None:
    spawn(_one_of_two, (_free_port(), pictures, tmp_path), nprocs=2)
    one, two = (torch.load(tmp_path / f"rank{r}.pt", weights_only=True) for r in (0, 1))
    assert not torch.equal(one["drawn"], two["drawn"])
    assert one["accuracy"] == two["accuracy"]
    for name, tensor in one["weights"].items():
        assert torch.equal(tensor, two["weights"][name]), name
    saved = torch.load(tmp_path / "state.pt", weights_only=True)
    assert saved["seen"] == SHORT.steps * 2 * SHORT.data.batch


@pytest.mark.slow
def test_two_processes_resume_exactly(pictures: Path, tmp_path: Path) -> None:
    # steps is the budget that the schedule follows: constant, so that parts and whole see the same rates
    for steps, out, resume in ((2, "parts", False), (4, "parts", True), (4, "whole", False)):
        spawn(_whole, (_free_port(), pictures, tmp_path / out, steps, resume), nprocs=2)
    one, two = (torch.load(tmp_path / n / "state.pt", weights_only=True) for n in ("parts", "whole"))
    for key in ("network", "ema"):
        for name, tensor in one[key].items():
            assert torch.equal(tensor, two[key][name]), name
    with pytest.raises(InputError, match="made by 2 processes"):
        read_checkpoint(tmp_path / "whole" / "state.pt", one["settings"], one["data"], 1)
