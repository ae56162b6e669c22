"""`attrai-batch` that kills processes while its results come in; for flow tests alone.

KILL: whom, with commas: `run` (itself; `ctrl_c`: only interrupted), `valkey`, `estimator`, `estimators_child`, or a process
id. AT: numbers of chunks, with commas: they die when the result of one with such a number or a higher one has been read, but
not while a photo has had two deaths: a third would be its own end.
"""

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import psutil
from attrai_batch.__main__ import main
from attrai_shared.batch_contracts import ChunkResult
from attrai_shared.spool import Spool

from tests.flow.batches import wait_for

READ = Spool.read_result
MAX_CHUNKS = 100
"""More than any of these tests has."""
SIGNALS = {"run": signal.SIGKILL, "ctrl_c": signal.SIGINT}
AT = [int(point) for point in os.environ["AT"].split(",")]


def read_and_kill(spool: Spool, run_id: str, chunk: int) -> ChunkResult | None:
    """The product's own, and the next death when it is time."""
    result = READ(spool, run_id, chunk)
    if AT and chunk >= AT[0]:
        AT.pop(0)
        wait_for(lambda: not any(is_at_stake(spool, run_id, number) for number in range(MAX_CHUNKS)))
        for whom in os.environ["KILL"].split(","):
            kill(whom)
    return result


def kill(whom: str) -> None:
    """Returns when it is dead; the run first prints the process ids of its family."""
    if whom in SIGNALS:
        print("family", *(process.pid for process in family()), flush=True)  # noqa: T201
        os.kill(os.getpid(), SIGNALS[whom])
        return
    if whom.isdecimal():
        os.kill(int(whom), signal.SIGKILL)
        return
    wait_for(lambda: killed_one(PROCESSES[whom]))
    print("killed", whom, flush=True)  # noqa: T201


def is_at_stake(spool: Spool, run_id: str, chunk: int) -> bool:
    """Whether a photo of the chunk was begun twice, with nothing to show for it yet."""
    marks = Counter(spool.marks(run_id, chunk))
    begun_twice = any(count - marks[f"-{mark[1:]}"] > 1 for mark, count in marks.items() if mark.startswith("+"))
    return begun_twice and not spool.has_result(run_id, chunk)


def killed_one(is_it: Callable[[psutil.Process], bool]) -> bool:
    """Whether one was there to be killed: the oldest, so that two estimators take turns."""
    for process in sorted(family(), key=psutil.Process.create_time):
        with suppress(psutil.Error):
            if is_it(process):
                process.kill()
                return True
    return False


def family() -> list[psutil.Process]:
    """All that this process has started, and what these have."""
    return psutil.Process().children(recursive=True)


def words(process: psutil.Process) -> str:
    return " ".join(process.cmdline())


def is_valkey(process: psutil.Process) -> bool:
    return "valkey-server" in words(process)


def is_estimator(process: psutil.Process) -> bool:
    """An estimator's main process."""
    return "--batch" in words(process) and not is_estimators_child(process)


def is_estimators_child(process: psutil.Process) -> bool:
    parent = process.parent()
    return parent is not None and "--batch" in words(process) and "--batch" in words(parent)


PROCESSES = {"valkey": is_valkey, "estimator": is_estimator, "estimators_child": is_estimators_child}

if __name__ == "__main__":
    Spool.read_result = read_and_kill  # type: ignore[method-assign]
    sys.exit(main())
