"""The estimator's worker with kill points at its edges and a pipeline that finds one face on anything."""

import sys

from attrai_estimator.process import use_one_thread

use_one_thread()

import numpy as np  # noqa: E402
from attrai_estimator.networks import Networks  # noqa: E402
from attrai_estimator.settings import EstimatorSettings  # noqa: E402
from attrai_estimator.values import Box, Detection, Estimate, Face  # noqa: E402
from attrai_estimator.worker.replica_registry import RedisAttempts  # noqa: E402
from attrai_estimator.worker.run import run_worker  # noqa: E402
from attrai_shared.photo_store import PhotoStore  # noqa: E402
from attrai_shared.settings import read_settings  # noqa: E402
from celery import Celery  # noqa: E402

from tests.flow.kill_points import KillPoints  # noqa: E402

FACE = Face(Detection(Box(10, 10, 50, 50), np.zeros((5, 2), np.float32), 0.99), 7.25)


def add_points(points: KillPoints) -> None:
    points.add(RedisAttempts, "begin", "attempt counted", first=True)
    points.add_at_file_writes()
    points.add(Celery, "send_task", "published")
    points.add(PhotoStore, "delete", "source deleted")


def unchanged(data: bytes, networks: Networks) -> Estimate:
    """The photo itself for a picture, so that a test sees whose it is."""
    return Estimate(100, 100, (FACE,), data, {"decode": 0.01})


if __name__ == "__main__":
    add_points(KillPoints("estimator", with_parent=True))
    sys.exit(run_worker(read_settings(EstimatorSettings), unchanged))
