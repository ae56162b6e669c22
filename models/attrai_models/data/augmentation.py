"""Augmentation of face crops: changes of position, light and focus that would not change a person's rating."""

import math

import torch
from torch import Tensor
from torch.nn import functional

MAX_ROTATION_DEGREES = 8.0
MAX_ZOOM = 0.08
"""A share of the size."""
MAX_SHIFT = 0.04
"""A share of the crop's side."""
MAX_BRIGHTNESS_CHANGE, MAX_CONTRAST_CHANGE, MAX_SATURATION_CHANGE = 0.2, 0.2, 0.3
BLUR_SHARE = 0.3
"""The share of crops that lose detail."""
MIN_BLUR_SCALE = 0.45
"""The smallest scale to which such a crop is reduced and enlarged again."""
GREY_SHARE = 0.05


def augment(pixels: Tensor, margin: int, side: int, draw: torch.Generator) -> Tensor:
    """Turn wide crops, uint8 (n, 3, wide, wide), into floats (n, 3, side, side) from 0 to 255.

    `margin`: pixels on each side of a wide crop around the estimator's crop. `draw` is the only source of chance.
    """
    part = 1 - 2 * margin / pixels.shape[-1]
    moved = functional.grid_sample(
        pixels.float(), _grid(len(pixels), part, side, draw), mode="bilinear", padding_mode="zeros", align_corners=False
    )
    return _relit(_blurred(moved, draw), draw)


def center_crop(pixels: Tensor, margin: int, side: int) -> Tensor:
    """The estimator's crop from the middle of wide crops, resized to `side`: the input of inference."""
    wide = pixels.shape[-1]
    inner = pixels[:, :, margin : wide - margin, margin : wide - margin].float()
    if inner.shape[-1] == side:
        return inner
    return functional.interpolate(inner, (side, side), mode="bilinear", antialias=True, align_corners=False)


def _uniform(n: int, most: float, draw: torch.Generator) -> Tensor:
    return (torch.rand(n, generator=draw) * 2 - 1) * most


def _grid(n: int, part: float, side: int, draw: torch.Generator) -> Tensor:
    angle = _uniform(n, math.radians(MAX_ROTATION_DEGREES), draw)
    scale = part * (1 + _uniform(n, MAX_ZOOM, draw))
    mirror = torch.randint(0, 2, (n,), generator=draw) * 2.0 - 1
    cos, sin = angle.cos() * scale, angle.sin() * scale
    across = torch.stack([cos * mirror, -sin, _uniform(n, 2 * MAX_SHIFT, draw)], dim=1)
    down = torch.stack([sin * mirror, cos, _uniform(n, 2 * MAX_SHIFT, draw)], dim=1)
    return functional.affine_grid(torch.stack([across, down], dim=1), [n, 3, side, side], align_corners=False)


def _blurred(crops: Tensor, draw: torch.Generator) -> Tensor:
    """Reduce the detail of some crops, as if the face had been smaller on its photo."""
    chosen = torch.rand(len(crops), generator=draw) < BLUR_SHARE
    if not chosen.any():
        return crops
    side = crops.shape[-1]
    scale = MIN_BLUR_SCALE + (1 - MIN_BLUR_SCALE) * torch.rand(1, generator=draw).item()
    small = functional.interpolate(
        crops[chosen], scale_factor=scale, mode="bilinear", antialias=True, align_corners=False
    )
    crops[chosen] = functional.interpolate(small, (side, side), mode="bilinear")
    return crops


def _relit(crops: Tensor, draw: torch.Generator) -> Tensor:
    n = len(crops)
    grey = crops.mean(dim=1, keepdim=True)
    saturation = 1 + _uniform(n, MAX_SATURATION_CHANGE, draw)
    saturation = torch.where(torch.rand(n, generator=draw) < GREY_SHARE, torch.zeros(n), saturation)
    crops = grey + (crops - grey) * saturation[:, None, None, None]
    middle = crops.mean(dim=(1, 2, 3), keepdim=True)
    crops = middle + (crops - middle) * (1 + _uniform(n, MAX_CONTRAST_CHANGE, draw))[:, None, None, None]
    return (crops * (1 + _uniform(n, MAX_BRIGHTNESS_CHANGE, draw))[:, None, None, None]).clamp(0, 255)
