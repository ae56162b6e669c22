"""`python -m attrai_deploy.batch SOURCE [OPTION ...]`: what `make batch` calls. One data set through the batch estimators, to its end."""

import argparse
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from attrai_deploy import docker

RUN, ESTIMATORS = f"{docker.STACK}_batch", f"{docker.STACK}_batch_estimator"
LOOK = 2.0
"""Seconds between two looks at the run."""
SHARES = "64"
"""Of a processor that people's estimators want too; 1024 is a container's own share (cgroups, cpu.shares): a photo
takes 17 times as long then, and still ends far within its limits. With 2, the least, it did not."""
NAME = re.compile(r"[\w.-]+(/[\w.-]+)*")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One task of the run, as Swarm describes it: its id, what it is to be, and what it is."""

    task: str
    wanted: str
    state: str
    error: str

    @property
    def is_over(self) -> bool:
        return self.wanted == "Shutdown" and self.state != "Running"


def main(arguments: Sequence[str]) -> int:
    """The exit status: 0 when the table is written."""
    options = _parser().parse_args(arguments)
    if not NAME.fullmatch(options.source) or ".." in options.source.split("/"):
        _say(
            f"{options.source}: name a folder or an archive below BATCH_ROOT, like lfw or 2026/photos.zip",
            to_error=True,
        )
        return 1
    try:
        return run(options.source, options.estimators, options.more)
    except docker.DockerFailedError as error:
        _say(
            f'{error}\nIs deploy/stack/batch.yml deployed? make deploy FILES="docker-stack.yml deploy/stack/batch.yml"',
            to_error=True,
        )
        return 1


def run(source: str, estimators: int, more: Sequence[str]) -> int:
    """Gives the run its command and its estimators, follows it to its end, and takes the estimators away."""
    table = f"{source.replace('/', '_')}.parquet"
    words = ["run", f"/data/{source}", "--out", f"/out/{table}", "--resume", *more]
    earlier = {attempt.task for attempt in attempts()}
    docker.docker("service", "scale", "--detach", f"{ESTIMATORS}={estimators}")
    try:
        docker.docker("service", "update", "--detach", "--force", "--args", " ".join(words), "--replicas", "1", RUN)
        last = follow(earlier, attempts, lambda: _weigh_little(ESTIMATORS))
    finally:
        docker.docker("service", "scale", "--detach", f"{ESTIMATORS}=0", f"{RUN}=0")
    if last.state == "Complete":
        _say(f"the table is {table} below BATCH_OUT")
        return 0
    _say(
        f"the run broke off ({last.error or last.state}): docker service logs {RUN}; the same command goes on",
        to_error=True,
    )
    return 1


def follow(
    earlier: set[str], look: Callable[[], list[Attempt]], meanwhile: Callable[[], None], pause: float = LOOK
) -> Attempt:
    """The last attempt of this run, when none of it is to run any more. `earlier`: tasks of runs before it."""
    while True:
        meanwhile()
        made = [attempt for attempt in look() if attempt.task not in earlier]
        if made and all(attempt.is_over for attempt in made):
            return made[0]
        time.sleep(pause)


def attempts() -> list[Attempt]:
    """The run's tasks, the newest first."""
    lines = docker.docker(
        "service", "ps", RUN, "--no-trunc", "--format", "{{.ID}}|{{.DesiredState}}|{{.CurrentState}}|{{.Error}}"
    )
    fields = [line.split("|", 3) for line in lines.splitlines()]
    return [Attempt(task, wanted, state.partition(" ")[0], error) for task, wanted, state, error in fields]


def _weigh_little(service: str) -> None:
    """Swarm gives no service a weight of its own, so its containers on this node get one. One that has just ended is passed over."""
    for container in docker.docker("ps", "-q", "--filter", f"label=com.docker.swarm.service.name={service}").split():
        try:
            docker.docker("update", "--cpu-shares", SHARES, container)
        except docker.DockerFailedError:
            continue


def _say(text: str, *, to_error: bool = False) -> None:
    (sys.stderr if to_error else sys.stdout).write(text.rstrip("\n") + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="attrai_deploy.batch")
    parser.add_argument("--estimators", type=int, default=2)
    parser.add_argument("source", help="a folder or an archive, named below BATCH_ROOT")
    parser.add_argument("more", nargs=argparse.REMAINDER, help="options of attrai-batch run")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
