"""The proposal network: the first of face detection, with half of the multiply-adds of MTCNN's own."""

import torch
from torch import Tensor, nn

PROPOSAL_CHANNELS = (16, 16, 32)
"""Of the three layers. MTCNN's have 10, 16 and 32, and its first layer looks at every pixel."""
OFFSET_CHANNELS, PROBABILITY_CHANNELS = 4, 2


class Proposal(nn.Module):
    """Looks at 12x12 pixels in steps of 4: from pixels (n, 3, h, w) to maps of (h - 8) / 4 by (w - 8) / 4 cells.

    `attrai_estimator.steps.atlas` lays out the pixels. The layers use no padding, so that a cell depends on its
    12x12 pixels alone.
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
        self.offsets = nn.Conv2d(third, OFFSET_CHANNELS, 1)
        self.logits = nn.Conv2d(third, PROBABILITY_CHANNELS, 1)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Offsets (n, 4, rows, columns) in sides of a cell's box; probabilities (n, 2, rows, columns)."""
        offsets, logits = self.offsets_and_logits(pixels)
        return offsets, torch.softmax(logits, dim=1)

    def offsets_and_logits(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """The same, with logits in place of probabilities."""
        features = self.layers(pixels)
        return self.offsets(features), self.logits(features)
