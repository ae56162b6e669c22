"""The contestant: facenet-pytorch's MTCNN with torchvision's ResNet34, as they come, or (arguments `best` and a precision) at their best.

At their best: the photo shrunk so that the smallest face sought has MTCNN's 12 px, and a ResNet34 in bfloat16 where the processor has it.
"""

import io
import sys
from dataclasses import dataclass

import numpy as np
import torch
from attrai_estimator.networks.processor import multiplies_bfloat16
from facenet_pytorch import MTCNN
from PIL import Image, ImageDraw
from torch import nn
from torchvision.models import resnet34

from benchmarks.estimator.answers import PICTURE_TASK, Answer, serve
from benchmarks.estimator.photos import smallest_face

CROP = 112
"""Pixels of the crops that ResNet34 scores; fewer than MTCNN's default of 160, in the peer's favour."""
CELL = 12
"""Pixels of the smallest face that MTCNN's first network can see."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Detector and scorer; `shrinks`: photos are shrunk by a whole number before."""

    detector: MTCNN
    scorer: nn.Module
    dtype: torch.dtype
    shrinks: bool

    def __call__(self, data: bytes) -> Answer:
        """From a photo's file to the annotated picture's."""
        photo = Image.open(io.BytesIO(data)).convert("RGB")
        times = int(smallest_face(*photo.size) / CELL) if self.shrinks else 1
        small = photo.reduce(times) if times > 1 else photo
        boxes, probabilities, _ = self.detector.detect(small, landmarks=True)
        if boxes is None:
            return Answer([], [])
        with torch.inference_mode():
            crops = self.detector.extract(small, boxes, None).to(self.dtype)
            self.scorer(crops.contiguous(memory_format=torch.channels_last))
        boxes = np.asarray(boxes, dtype=float) * times
        draw = ImageDraw.Draw(photo)
        for box in boxes.tolist():
            draw.rectangle(box, outline=(255, 0, 0), width=3)
        photo.save(io.BytesIO(), "JPEG", quality=90)
        return Answer([tuple(box) for box in boxes.tolist()], [float(one) for one in probabilities])


def main(*, best: bool, bfloat16: bool) -> None:
    """Serve until the input ends."""
    torch.set_num_threads(1)
    dtype = torch.bfloat16 if bfloat16 else torch.float32
    detector = MTCNN(keep_all=True, min_face_size=CELL if best else 20, image_size=CROP)
    scorer = resnet34(num_classes=1).eval().to(dtype).to(memory_format=torch.channels_last)
    serve({PICTURE_TASK: Pair(detector, scorer, dtype, best)})


if __name__ == "__main__":
    main(best="best" in sys.argv[1:], bfloat16="native" in sys.argv[1:] and multiplies_bfloat16())
