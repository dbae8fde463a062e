"""Tiny networks run fastest on one thread; threads that wait for each other are slow on a busy machine."""

import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    torch.set_num_threads(1)
