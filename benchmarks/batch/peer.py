"""face_recognition's way from a folder's photos to vectors, by dlib itself and the same weights: for a Python that has both.

Its arguments: the folder, and how many of its photos. Prints the CPU seconds of a photo.
"""

import sys
import time
from importlib.util import find_spec
from pathlib import Path

import dlib
import numpy as np
from PIL import Image

ENLARGED = 1
"""As face_recognition.face_locations does by default."""


def main(folder: Path, count: int) -> None:
    """Read, find, locate five landmarks, embed: `face_encodings` with the smaller model of landmarks."""
    package = find_spec("face_recognition_models")
    weights = Path(str(package and package.origin)).parent / "models"
    detector = dlib.get_frontal_face_detector()
    poser = dlib.shape_predictor(str(weights / "shape_predictor_5_face_landmarks.dat"))
    encoder = dlib.face_recognition_model_v1(str(weights / "dlib_face_recognition_resnet_model_v1.dat"))
    paths = sorted(folder.rglob("*.jpg"))
    chosen = paths[:: max(len(paths) // count, 1)][:count]
    start = time.process_time()
    for path in chosen:
        pixels = np.array(Image.open(path).convert("RGB"))
        for box in detector(pixels, ENLARGED):
            encoder.compute_face_descriptor(pixels, poser(pixels, box), 1)
    sys.stdout.write(f"{(time.process_time() - start) / len(chosen)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
