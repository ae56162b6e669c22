"""The contestant that runs facenet-pytorch's MTCNN and torchvision's ResNet34.

Without arguments it uses the default settings. The arguments `best` and a precision select the best settings.
These shrink the photo until the smallest required face has MTCNN's 12 px.
ResNet34 then uses bfloat16 if the processor supports it and the precision is native.
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

CROP_PX = 112
"""Pixels of the crops that ResNet34 scores; fewer than MTCNN's default of 160, in the peer's favour."""
MTCNN_INPUT_PX = 12
"""Pixels of the smallest face that MTCNN's first network can see."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Detector and scorer. With `downscale`, photos first shrink by an integer factor."""

    detector: MTCNN
    scorer: nn.Module
    dtype: torch.dtype
    downscale: bool

    def __call__(self, data: bytes) -> Answer:
        """Detect, score and annotate the faces of a photo file."""
        photo = Image.open(io.BytesIO(data)).convert("RGB")
        factor = int(smallest_face(*photo.size) / MTCNN_INPUT_PX) if self.downscale else 1
        small = photo.reduce(factor) if factor > 1 else photo
        boxes, probabilities, _ = self.detector.detect(small, landmarks=True)
        if boxes is None:
            return Answer([], [])
        with torch.inference_mode():
            crops = self.detector.extract(small, boxes, None).to(self.dtype)
            self.scorer(crops.contiguous(memory_format=torch.channels_last))
        boxes = np.asarray(boxes, dtype=float) * factor
        draw = ImageDraw.Draw(photo)
        for box in boxes.tolist():
            draw.rectangle(box, outline=(255, 0, 0), width=3)
        photo.save(io.BytesIO(), "JPEG", quality=90)
        return Answer([tuple(box) for box in boxes.tolist()], [float(one) for one in probabilities])


def main(*, best: bool, bfloat16: bool) -> None:
    """Serve until the input ends."""
    torch.set_num_threads(1)
    dtype = torch.bfloat16 if bfloat16 else torch.float32
    detector = MTCNN(keep_all=True, min_face_size=MTCNN_INPUT_PX if best else 20, image_size=CROP_PX)
    scorer = resnet34(num_classes=1).eval().to(dtype).to(memory_format=torch.channels_last)
    serve({PICTURE_TASK: Pair(detector, scorer, dtype, best)})


if __name__ == "__main__":
    main(best="best" in sys.argv[1:], bfloat16="native" in sys.argv[1:] and multiplies_bfloat16())
