"""The edge to the Swarm under test: kill, scale, update, inspect."""

import asyncio
import json
import random
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from attrai_deploy.docker import STACK, docker, replica_counts

HEALTHY_TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True)
class UpdateStatus:
    """State and start of a service's last update; both are empty without one."""

    state: str
    started: str


class DrillFailedError(Exception):
    """A drill failed; the message is one sentence."""


def containers(service: str) -> list[str]:
    """Ids of the service's running containers."""
    return docker(
        "ps", "-q", "--no-trunc", "--filter", f"label=com.docker.swarm.service.name={STACK}_{service}"
    ).split()


def kill(service: str, rng: random.Random | None = None) -> str:
    """Sends SIGKILL to one of the service's containers and returns its short id."""
    victim = (rng or random.Random()).choice(containers(service))  # noqa: S311 - no secret
    docker("kill", "--signal", "KILL", victim)
    return victim[:12]


def address(service: str) -> str:
    """The address of the service's one container on the gateway bridge, reachable from this machine."""
    (container,) = containers(service)
    bridge = json.loads(docker("network", "inspect", "docker_gwbridge"))[0]["Containers"]
    return str(bridge[container]["IPv4Address"]).partition("/")[0]


def read_in(service: str, *command: str) -> bytes:
    """Like `run_in`, for output that is not text."""
    return subprocess.run(["docker", "exec", containers(service)[0], *command], capture_output=True, check=True).stdout


def memory_mib() -> dict[str, float]:
    """Memory of each service's largest container in MiB, as `docker stats` counts it."""
    used: dict[str, float] = {}
    for line in docker("stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}").splitlines():
        name, amount, *_ = line.split()
        service = name.removeprefix(f"{STACK}_").partition(".")[0]
        used[service] = max(used.get(service, 0.0), _to_mib(amount))
    return used


def run_in(service: str, *command: str) -> str:
    """Runs a command in the service's first container and returns its output."""
    return docker("exec", containers(service)[0], *command)


def mount_source(service: str, target: str) -> Path:
    """The source of the service's mount at `target`: a folder of this machine or the name of a volume."""
    spec = docker(
        "service", "inspect", "--format", "{{json .Spec.TaskTemplate.ContainerSpec.Mounts}}", f"{STACK}_{service}"
    )
    return next(Path(mount["Source"]) for mount in json.loads(spec) if mount["Target"] == target)


def files_in_volume(service: str, target: str) -> list[str]:
    """Names of files in the service's volume at `target`; the service need not run."""
    mount = f"type=volume,source={mount_source(service, target)},target={target}"
    program = f"import os; print(*[file for _, _, files in os.walk('{target}') for file in files], sep='\\n')"
    options = ("--rm", "--network", "none", "--entrypoint", "python", "--mount", mount)
    return docker("run", *options, image(service), "-c", program).split()


def scale(service: str, replicas: int) -> None:
    docker("service", "scale", "--detach", f"{STACK}_{service}={replicas}")


def update(service: str, *options: str) -> None:
    """Starts a rolling update with options of `docker service update` and local images."""
    docker("service", "update", "--detach", "--quiet", "--no-resolve-image", *options, f"{STACK}_{service}")


def image(service: str) -> str:
    """The image in the service's specification."""
    spec = "{{.Spec.TaskTemplate.ContainerSpec.Image}}"
    return docker("service", "inspect", "--format", spec, f"{STACK}_{service}").strip()


def replicas(service: str) -> tuple[int, int]:
    """The number of healthy and of wanted replicas."""
    return replica_counts(service)[service]


async def wait_until(
    holds: Callable[[], bool], what: str, seconds: float = HEALTHY_TIMEOUT_S, pause: float = 0.5
) -> None:
    """Polls every `pause` seconds. Raises DrillFailedError if the condition does not hold in time."""
    end = time.monotonic() + seconds
    while not await asyncio.to_thread(holds):
        if time.monotonic() > end:
            raise DrillFailedError(f"{what}: not within {seconds:.0f} s")
        await asyncio.sleep(pause)


async def wait_until_healthy(service: str) -> None:
    def healthy() -> bool:
        have, want = replicas(service)
        return have == want and len(containers(service)) == want

    await wait_until(healthy, f"{service} is healthy")


async def update_and_wait(service: str, *options: str) -> None:
    """Starts a rolling update and waits for its end."""
    before = _update_status(service).started
    update(service, *options)
    await _wait_for_update(service, before, "completed")


async def roll_back_and_wait(*services: str) -> None:
    """Rolls back each service's last update, in parallel, and waits for the end."""
    before = [_update_status(service).started for service in services]
    for service in services:
        docker("service", "update", "--detach", "--quiet", "--rollback", f"{STACK}_{service}")
    await asyncio.gather(*[_wait_for_update(*one, "rollback_completed") for one in zip(services, before, strict=True)])


async def _wait_for_update(service: str, before: str, wanted: str) -> None:
    """`before`: the start of the previous update."""

    def is_done() -> bool:
        now = _update_status(service)
        return now.started != before and now.state == wanted

    await wait_until(is_done, f"{service} is updated ({wanted})")
    await wait_until_healthy(service)


def _update_status(service: str) -> UpdateStatus:
    status = json.loads(docker("service", "inspect", f"{STACK}_{service}"))[0].get("UpdateStatus") or {}
    return UpdateStatus(str(status.get("State", "")), str(status.get("StartedAt", "")))


def _to_mib(amount: str) -> float:
    units = {"GiB": 1024.0, "MiB": 1.0, "KiB": 1 / 1024, "B": 1 / 1024**2}
    unit = next(unit for unit in units if amount.endswith(unit))
    return float(amount.removesuffix(unit)) * units[unit]
