"""The contestant that repeats face_recognition 1.3's steps with dlib and the same weights.

Its argument is the number of enlargements before detection. face_recognition's default is one.
"""

import io
import sys

import dlib
import numpy as np
from attrai_models.networks.dlib_file import packaged_file
from PIL import Image

from benchmarks.estimator.answers import VECTOR_TASK, Answer, serve


def main(enlargements: int) -> None:
    """Serve until the input ends."""
    detector = dlib.get_frontal_face_detector()
    poser = dlib.shape_predictor(str(packaged_file("shape_predictor_5_face_landmarks.dat")))
    encoder = dlib.face_recognition_model_v1(str(packaged_file("dlib_face_recognition_resnet_model_v1.dat")))

    def vector(data: bytes) -> Answer:
        pixels = np.array(Image.open(io.BytesIO(data)).convert("RGB"))
        found = detector(pixels, enlargements)
        for box in found:
            np.array(encoder.compute_face_descriptor(pixels, poser(pixels, box), 1))
        return Answer([(box.left(), box.top(), box.right(), box.bottom()) for box in found], [1.0] * len(found))

    serve({VECTOR_TASK: vector})


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
