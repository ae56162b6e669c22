"""A batch estimator that misbehaves on photos that ask for it by a mark at their end; for flow tests alone.

It is the product's own worker; only what finds faces, which the worker takes as a parameter, is wrapped.
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
"""Never returns, and no soft limit can interrupt it."""
SLEEP = b"<sleep>"
"""Runs into the soft limit."""


def misbehave(data: bytes, networks: Networks, options: FaceOptions, clock: Clock) -> LocatedFaces:
    """The product's own, after what the photo's mark asks for."""
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
