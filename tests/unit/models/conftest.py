"""Torch runs on one thread here: on a busy machine its threads wait for one another far longer than they work."""

import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    torch.set_num_threads(1)
