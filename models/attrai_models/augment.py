"""Changes of a crop that would not change a person's rating: mirrored, moved, lit or focused a little differently."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from attrai_models.crops import MARGIN, SCORER_TEMPLATE

CROP_PART = SCORER_TEMPLATE.size / (SCORER_TEMPLATE.size + 2 * MARGIN)
"""The part of a wide crop's side that the estimator's own crop takes."""
PIXEL_MEAN, PIXEL_DEVIATION = 110.0, 64.0
"""Of the crops' pixels; one number for the three channels, since light differs more than they do."""
TURN, ZOOM, SHIFT = 8.0, 0.08, 0.04
"""At most: degrees, part of the size, part of the crop's side."""
LIGHT, CONTRAST, COLOUR = 0.2, 0.2, 0.3
BLURRED, COARSEST = 0.3, 0.45
"""The part of the crops that lose detail, and the least part of their side that they are reduced to."""
GREY = 0.05


def augmented(pixels: Tensor, side: int, draw: torch.Generator) -> Tensor:
    """Turn wide crops, uint8 (n, 3, wide, wide), into floats (n, 3, side, side) from 0 to 255.

    All chance comes from `draw`.
    """
    wide = functional.grid_sample(
        pixels.float(), _grid(len(pixels), side, draw), mode="bilinear", padding_mode="zeros", align_corners=False
    )
    return _lit(_blurred(wide, draw), draw)


def centred(pixels: Tensor, side: int) -> Tensor:
    """The estimator's own crop of wide crops, resized to `side`: what inference sees."""
    wide = pixels.shape[-1]
    margin = round(wide * (1 - CROP_PART) / 2)
    inner = pixels[:, :, margin : wide - margin, margin : wide - margin].float()
    if inner.shape[-1] == side:
        return inner
    return functional.interpolate(inner, (side, side), mode="bilinear", antialias=True, align_corners=False)


def normalized(crops: Tensor) -> Tensor:
    """Pixels from 0 to 255 as the network takes them."""
    return ((crops - PIXEL_MEAN) / PIXEL_DEVIATION).contiguous(memory_format=torch.channels_last)


def _uniform(n: int, most: float, draw: torch.Generator) -> Tensor:
    return (torch.rand(n, generator=draw) * 2 - 1) * most


def _grid(n: int, side: int, draw: torch.Generator) -> Tensor:
    angle = _uniform(n, math.radians(TURN), draw)
    scale = CROP_PART * (1 + _uniform(n, ZOOM, draw))
    mirror = torch.randint(0, 2, (n,), generator=draw) * 2.0 - 1
    cos, sin = angle.cos() * scale, angle.sin() * scale
    across = torch.stack([cos * mirror, -sin, _uniform(n, 2 * SHIFT, draw)], dim=1)
    down = torch.stack([sin * mirror, cos, _uniform(n, 2 * SHIFT, draw)], dim=1)
    return functional.affine_grid(torch.stack([across, down], dim=1), [n, 3, side, side], align_corners=False)


def _blurred(crops: Tensor, draw: torch.Generator) -> Tensor:
    """Some crops, as if the face had been smaller on its photo."""
    chosen = torch.rand(len(crops), generator=draw) < BLURRED
    if not chosen.any():
        return crops
    side = crops.shape[-1]
    part = COARSEST + (1 - COARSEST) * torch.rand(1, generator=draw).item()
    small = functional.interpolate(
        crops[chosen], scale_factor=part, mode="bilinear", antialias=True, align_corners=False
    )
    crops[chosen] = functional.interpolate(small, (side, side), mode="bilinear")
    return crops


def _lit(crops: Tensor, draw: torch.Generator) -> Tensor:
    n = len(crops)
    grey = crops.mean(dim=1, keepdim=True)
    colour = 1 + _uniform(n, COLOUR, draw)
    colour = torch.where(torch.rand(n, generator=draw) < GREY, torch.zeros(n), colour)
    crops = grey + (crops - grey) * colour[:, None, None, None]
    middle = crops.mean(dim=(1, 2, 3), keepdim=True)
    crops = middle + (crops - middle) * (1 + _uniform(n, CONTRAST, draw))[:, None, None, None]
    return (crops * (1 + _uniform(n, LIGHT, draw))[:, None, None, None]).clamp(0, 255)
