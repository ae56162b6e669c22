"""The frozen values that pass between the steps. Coordinates are pixels of the upright, full-size photo."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
"""RGB, shape (height, width, 3)."""
MAX_FILE_BYTES = 300_000_000
"""The largest photo file. The largest picture that decoding accepts has 288 MB without compression."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A decoded photo, turned upright.

    `image` may be smaller than `width` x `height`: a large photo is decoded at a fraction of its size. `scale` maps the
    photo to the image. No step changes the image.
    """

    image: Image.Image
    width: int
    height: int

    @property
    def pixels(self) -> Pixels:
        """The image as an array, a copy."""
        return np.asarray(self.image)

    @property
    def scale(self) -> float:
        """Pixels of the image for each pixel of the photo, at most 1."""
        return float(self.image.width) / self.width


@dataclass(frozen=True, slots=True)
class Box:
    """A bounding box; (x0, y0) is the upper left corner. It may extend beyond the photo."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0


@dataclass(frozen=True, slots=True)
class Detection:
    """One detected face.

    `landmarks`: shape (5, 2), x and y of left eye, right eye, nose, left and right mouth corner, as seen by the viewer.
    `probability`: O-Net's, 0 to 1.
    """

    box: Box
    landmarks: NDArray[np.float32]
    probability: float


@dataclass(frozen=True, slots=True)
class Quality:
    """Whether a face's score can be trusted: it can if `reasons` is empty.

    Each reason is a code, for which the bot has a sentence: `too_small`, `blurred`, `turned_away`, `cut_off`,
    `too_dark`.
    `measures` are the numbers behind them: `side`, `sharpness`, `turn`, `outside`, `brightness`, see `steps.quality`.
    """

    reasons: tuple[str, ...] = ()
    measures: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Face:
    """A detection with its score (1 to 10), its quality and perhaps its embedding (128 numbers)."""

    detection: Detection
    score: float
    quality: Quality = field(default_factory=Quality)
    embedding: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """All faces of one photo from left to right, the annotated picture (JPEG bytes) and the seconds of each step."""

    width: int
    height: int
    faces: tuple[Face, ...]
    picture: bytes
    seconds: dict[str, float]
