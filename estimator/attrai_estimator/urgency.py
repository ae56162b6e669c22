"""A batch worker's place behind everybody else on the machine."""

import os
import sys


def yield_processor() -> None:
    """This process and its children run only when no other process wants the processor. See sched(7), SCHED_IDLE."""
    if sys.platform == "linux":
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    else:
        os.nice(19)
