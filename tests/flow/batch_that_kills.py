"""`attrai-batch` that kills processes while its results come in.

KILL names the processes, with commas: `run` (itself), `ctrl_c` (itself, by an interrupt), `valkey`, `estimator`,
`estimators_child`, or a process id. AT lists chunk numbers, with commas: at each, the processes die when the result of that
chunk or a later one has been read. A death waits while some photo has had two attempts: a third death would give it up.
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
"""More chunks than any of these tests has."""
SIGNALS = {"run": signal.SIGKILL, "ctrl_c": signal.SIGINT}
AT = [int(point) for point in os.environ["AT"].split(",")]


def read_and_kill(spool: Spool, run_id: str, chunk: int) -> ChunkResult | None:
    """Reads a result as the product does, and kills when it is time."""
    result = READ(spool, run_id, chunk)
    if AT and chunk >= AT[0]:
        AT.pop(0)
        wait_for(lambda: not any(is_at_stake(spool, run_id, number) for number in range(MAX_CHUNKS)))
        for whom in os.environ["KILL"].split(","):
            kill(whom)
    return result


def kill(whom: str) -> None:
    """Returns when the process is dead; the run first prints the process ids of its descendants."""
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
    """Whether a photo of the chunk was begun twice and has no result yet."""
    marks = Counter(spool.marks(run_id, chunk))
    begun_twice = any(count - marks[f"-{mark[1:]}"] > 1 for mark, count in marks.items() if mark.startswith("+"))
    return begun_twice and not spool.has_result(run_id, chunk)


def killed_one(is_it: Callable[[psutil.Process], bool]) -> bool:
    """Kills the oldest such process, so that two estimators take turns; whether there was one."""
    for process in sorted(family(), key=psutil.Process.create_time):
        with suppress(psutil.Error):
            if is_it(process):
                process.kill()
                return True
    return False


def family() -> list[psutil.Process]:
    """All descendants of this process."""
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
