"""Starts RabbitMQ, Redis, estimator replicas on a core each, and the bare pipeline in a separate process."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from attrai_shared import keys
from redis import Redis

from benchmarks.timed_process import TimedProcess
from tests.flow import servers

WORKER_COMMAND = (sys.executable, "-P", "-m", "attrai_estimator", "worker")
BARE_PIPELINE_COMMAND = (sys.executable, "-m", "benchmarks.task_queue.bare")
REPOSITORY = Path(__file__).parents[2]
REPLICA_READY_TIMEOUT_S = 120.0
CORES = sorted(os.sched_getaffinity(0))
TASKSET = shutil.which("taskset") or "taskset"
POLL_INTERVAL_S = 0.005
"""Between two looks for a new replica."""


@dataclass(frozen=True)
class System:
    """The servers' addresses; `store` is the photo store, `logs` the folder of the processes' output."""

    broker_url: str
    redis_url: str
    store: Path
    logs: Path

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ATTRAI_")}
        return inherited | {
            "ATTRAI_BROKER_URL": self.broker_url,
            "ATTRAI_REDIS_URL": self.redis_url,
            "ATTRAI_PHOTO_STORE": str(self.store),
            "PYTHONPATH": str(REPOSITORY),
        }

    def announced(self) -> set[str]:
        """The replicas that have announced themselves."""
        with Redis.from_url(self.redis_url) as redis:
            return {name.decode() for name in redis.zrange(keys.REPLICAS, 0, -1)}


@dataclass
class Running:
    """A child process of the benchmark. `ready_seconds`: from its start until it consumed."""

    process: "subprocess.Popen[str]"
    ready_seconds: float = field(default=0.0)

    def cpu_seconds(self) -> float:
        """CPU seconds of the process and its children so far."""
        family = psutil.Process(self.process.pid)
        times = [each.cpu_times() for each in (family, *family.children(recursive=True))]
        return float(sum(each.user + each.system for each in times))


@contextmanager
def real_system(stores: Path | None = None) -> Iterator[System]:
    """Start servers on free loopback ports and stop them at the end; the photo store is a new folder in `stores`.

    Raises SystemExit if the servers are not installed.
    """
    missing = servers.missing_rabbitmq() or servers.missing_redis()
    if missing:
        raise SystemExit(missing)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="attrai-bench-")))
        store = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="attrai-bench-store-", dir=stores)))
        rabbitmq, redis, logs = (folder / name for name in ("rabbitmq", "redis", "logs"))
        for each in (rabbitmq, redis, logs):
            each.mkdir()
        yield System(
            stack.enter_context(servers.rabbitmq(rabbitmq)), stack.enter_context(servers.redis(redis)), store, logs
        )


@contextmanager
def replica(system: System, name: str, core: int, command: Sequence[str] = WORKER_COMMAND) -> Iterator[Running]:
    """A ready estimator replica, bound to a core."""
    started = time.perf_counter()
    with _child(system, name, core, command) as running:
        while name not in system.announced():
            if running.process.poll() is not None or time.perf_counter() > started + REPLICA_READY_TIMEOUT_S:
                raise RuntimeError((system.logs / f"{name}.log").read_text()[-3000:])
            time.sleep(POLL_INTERVAL_S)
        running.ready_seconds = time.perf_counter() - started
        yield running


class Bare(TimedProcess):
    """The pipeline without a queue, in a process with the replica's settings."""

    def __init__(self, running: Running) -> None:
        super().__init__(running.process)
        self.running = running


@contextmanager
def bare(system: System, core: int) -> Iterator[Bare]:
    """The bare pipeline, bound to a core. Its first photos are slower than the others."""
    with _child(system, "bare", core, BARE_PIPELINE_COMMAND) as running:
        yield Bare(running)


@contextmanager
def _child(system: System, name: str, core: int, command: Sequence[str]) -> Iterator[Running]:
    log = system.logs / f"{name}.log"
    with (
        log.open("a") as output,
        subprocess.Popen(  # noqa: S603  # commands of this folder alone
            [TASKSET, "--cpu-list", str(core), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if command is BARE_PIPELINE_COMMAND else output,
            stderr=output,
            env={**system.environment, "ATTRAI_REPLICA": name},
            text=True,
        ) as process,
    ):
        try:
            yield Running(process)
        finally:
            _end(process)


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
