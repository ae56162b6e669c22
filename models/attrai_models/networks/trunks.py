"""The trunks of a scorer (all layers below its heads): input, face alignment and construction of each."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from attrai_estimator.networks.network import Normalization, Template
from torch import Tensor, nn
from torchvision.models import resnet34

from attrai_models.networks.embedder import CHIP_SIDE, DLIB_NORMALIZATION, FEATURE_COUNT, dlib_embedder

FROZEN_BLOCKS = 3
"""First blocks of dlib's trunk that keep their weights, as the stem does: edges and colours serve every task."""


@dataclass(frozen=True, slots=True)
class Trunk:
    """`build` makes a module from crops (n, 3, side, side) to features (n, `features`).

    `margin`: pixels around the crop that augmentation may rotate or shift into view. `imitates_dlib`: training also
    imitates dlib's vectors, on rated and unrated photos.
    """

    name: str
    build: Callable[[], nn.Module]
    features: int
    template: Template
    margin: int
    normalization: Normalization
    imitates_dlib: bool

    @property
    def wide_template(self) -> Template:
        """The template of the crop with its margin."""
        size = self.template.size
        side = size + 2 * self.margin
        points = tuple(
            ((x * size + self.margin) / side, (y * size + self.margin) / side) for x, y in self.template.points
        )
        return Template(f"{self.template.name}+{self.margin}", side, points)

    def normalize(self, crops: Tensor) -> Tensor:
        """Normalize pixels from 0 to 255, (n, 3, side, side), for the network."""
        mean, deviation = (
            torch.tensor(values)[:, None, None] for values in (self.normalization.mean, self.normalization.std)
        )
        return ((crops - mean) / deviation).contiguous(memory_format=torch.channels_last)


def _resnet34() -> nn.Module:
    """torchvision's ResNet34 (He et al. 2015) with random weights."""
    network = resnet34(weights=None)
    network.fc = nn.Identity()
    return network


class DlibTrunk(nn.Module):
    """dlib's network with its weights, for fine-tuning; its features are those of several blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.body = dlib_embedder()
        for frozen in (self.body.stem, *self.body.blocks[:FROZEN_BLOCKS], self.body.vector):
            frozen.requires_grad_(requires_grad=False)

    def forward(self, chips: Tensor) -> Tensor:
        return self.body.block_features(chips).float()  # (n, 704)


RESNET34 = Trunk(
    name="resnet34",
    build=_resnet34,
    features=512,
    template=Template(
        name="portrait-80",
        size=80,
        points=((0.355, 0.42), (0.645, 0.42), (0.5, 0.598), (0.379, 0.728), (0.621, 0.728)),
    ),
    margin=11,
    normalization=Normalization(mean=(110.0, 110.0, 110.0), std=(64.0, 64.0, 64.0)),
    imitates_dlib=True,
)
"""The template is the mean shape of MTCNN's landmarks on both rating sets, made symmetric.

The distance of the eyes is 0.29 of the side, so that the crop contains hair and chin.
"""

DLIB = Trunk(
    name="dlib",
    build=DlibTrunk,
    features=FEATURE_COUNT,
    template=Template(
        name="portrait-150",
        size=CHIP_SIDE,
        points=((0.318, 0.314), (0.669, 0.314), (0.4935, 0.5299), (0.3475, 0.6871), (0.6395, 0.6871)),
    ),
    margin=20,
    normalization=DLIB_NORMALIZATION,
    imitates_dlib=False,
)
"""The same mean shape, with the eyes where dlib's own alignment puts them."""

TRUNKS = {trunk.name: trunk for trunk in (RESNET34, DLIB)}
