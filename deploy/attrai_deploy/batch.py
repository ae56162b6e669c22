"""`python -m attrai_deploy.batch SOURCE [OPTION ...]`, called by `make batch`: runs a data set in the stack."""

import argparse
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from attrai_deploy import docker

RUN_SERVICE, ESTIMATOR_SERVICE = f"{docker.STACK}_batch", f"{docker.STACK}_batch_estimator"
POLL_INTERVAL_S = 2.0
CPU_SHARES = "64"
"""The batch estimators' weight beside the users' estimators, which have the default of 1024 (cgroups, cpu.shares).

A batch photo takes 17 times as long then, far within its limits. With 2, the minimum, it exceeded them."""
SOURCE_NAME = re.compile(r"[\w.-]+(/[\w.-]+)*")


@dataclass(frozen=True, slots=True)
class RunAttempt:
    """One task of the run as Swarm reports it: its id, its desired and its current state."""

    task: str
    wanted: str
    state: str
    error: str

    @property
    def is_over(self) -> bool:
        return self.wanted == "Shutdown" and self.state != "Running"


def main(arguments: Sequence[str]) -> int:
    """Returns the exit status: 0 if the table is written."""
    options = _parser().parse_args(arguments)
    if not SOURCE_NAME.fullmatch(options.source) or ".." in options.source.split("/"):
        _print(
            f"{options.source}: name a folder or an archive below BATCH_ROOT, like lfw or 2026/photos.zip",
            to_stderr=True,
        )
        return 1
    try:
        return run(options.source, options.estimators, options.options)
    except docker.DockerFailedError as error:
        _print(
            f'{error}\nIs deploy/stack/batch.yml deployed? make deploy FILES="docker-stack.yml deploy/stack/batch.yml"',
            to_stderr=True,
        )
        return 1


def run(source: str, estimators: int, options: Sequence[str]) -> int:
    """Starts the estimators and the run, waits for its end and stops the estimators."""
    table = f"{source.replace('/', '_')}.parquet"
    command = ["run", f"/data/{source}", "--out", f"/out/{table}", "--resume", *options]
    earlier = {attempt.task for attempt in run_attempts()}
    docker.docker("service", "scale", "--detach", f"{ESTIMATOR_SERVICE}={estimators}")
    try:
        docker.docker(
            "service", "update", "--detach", "--force", "--args", " ".join(command), "--replicas", "1", RUN_SERVICE
        )
        last = wait_for_end(earlier, run_attempts, lambda: _lower_cpu_shares(ESTIMATOR_SERVICE))
    finally:
        docker.docker("service", "scale", "--detach", f"{ESTIMATOR_SERVICE}=0", f"{RUN_SERVICE}=0")
    if last.state == "Complete":
        _print(f"the table is {table} below BATCH_OUT")
        return 0
    _print(
        f"the run failed ({last.error or last.state}): docker service logs {RUN_SERVICE}; the same command resumes it",
        to_stderr=True,
    )
    return 1


def wait_for_end(
    earlier: set[str],
    list_attempts: Callable[[], list[RunAttempt]],
    on_poll: Callable[[], None],
    interval_s: float = POLL_INTERVAL_S,
) -> RunAttempt:
    """Waits until no attempt of this run is running or due, and returns the last. `earlier`: tasks of previous runs."""
    while True:
        on_poll()
        own = [attempt for attempt in list_attempts() if attempt.task not in earlier]
        if own and all(attempt.is_over for attempt in own):
            return own[0]
        time.sleep(interval_s)


def run_attempts() -> list[RunAttempt]:
    """The tasks of the run's service, newest first."""
    lines = docker.docker(
        "service", "ps", RUN_SERVICE, "--no-trunc", "--format", "{{.ID}}|{{.DesiredState}}|{{.CurrentState}}|{{.Error}}"
    )
    fields = [line.split("|", 3) for line in lines.splitlines()]
    return [RunAttempt(task, wanted, state.partition(" ")[0], error) for task, wanted, state, error in fields]


def _lower_cpu_shares(service: str) -> None:
    """Gives the containers on this node a weight, because Swarm has none for a service. Skips stopped containers."""
    for container in docker.docker("ps", "-q", "--filter", f"label=com.docker.swarm.service.name={service}").split():
        try:
            docker.docker("update", "--cpu-shares", CPU_SHARES, container)
        except docker.DockerFailedError:
            continue


def _print(text: str, *, to_stderr: bool = False) -> None:
    (sys.stderr if to_stderr else sys.stdout).write(text.rstrip("\n") + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="attrai_deploy.batch")
    parser.add_argument("--estimators", type=int, default=2)
    parser.add_argument("source", help="a folder or an archive, named below BATCH_ROOT")
    parser.add_argument("options", nargs=argparse.REMAINDER, help="options of attrai-batch run")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
