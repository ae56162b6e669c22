"""Compares our scores and embeddings with torch's in float32. It runs as a separate process.

On the same crops, the runtime and its precision cause the difference. End to end, the reference uses the landmarks of
facenet-pytorch's MTCNN, so our detector adds to the difference. Two faces are the same at an IoU of at least 0.7.
Arguments: the precision, then photos.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from attrai_estimator.process import use_one_thread

use_one_thread()

import numpy as np  # noqa: E402
import torch  # noqa: E402
from attrai_estimator.networks import Networks, load_networks  # noqa: E402
from attrai_estimator.networks.openvino_runtime import Precision  # noqa: E402
from attrai_estimator.settings import WORKSPACE_MODELS  # noqa: E402
from attrai_estimator.steps.align import align  # noqa: E402
from attrai_estimator.steps.decode import decode  # noqa: E402
from attrai_estimator.steps.detect import detect  # noqa: E402
from attrai_estimator.steps.embed import embed  # noqa: E402
from attrai_estimator.steps.score import score  # noqa: E402
from attrai_estimator.values import Box, Detection, Photo  # noqa: E402
from facenet_pytorch import MTCNN  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from benchmarks.estimator.detection_agreement import SAME_FACE_IOU, largest_overlap  # noqa: E402

Outputs = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Scores, shape (n,), and embeddings, shape (n, 128), of n faces."""
Differences = tuple[NDArray[np.float64], NDArray[np.float64]]
"""The differences of scores and the cosines of embeddings, shape (n,) each."""


def main(precision: Precision, files: list[Path]) -> None:
    """Print one line of JSON for the same crops and one for end to end."""
    torch.set_num_threads(1)
    ours = load_networks(WORKSPACE_MODELS, embed=True, precision=precision)
    reference = load_networks(WORKSPACE_MODELS, "torch", embed=True)
    stock = MTCNN(keep_all=True, min_face_size=20)
    same_crops, end_to_end = [], []
    for file in files:
        photo = decode(file.read_bytes())
        found = detect(photo, ours.detector)
        mine = _outputs(photo, found, ours)
        same_crops.append(_differences(mine, _outputs(photo, found, reference)))
        theirs = list(_stock_detections(photo, stock))
        pairs = _same_faces(found, theirs)
        chosen = [each[[one for one, _ in pairs]] for each in mine]
        end_to_end.append(
            _differences((chosen[0], chosen[1]), _outputs(photo, [theirs[b] for _, b in pairs], reference))
        )
    for what in (same_crops, end_to_end):
        sys.stdout.write(json.dumps(_summary(what)) + "\n")


def _summary(each_photo: Sequence[Differences]) -> dict[str, float]:
    scores, cosines = (np.concatenate(each) for each in zip(*each_photo, strict=True))
    return {
        "faces": len(scores),
        "score, median": float(np.median(scores)),
        "score, 99th percentile": float(np.quantile(scores, 0.99)),
        "score, most": float(scores.max()),
        "cosine, median": float(np.median(cosines)),
        "cosine, least": float(cosines.min()),
    }


def _outputs(photo: Photo, found: Sequence[Detection], networks: Networks) -> Outputs:
    if networks.embedder is None:
        raise ValueError("these networks were loaded without an embedder")
    scores = score(align(photo, found, networks.scorer.template), networks.scorer)
    return scores, embed(align(photo, found, networks.embedder.template), networks.embedder)


def _differences(mine: Outputs, theirs: Outputs) -> Differences:
    a, b = (numbers[1].astype(np.float64) for numbers in (mine, theirs))
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.abs(mine[0].astype(np.float64) - theirs[0]), (a * b).sum(axis=1) / lengths


def _stock_detections(photo: Photo, stock: MTCNN) -> Iterator[Detection]:
    """Detections of the stock detector on the decoded photo, in pixels of the original photo."""
    boxes, probabilities, landmarks = stock.detect(photo.image, landmarks=True)
    if boxes is None:
        return
    for box, probability, points in zip(boxes / photo.scale, probabilities, landmarks / photo.scale, strict=True):
        yield Detection(Box(*map(float, box)), points.astype(np.float32), float(probability))


def _same_faces(found: Sequence[Detection], theirs: Sequence[Detection]) -> list[tuple[int, int]]:
    """Index pairs of our detections and the stock detections of the same faces."""
    boxes = [_corners(one) for one in theirs]
    pairs = [(number, largest_overlap(_corners(one), boxes)) for number, one in enumerate(found)]
    return [(number, place) for number, (place, overlap) in pairs if overlap >= SAME_FACE_IOU]


def _corners(found: Detection) -> tuple[float, float, float, float]:
    return found.box.x0, found.box.y0, found.box.x1, found.box.y1


if __name__ == "__main__":
    main("f32" if sys.argv[1] == "f32" else "native", [Path(file) for file in sys.argv[2:]])
