"""Real faces for the tests: scikit-image's portrait of an astronaut (NASA, public domain), and variations of it."""

from collections.abc import Sequence

import numpy as np
from attrai_estimator.networks.load import load_detector
from attrai_estimator.networks.network import Template
from attrai_estimator.settings import WORKSPACE_MODELS
from attrai_estimator.steps.align import align
from attrai_estimator.steps.detect import detect
from attrai_estimator.values import Photo, Pixels
from PIL import Image, ImageEnhance, ImageOps
from skimage import data


def portrait() -> Image.Image:
    """512x512 pixels, one face."""
    return Image.fromarray(data.astronaut())


def variations() -> Sequence[Image.Image]:
    """The portrait unchanged, mirrored, dark, rotated and coarse."""
    face = portrait()
    return (
        face,
        ImageOps.mirror(face),
        ImageEnhance.Brightness(face).enhance(0.4),
        face.rotate(15, Image.Resampling.BICUBIC),
        face.resize((128, 128)).resize((512, 512)),
    )


def photo_of(image: Image.Image) -> Photo:
    """The picture as a decoded photo."""
    return Photo(image, *image.size)


def crops_of(template: Template) -> Pixels:
    """The most probable face of each variation, cropped for a network."""
    detector, crops = load_detector(WORKSPACE_MODELS), []
    for image in variations():
        photo = photo_of(image)
        face = max(detect(photo, detector), key=lambda found: found.probability)
        crops.append(align(photo, [face], template)[0])
    return np.stack(crops)
