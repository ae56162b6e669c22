"""The estimator's worker with a pipeline that misbehaves on photos with a mark at their end.

It is the product's own worker; only the pipeline, which is a parameter of the worker, is wrapped.
"""

import os
import signal
import sys
import time
from pathlib import Path

from attrai_estimator.process import use_one_thread

use_one_thread()

from attrai_estimator.networks import Networks  # noqa: E402
from attrai_estimator.pipeline import estimate  # noqa: E402
from attrai_estimator.settings import EstimatorSettings  # noqa: E402
from attrai_estimator.values import Estimate  # noqa: E402
from attrai_estimator.worker.run import run_worker  # noqa: E402
from attrai_shared.settings import read_settings  # noqa: E402

POISON = b"<poison>"
"""Kills the process that works on the photo, each time."""
KILL_ONCE = b"<kill once>"
"""Kills the process that works on the photo, the first time."""
HANG = b"<hang>"
"""Never returns, and no soft time limit can interrupt it."""
SLEEP = b"<sleep>"
"""Runs into the soft time limit."""
CRASH = b"<crash>"
"""Raises an unexpected exception."""
SLOW = b"<slow>"
"""Takes a second longer."""
MEMORY = b"<memory>"
"""Raises MemoryError."""


def misbehave(data: bytes, networks: Networks) -> Estimate:
    """Logs the attempt, does what the photo's mark asks for, and then estimates."""
    _note(data)
    if data.endswith(POISON) or (data.endswith(KILL_ONCE) and _first_time()):
        os.kill(os.getpid(), signal.SIGKILL)
    if data.endswith(HANG):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
        time.sleep(600)
    if data.endswith(SLEEP):
        time.sleep(600)
    if data.endswith(CRASH):
        raise ZeroDivisionError("provoked by a test")
    if data.endswith(MEMORY):
        raise MemoryError
    if data.endswith(SLOW):
        time.sleep(1.0)
    return estimate(data, networks)


def _note(data: bytes) -> None:
    with Path(os.environ["FAULTY_LOG"]).open("ab") as log:
        log.write(data[data.rfind(b"<") :][:20] + b"\n" if data.endswith(b">") else b"<plain>\n")


def _first_time() -> bool:
    return Path(os.environ["FAULTY_LOG"]).read_bytes().count(KILL_ONCE) == 1


if __name__ == "__main__":
    from changed_settings import apply_changes  # beside this file here and in the drills' image, which has no tests

    apply_changes("estimator")
    sys.exit(run_worker(read_settings(EstimatorSettings), misbehave))
