"""A training that can be interrupted after any step and resumed from its checkpoint."""

from abc import ABC, abstractmethod
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

SAVED_PARTS = ("network", "average", "optimizer")


class CheckpointMismatch(ValueError):
    """The folder holds a checkpoint of other photos, other ratings or another recipe."""


class ResumableTraining(ABC):
    """A network, its running average, its optimizer and the number of the next step.

    Each step's data and random numbers depend on the seed and the step's number alone, so that a resumed training ends
    as an uninterrupted one.
    """

    def __init__(self, network: nn.Module, optimizer: torch.optim.Optimizer, ema_decay: float) -> None:
        self.network, self.optimizer = network, optimizer
        self.average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(ema_decay), use_buffers=True)
        self.next_step = 0

    @property
    @abstractmethod
    def identity(self) -> str:
        """What a checkpoint must agree in: the hyperparameters, the photos and their ratings."""

    @abstractmethod
    def step(self) -> float:
        """Learn from one batch; returns its loss."""

    def save(self, file: Path) -> None:
        """Write a checkpoint; an interruption leaves the one before."""
        parts = {name: getattr(self, name).state_dict() for name in SAVED_PARTS}
        torch.save({"identity": self.identity, "next_step": self.next_step, **parts}, file.with_suffix(".new"))
        file.with_suffix(".new").replace(file)

    def resume(self, file: Path) -> None:
        """Continue from a checkpoint; raises `CheckpointMismatch`."""
        state = torch.load(file, map_location=next(self.network.parameters()).device, weights_only=True)
        if state["identity"] != self.identity:
            raise CheckpointMismatch(
                f"{file} is of other photos, other ratings, another recipe or another network; "
                "name another folder, or remove it"
            )
        self.next_step = state["next_step"]
        for name in SAVED_PARTS:
            getattr(self, name).load_state_dict(state[name])

    def update(self, loss: Tensor, max_gradient_norm: float = float("inf")) -> float:
        """Change the weights by one step of the optimizer, and the running average; returns the loss."""
        self.optimizer.zero_grad()
        loss.backward()
        if max_gradient_norm < float("inf"):
            nn.utils.clip_grad_norm_(self.network.parameters(), max_gradient_norm)
        self.optimizer.step()
        self.average.update_parameters(self.network)
        self.next_step += 1
        return float(loss.detach())
