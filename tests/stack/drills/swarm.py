"""The edge to the Swarm under test: kill, scale, update, look."""

import asyncio
import json
import random
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from attrai_deploy.docker import STACK, docker, running

HEALTHY_WITHIN = 300.0


@dataclass(frozen=True, slots=True)
class Update:
    """Swarm's word for a service's last update, and when that started; both are empty where there was none."""

    state: str
    started: str


class DrillFailedError(Exception):
    """What did not hold, in one sentence."""


def containers(service: str) -> list[str]:
    """Ids of the service's running containers."""
    return docker(
        "ps", "-q", "--no-trunc", "--filter", f"label=com.docker.swarm.service.name={STACK}_{service}"
    ).split()


def kill(service: str, chance: random.Random | None = None) -> str:
    """SIGKILL to one of the service's containers, as a crash would be; its short id."""
    victim = (chance or random.Random()).choice(containers(service))  # noqa: S311 - no secret
    docker("kill", "--signal", "KILL", victim)
    return victim[:12]


def address(service: str) -> str:
    """The address at which this machine reaches the service's one container, by the bridge of its way out."""
    (container,) = containers(service)
    bridge = json.loads(docker("network", "inspect", "docker_gwbridge"))[0]["Containers"]
    return str(bridge[container]["IPv4Address"]).partition("/")[0]


def read_in(service: str, *command: str) -> bytes:
    """As `run_in`, of what need not be text."""
    return subprocess.run(["docker", "exec", containers(service)[0], *command], capture_output=True, check=True).stdout


def memory() -> dict[str, float]:
    """MiB that the services' containers take now, each service's largest. Of pages that the kernel could drop only what Docker counts."""
    used: dict[str, float] = {}
    for line in docker("stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}").splitlines():
        name, amount, *_ = line.split()
        service = name.removeprefix(f"{STACK}_").partition(".")[0]
        used[service] = max(used.get(service, 0.0), _mebibytes(amount))
    return used


def run_in(service: str, *command: str) -> str:
    """What a command printed in the service's first container."""
    return docker("exec", containers(service)[0], *command)


def mounted(service: str, target: str) -> Path:
    """This machine's folder, or the name of the volume, that the service's containers see as `target`."""
    spec = docker(
        "service", "inspect", "--format", "{{json .Spec.TaskTemplate.ContainerSpec.Mounts}}", f"{STACK}_{service}"
    )
    return next(Path(mount["Source"]) for mount in json.loads(spec) if mount["Target"] == target)


def files_in_volume(service: str, target: str) -> list[str]:
    """Files below the service's volume at `target`, whether it runs or not."""
    mount = f"type=volume,source={mounted(service, target)},target={target}"
    program = f"import os; print(*[file for _, _, files in os.walk('{target}') for file in files], sep='\\n')"
    options = ("--rm", "--network", "none", "--entrypoint", "python", "--mount", mount)
    return docker("run", *options, image(service), "-c", program).split()


def scale(service: str, replicas: int) -> None:
    docker("service", "scale", "--detach", f"{STACK}_{service}={replicas}")


def update(service: str, *options: str) -> None:
    """Starts a rolling update; see `docker service update`. Images are this machine's."""
    docker("service", "update", "--detach", "--quiet", "--no-resolve-image", *options, f"{STACK}_{service}")


def image(service: str) -> str:
    """The image that the service is to run."""
    spec = "{{.Spec.TaskTemplate.ContainerSpec.Image}}"
    return docker("service", "inspect", "--format", spec, f"{STACK}_{service}").strip()


def replicas(service: str) -> tuple[int, int]:
    """Healthy replicas, and those wanted."""
    return running(service)[service]


async def until(holds: Callable[[], bool], what: str, seconds: float = HEALTHY_WITHIN, pause: float = 0.5) -> None:
    """Looks every `pause` seconds. Raises DrillFailedError when it does not hold in time."""
    end = time.monotonic() + seconds
    while not await asyncio.to_thread(holds):
        if time.monotonic() > end:
            raise DrillFailedError(f"{what}: not within {seconds:.0f} s")
        await asyncio.sleep(pause)


async def until_healthy(service: str) -> None:
    def healthy() -> bool:
        have, want = replicas(service)
        return have == want and len(containers(service)) == want

    await until(healthy, f"{service} is healthy")


async def updated(service: str, *options: str) -> None:
    """Starts a rolling update and waits until it is through."""
    before = _update(service).started
    update(service, *options)
    await _through(service, before, "completed")


async def rolled_back(*services: str) -> None:
    """Takes each service's last update back, all at once, and waits until they are through."""
    before = [_update(service).started for service in services]
    for service in services:
        docker("service", "update", "--detach", "--quiet", "--rollback", f"{STACK}_{service}")
    await asyncio.gather(*[_through(*one, "rollback_completed") for one in zip(services, before, strict=True)])


async def _through(service: str, before: str, wanted: str) -> None:
    """`before`: when the update before this one started."""

    def through() -> bool:
        now = _update(service)
        return now.started != before and now.state == wanted

    await until(through, f"{service} is updated ({wanted})")
    await until_healthy(service)


def _update(service: str) -> Update:
    status = json.loads(docker("service", "inspect", f"{STACK}_{service}"))[0].get("UpdateStatus") or {}
    return Update(str(status.get("State", "")), str(status.get("StartedAt", "")))


def _mebibytes(amount: str) -> float:
    units = {"GiB": 1024.0, "MiB": 1.0, "KiB": 1 / 1024, "B": 1 / 1024**2}
    unit = next(unit for unit in units if amount.endswith(unit))
    return float(amount.removesuffix(unit)) * units[unit]
