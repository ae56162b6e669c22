"""The proposal network: half of the multiply-adds that MTCNN's own takes at every fourth pixel, and a better guess."""

import torch
from torch import Tensor, nn

PROPOSAL_CHANNELS = (16, 16, 32)
"""Of its three layers; MTCNN's has 10, 16 and 32, of which the first looks at every pixel."""
OFFSETS, PROBABILITIES = 4, 2


class Proposal(nn.Module):
    """Sees 12x12 pixels at every fourth, as `attrai_estimator.steps.sheet` lays them out: (n, 3, h, w) to maps of (h - 8) / 4 cells.

    Its layers look without borders, so that a cell's value depends on its 12x12 pixels alone.
    """

    def __init__(self) -> None:
        super().__init__()
        first, second, third = PROPOSAL_CHANNELS
        self.layers = nn.Sequential(
            nn.Conv2d(3, first, 4, stride=2),  # sees 4 pixels, every second
            nn.ReLU(),
            nn.Conv2d(first, second, 3, stride=2),  # 8, every fourth
            nn.ReLU(),
            nn.Conv2d(second, third, 2),  # 12
            nn.ReLU(),
        )
        self.offsets = nn.Conv2d(third, OFFSETS, 1)
        self.logits = nn.Conv2d(third, PROBABILITIES, 1)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Offsets (n, 4, rows, columns) in units of the side of a cell's box; probabilities (n, 2, rows, columns) of no face, of one."""
        offsets, logits = self.offsets_and_logits(pixels)
        return offsets, torch.softmax(logits, dim=1)

    def offsets_and_logits(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """The same, the probabilities as logits."""
        seen = self.layers(pixels)
        return self.offsets(seen), self.logits(seen)
