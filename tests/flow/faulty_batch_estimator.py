"""A batch estimator that misbehaves on photos with a mark at their end.

It is the product's own worker; only the face finder, which is a parameter of the worker, is wrapped.
"""

import os
import signal
import sys
import time

from attrai_estimator.process import use_one_thread

use_one_thread()

from attrai_estimator.batch.faces import FaceOptions, LocatedFaces, locate_faces  # noqa: E402
from attrai_estimator.networks import Networks  # noqa: E402
from attrai_estimator.pipeline import Clock  # noqa: E402
from attrai_estimator.settings import BatchEstimatorSettings  # noqa: E402
from attrai_estimator.worker.run import run_batch_worker  # noqa: E402
from attrai_shared.settings import read_settings  # noqa: E402

POISON = b"<poison>"
"""Kills the process that works on the photo, each time."""
HANG = b"<hang>"
"""Never returns, and no soft time limit can interrupt it."""
SLEEP = b"<sleep>"
"""Runs into the soft time limit."""


def misbehave(data: bytes, networks: Networks, options: FaceOptions, clock: Clock) -> LocatedFaces:
    """Does what the photo's mark asks for, and then finds faces."""
    if data.endswith(POISON):
        os.kill(os.getpid(), signal.SIGKILL)
    if data.endswith(HANG):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
        time.sleep(600)
    if data.endswith(SLEEP):
        time.sleep(600)
    return locate_faces(data, networks, options, clock)


if __name__ == "__main__":
    sys.exit(run_batch_worker(read_settings(BatchEstimatorSettings), misbehave))
