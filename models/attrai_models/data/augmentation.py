"""Changes of a crop that would not change a person's rating: mirrored, moved, lit or focused a little differently."""

import math

import torch
from torch import Tensor
from torch.nn import functional

MAX_ROTATION_DEGREES, MAX_ZOOM, MAX_SHIFT = 8.0, 0.08, 0.04
"""At most: degrees, part of the size, part of the crop's side."""
MAX_BRIGHTNESS_CHANGE, MAX_CONTRAST_CHANGE, MAX_SATURATION_CHANGE = 0.2, 0.2, 0.3
BLUR_PROBABILITY, MIN_BLUR_SCALE = 0.3, 0.45
"""The part of the crops that lose detail, and the least part of their side that they are reduced to."""
GREYSCALE_PROBABILITY = 0.05


def augment(pixels: Tensor, margin: int, side: int, draw: torch.Generator) -> Tensor:
    """Turn wide crops, uint8 (n, 3, wide, wide), into floats (n, 3, side, side) from 0 to 255.

    `margin` is what a wide crop has on each side around the estimator's own. All chance comes from `draw`.
    """
    part = 1 - 2 * margin / pixels.shape[-1]
    moved = functional.grid_sample(
        pixels.float(), _grid(len(pixels), part, side, draw), mode="bilinear", padding_mode="zeros", align_corners=False
    )
    return _lit(_blurred(moved, draw), draw)


def center_crop(pixels: Tensor, margin: int, side: int) -> Tensor:
    """The estimator's own crop of wide crops, resized to `side`: what inference sees."""
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
    """Some crops, as if the face had been smaller on its photo."""
    chosen = torch.rand(len(crops), generator=draw) < BLUR_PROBABILITY
    if not chosen.any():
        return crops
    side = crops.shape[-1]
    part = MIN_BLUR_SCALE + (1 - MIN_BLUR_SCALE) * torch.rand(1, generator=draw).item()
    small = functional.interpolate(
        crops[chosen], scale_factor=part, mode="bilinear", antialias=True, align_corners=False
    )
    crops[chosen] = functional.interpolate(small, (side, side), mode="bilinear")
    return crops


def _lit(crops: Tensor, draw: torch.Generator) -> Tensor:
    n = len(crops)
    grey = crops.mean(dim=1, keepdim=True)
    colour = 1 + _uniform(n, MAX_SATURATION_CHANGE, draw)
    colour = torch.where(torch.rand(n, generator=draw) < GREYSCALE_PROBABILITY, torch.zeros(n), colour)
    crops = grey + (crops - grey) * colour[:, None, None, None]
    middle = crops.mean(dim=(1, 2, 3), keepdim=True)
    crops = middle + (crops - middle) * (1 + _uniform(n, MAX_CONTRAST_CHANGE, draw))[:, None, None, None]
    return (crops * (1 + _uniform(n, MAX_BRIGHTNESS_CHANGE, draw))[:, None, None, None]).clamp(0, 255)
