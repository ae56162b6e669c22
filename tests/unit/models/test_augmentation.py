"""Augmentation: inference uses the middle of a wide crop, training something near it."""

import pytest
import torch
from attrai_models.data.augmentation import augment, center_crop
from attrai_models.networks.trunks import RESNET34

pytestmark = pytest.mark.torch

MARGIN, SIDE = RESNET34.margin, RESNET34.template.size


def wide(count: int) -> torch.Tensor:
    draw = torch.Generator().manual_seed(1)
    coarse = torch.rand(count, 3, 9, 9, generator=draw) * 255
    size = (SIDE + 2 * MARGIN, SIDE + 2 * MARGIN)
    return torch.nn.functional.interpolate(coarse, size, mode="bilinear").to(torch.uint8)


def test_the_middle_of_a_wide_crop_is_the_crop() -> None:
    pixels = wide(2)
    assert torch.equal(center_crop(pixels, MARGIN, SIDE), pixels[:, :, MARGIN:-MARGIN, MARGIN:-MARGIN].float())


def test_the_generator_is_the_only_source_of_chance() -> None:
    pixels = wide(3)
    first, second = (augment(pixels, MARGIN, 64, torch.Generator().manual_seed(7)) for _ in range(2))
    assert torch.equal(first, second)
    assert not torch.equal(first, augment(pixels, MARGIN, 64, torch.Generator().manual_seed(8)))


def test_augmented_crops_still_resemble_their_own_crop() -> None:
    """Half of them are mirrored. Each is nearest to its own crop or that crop's mirror image."""
    pixels = wide(8)
    changed = augment(pixels, MARGIN, SIDE, torch.Generator().manual_seed(3))
    assert changed.min() >= 0
    assert changed.max() <= 255
    plain = center_crop(pixels, MARGIN, SIDE)
    apart = torch.minimum(_distances(changed, plain), _distances(changed, plain.flip(3)))
    assert apart.argmin(dim=1).tolist() == list(range(8))


def _distances(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    a, b = (x - x.mean(dim=(1, 2, 3), keepdim=True) for x in (a, b))
    return torch.cdist(a.flatten(1), b.flatten(1))
