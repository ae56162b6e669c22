"""The product's worker with an empty pipeline: only the queue is measured."""

import sys

from attrai_estimator.process import use_one_thread

use_one_thread()

import numpy as np  # noqa: E402
from attrai_estimator.networks import Networks  # noqa: E402
from attrai_estimator.settings import EstimatorSettings  # noqa: E402
from attrai_estimator.values import Box, Detection, Estimate, Face  # noqa: E402
from attrai_estimator.worker.run import run_worker  # noqa: E402
from attrai_shared.settings import read_settings  # noqa: E402

ONE_FACE = Face(Detection(Box(0, 0, 1, 1), np.zeros((5, 2), np.float32), 1.0), 5.0)


def do_nothing(data: bytes, networks: Networks) -> Estimate:  # noqa: ARG001  # as a pipeline is called
    """Return the photo as the picture."""
    return Estimate(1, 1, (ONE_FACE,), data, {})


if __name__ == "__main__":
    sys.exit(run_worker(read_settings(EstimatorSettings), do_nothing))
