"""The embedder: dlib's face recognition network (King 2017), a ResNet with 29 convolutions, rebuilt for its weights.

As in dlib, a strided layer has no padding, and a shortcut is added to what it goes round by zeros where one is larger.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from attrai_models.networks.dlib_file import AFFINE, CONVOLUTION, LINEAR, DlibLayer, MalformedDlibFile

CHIP_SIDE = 150
BLOCK_CHANNELS = (32, 32, 32, 64, 64, 64, 64, 128, 128, 128, 256, 256, 256, 256)
"""Channels of each block; a block that is wider than the one before, and the last, halves the picture."""
VECTOR_SIZE = 128
FEATURE_BLOCKS = (6, 9, 12, 13)
"""Blocks whose outputs, averaged over the picture, say more together than the last one alone; see experiments.md."""
FEATURE_COUNT = sum(BLOCK_CHANNELS[place] for place in FEATURE_BLOCKS)


class ResidualBlock(nn.Module):
    """Two convolutions with a way round them, which is averaged where the first one halves the picture."""

    def __init__(self, channels: int, width: int, *, halves: bool) -> None:
        super().__init__()
        stride, padding = (2, 0) if halves else (1, 1)
        self.first = nn.Conv2d(channels, width, 3, stride, padding)
        self.second = nn.Conv2d(width, width, 3, 1, 1)
        self.shortcut = nn.AvgPool2d(2) if halves else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        shortcut = self.shortcut(x)
        around = self.second(self.first(x).relu())
        return add_padded(around, shortcut).relu()


class DlibEmbedder(nn.Module):
    """Chips (n, 3, 150, 150), normalized, to vectors (n, 128); two of one person are less than about 0.6 apart."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, BLOCK_CHANNELS[0], 7, stride=2)
        self.blocks = nn.Sequential(*_blocks())
        self.vector = nn.Linear(BLOCK_CHANNELS[-1], VECTOR_SIZE, bias=False)

    def features(self, chips: Tensor) -> Tensor:
        """What the vector is made of, shape (n, 256)."""
        x = functional.max_pool2d(self.stem(chips).relu(), 3, 2)  # (n, 32, 35, 35)
        return self.blocks(x).mean(dim=(2, 3))

    def level_features(self, chips: Tensor) -> Tensor:
        """What the blocks of `LEVELS` see, shape (n, `DEPTH`); the last 256 numbers are `features`."""
        x, seen = functional.max_pool2d(self.stem(chips).relu(), 3, 2), []
        for place, block in enumerate(self.blocks):
            x = block(x)
            if place in FEATURE_BLOCKS:
                seen.append(x.mean(dim=(2, 3)))
        return torch.cat(seen, dim=1)

    def forward(self, chips: Tensor) -> Tensor:
        vector: Tensor = self.vector(self.features(chips))
        return vector


def add_padded(a: Tensor, b: Tensor) -> Tensor:
    """Sum of two batches of feature maps, the smaller one filled up with zeros at the end of each dimension."""
    sizes = [max(sides) for sides in zip(a.shape[1:], b.shape[1:], strict=True)]
    return _filled(a, sizes) + _filled(b, sizes)


def _filled(x: Tensor, sizes: list[int]) -> Tensor:
    missing = [int(size - side) for size, side in zip(sizes, x.shape[1:], strict=True)]
    if not any(missing):
        return x
    return functional.pad(x, (0, missing[2], 0, missing[1], 0, missing[0]))


def _blocks() -> Iterator[ResidualBlock]:
    for i, (channels, width) in enumerate(pairwise((BLOCK_CHANNELS[0], *BLOCK_CHANNELS))):
        yield ResidualBlock(channels, width, halves=width > channels or i == len(BLOCK_CHANNELS) - 1)


def load_dlib_weights(embedder: DlibEmbedder, layers: Iterator[DlibLayer]) -> None:
    """Fill in dlib's weights, each affine layer folded into the convolution before it.

    Raises `MalformedFile` when the layers are not those of this network.
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
