"""A process of its own: the same crops on OpenVINO and on torch in float32; prints how far scores and embeddings are apart.

Arguments: the precision, then photos.
"""

import json
import sys
from pathlib import Path

from attrai_estimator.threads import use_one_thread

use_one_thread()

import numpy as np  # noqa: E402
import torch  # noqa: E402
from attrai_estimator.networks import load_networks  # noqa: E402
from attrai_estimator.networks.openvino_runtime import Precision  # noqa: E402
from attrai_estimator.settings import WORKSPACE_MODELS  # noqa: E402
from attrai_estimator.steps.align import align  # noqa: E402
from attrai_estimator.steps.decode import decode  # noqa: E402
from attrai_estimator.steps.detect import detect  # noqa: E402
from attrai_estimator.steps.embed import embed  # noqa: E402
from attrai_estimator.steps.score import score  # noqa: E402


def main(precision: Precision, files: list[Path]) -> None:
    """Print one line of JSON."""
    torch.set_num_threads(1)
    ours = load_networks(WORKSPACE_MODELS, embed=True, precision=precision)
    reference = load_networks(WORKSPACE_MODELS, "torch", embed=True)
    scores, cosines = [], []
    for file in files:
        photo = decode(file.read_bytes())
        found = detect(photo, ours.detector)
        if not found or ours.embedder is None or reference.embedder is None:
            continue
        crops = align(photo, found, ours.scorer.template)
        scores.append(np.abs(score(crops, ours.scorer) - score(crops, reference.scorer)))
        crops = align(photo, found, ours.embedder.template)
        a, b = (embed(crops, embedder).astype(np.float64) for embedder in (ours.embedder, reference.embedder))
        cosines.append((a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1))
    apart, cosine = np.concatenate(scores), np.concatenate(cosines)
    line = {
        "faces": len(apart),
        "score, median": float(np.median(apart)),
        "score, 99th percentile": float(np.quantile(apart, 0.99)),
        "score, most": float(apart.max()),
        "cosine, median": float(np.median(cosine)),
        "cosine, least": float(cosine.min()),
    }
    sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main("f32" if sys.argv[1] == "f32" else "native", [Path(file) for file in sys.argv[2:]])
