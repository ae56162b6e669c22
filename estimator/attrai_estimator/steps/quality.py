"""Quality: whether a face shows enough for its score to be trusted. docs/decisions explains the limits."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from attrai_estimator.values import Box, Detection, Photo, Quality

MIN_BOX_SIDE = 24.0
"""Pixels of the photo along the box's shorter side."""
MIN_SHARPNESS = 0.035
"""A face blurred by a Gaussian of 3 % of its width has 0.02, one of a sharp photo 0.1 to 1."""
MAX_TURN = 1.3
"""Half an eye distance from the middle of the eyes, 1, is a half profile."""
MAX_OUTSIDE = 0.35
"""Share of the box outside of the photo. All landmarks must be on the photo as well."""
MIN_BRIGHTNESS = 40.0
"""Of 255, for the highlights. The mean would call dark skin in good light dark."""

PATCH_SIZE = (48, 64)
"""Width and height in pixels at which sharpness and brightness are measured: below most faces, about a box's shape."""
HIGHLIGHTS_PERCENTILE = 90


def assess(photo: Photo, detection: Detection) -> Quality:
    """Measure one face and collect the reasons not to trust its score.

    Measures: `side` in pixels, `sharpness` (variance of the Laplacian over that of the grey values), `turn` (distance
    of the nose from the middle of the eyes, along their line, in half eye distances), `outside` (share of the box),
    and `brightness` (90th percentile, 0 to 255).
    """
    box = detection.box
    face = _patch(photo, box)
    measures = {
        "side": min(box.width, box.height),
        "sharpness": sharpness(face),
        "turn": turn(detection.landmarks),
        "outside": outside(box, photo.width, photo.height),
        "brightness": highlights(face),
    }
    found = {
        "too_small": measures["side"] < MIN_BOX_SIDE,
        "blurred": measures["sharpness"] < MIN_SHARPNESS,
        "turned_away": measures["turn"] > MAX_TURN,
        "cut_off": measures["outside"] > MAX_OUTSIDE or not _on_photo(detection.landmarks, photo),
        "too_dark": measures["brightness"] < MIN_BRIGHTNESS,
    }
    return Quality(tuple(reason for reason, holds in found.items() if holds), measures)


def sharpness(grey: NDArray[np.float32]) -> float:
    """Variance of the Laplacian (Pech-Pacheco et al. 2000) over the patch's own, so that contrast cancels out.

    A patch without contrast has 0.
    """
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    laplacian = around - 4 * grey[1:-1, 1:-1]
    return float(laplacian.var() / max(float(grey.var()), 1.0))


def highlights(grey: NDArray[np.float32]) -> float:
    """The grey value that `HIGHLIGHTS_PERCENTILE` percent of the pixels do not exceed."""
    rank = round((grey.size - 1) * HIGHLIGHTS_PERCENTILE / 100)
    return float(np.partition(grey, rank, axis=None)[rank])  # numpy's percentile takes ten times as long


def turn(landmarks: NDArray[np.float32]) -> float:
    """How far the head is turned to a side: 0 from the front, 1 with the nose before an eye; bounded at 10."""
    left, right, nose = landmarks[:3].astype(np.float64)
    eyes = right - left
    offset = (nose - (left + right) / 2) @ eyes
    return min(abs(float(offset)) * 2 / max(float(eyes @ eyes), 1e-9), 10.0)


def outside(box: Box, width: int, height: int) -> float:
    """The share of the box outside of a photo of this size."""
    columns = max(min(box.x1, width) - max(box.x0, 0), 0)
    rows = max(min(box.y1, height) - max(box.y0, 0), 0)
    return 1 - columns * rows / max(box.width * box.height, 1e-9)


def _on_photo(landmarks: NDArray[np.float32], photo: Photo) -> bool:
    return bool(((landmarks >= 0) & (landmarks <= (photo.width, photo.height))).all())


def _patch(photo: Photo, box: Box) -> NDArray[np.float32]:
    """The part of the box that is on the photo, in grey, float32 of shape (64, 48)."""
    columns, rows = photo.image.size
    corners = np.array([[box.x0, box.y0], [box.x1, box.y1]]) * photo.scale
    left, top = np.floor(corners[0]).clip(0, [columns - 1, rows - 1]).astype(int)
    right, bottom = np.ceil(corners[1]).clip([left + 1, top + 1], [columns, rows]).astype(int)
    grey = photo.image.crop((left, top, right, bottom)).convert("L")
    return np.asarray(grey.resize(PATCH_SIZE, Image.Resampling.BILINEAR), dtype=np.float32)
