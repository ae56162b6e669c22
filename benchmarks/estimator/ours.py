"""The contestant that runs Attrai's pipeline. Its argument is the precision; see `networks.openvino_runtime`."""

import sys

from attrai_estimator.process import keep_freed_memory, use_one_thread

use_one_thread()
keep_freed_memory()

from attrai_estimator.networks import Networks, load_networks  # noqa: E402
from attrai_estimator.networks.load import load_embedder  # noqa: E402
from attrai_estimator.networks.network import EmbeddingNetwork  # noqa: E402
from attrai_estimator.networks.openvino_runtime import Precision  # noqa: E402
from attrai_estimator.pipeline import estimate  # noqa: E402
from attrai_estimator.settings import WORKSPACE_MODELS  # noqa: E402
from attrai_estimator.steps.align import align  # noqa: E402
from attrai_estimator.steps.decode import decode  # noqa: E402
from attrai_estimator.steps.detect import detect  # noqa: E402
from attrai_estimator.steps.embed import embed  # noqa: E402
from attrai_estimator.values import Detection  # noqa: E402
from attrai_shared.errors import NoFace  # noqa: E402

from benchmarks.estimator.answers import PICTURE_TASK, VECTOR_TASK, Answer, Corners, serve  # noqa: E402


def picture(data: bytes, networks: Networks) -> Answer:
    """Run the whole pipeline."""
    try:
        result = estimate(data, networks)
    except NoFace:
        return Answer([], [])
    found = [face.detection for face in result.faces]
    return Answer([_corners(one) for one in found], [one.probability for one in found], steps=result.seconds)


def vector(data: bytes, networks: Networks, embedder: EmbeddingNetwork) -> Answer:
    """Run the pipeline steps up to the embeddings."""
    photo = decode(data)
    found = detect(photo, networks.detector)
    embed(align(photo, found, embedder.template), embedder)
    return Answer([_corners(one) for one in found], [one.probability for one in found])


def _corners(found: Detection) -> Corners:
    box = found.box
    return box.x0, box.y0, box.x1, box.y1


def main(precision: Precision) -> None:
    """Serve until the input ends. The first vector task loads the embedder, which a bot replica does not have."""
    networks = load_networks(WORKSPACE_MODELS, precision=precision)
    embedders: list[EmbeddingNetwork] = []

    def vectors(data: bytes) -> Answer:
        if not embedders:
            embedders.append(load_embedder(WORKSPACE_MODELS, precision=precision))
        return vector(data, networks, embedders[0])

    serve({PICTURE_TASK: lambda data: picture(data, networks), VECTOR_TASK: vectors})


if __name__ == "__main__":
    main("f32" if "f32" in sys.argv[1:] else "native")
