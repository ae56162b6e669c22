"""dlib's face recognition network as a teacher: 128 numbers for each portrait (King 2017, public domain)."""

from pathlib import Path

import dlib
import numpy as np
from numpy.typing import NDArray

from attrai_models.crops import read_photo
from attrai_models.dlib_file import LANDMARKS, RECOGNITION, packaged
from attrai_models.progress import Progress
from attrai_models.ratings import Portrait

CHIP_SIDE, CHIP_PADDING = 150, 0.25
"""What dlib's network was trained on."""
BOX_SIDE = 2.3
"""Side of the square around the landmarks that dlib's own landmark model expects, in distances of the eyes."""
BATCH = 16


def teach(folder: Path, portraits: list[Portrait], landmarks: NDArray[np.float32], cache: Path) -> NDArray[np.float32]:
    """dlib's descriptors of the portraits, shape (n, 128), once: the result is kept in `cache`."""
    if not cache.exists():
        poser = dlib.shape_predictor(str(packaged(LANDMARKS)))
        network = dlib.face_recognition_model_v1(str(packaged(RECOGNITION)))
        progress, vectors = Progress(cache.stem, len(portraits)), []
        for start in range(0, len(portraits), BATCH):
            chips = []
            for portrait, points in zip(
                portraits[start : start + BATCH], landmarks[start : start + BATCH], strict=True
            ):
                chips.append(_chip(read_photo(folder / portrait.file).pixels, points, poser))
                progress.advance()
            vectors.append(np.array(network.compute_face_descriptor(chips), dtype=np.float32))
        np.save(cache, np.concatenate(vectors))
    return np.asarray(np.load(cache))


def _chip(pixels: NDArray[np.uint8], landmarks: NDArray[np.float32], poser: dlib.shape_predictor) -> NDArray[np.uint8]:
    centre = landmarks.mean(axis=0)
    half = BOX_SIDE * np.hypot(*(landmarks[1] - landmarks[0])) / 2
    corners = [round(float(c)) for c in (*(centre - half), *(centre + half))]
    shape = poser(pixels, dlib.rectangle(*corners))
    chip: NDArray[np.uint8] = dlib.get_face_chip(pixels, shape, CHIP_SIDE, CHIP_PADDING)
    return chip
