"""The edge to the Swarm under test: kill, scale, update, look."""

import asyncio
import json
import random
import time
from collections.abc import Callable

from attrai_deploy.docker import STACK, docker

HEALTHY_WITHIN = 180.0


class DrillFailedError(Exception):
    """What did not hold, in one sentence."""


def containers(service: str) -> list[str]:
    """Ids of the service's running containers."""
    return docker(
        "ps", "-q", "--no-trunc", "--filter", f"label=com.docker.swarm.service.name={STACK}_{service}"
    ).split()


def kill(service: str) -> str:
    """SIGKILL to one of the service's containers, as a crash would be; its short id."""
    victim = random.choice(containers(service))  # noqa: S311 - no secret
    docker("kill", "--signal", "KILL", victim)
    return victim[:12]


def address(service: str) -> str:
    """The address at which this machine reaches the service's one container, by the bridge of its way out."""
    (container,) = containers(service)
    bridge = json.loads(docker("network", "inspect", "docker_gwbridge"))[0]["Containers"]
    return str(bridge[container]["IPv4Address"]).partition("/")[0]


def run_in(service: str, *command: str) -> str:
    """What a command printed in the service's first container."""
    return docker("exec", containers(service)[0], *command)


def scale(service: str, replicas: int) -> None:
    docker("service", "scale", "--detach", f"{STACK}_{service}={replicas}")


def update(service: str, *options: str) -> None:
    """Starts a rolling update; see `docker service update`."""
    docker("service", "update", "--detach", "--quiet", *options, f"{STACK}_{service}")


def replicas(service: str) -> tuple[int, int]:
    """Healthy replicas, and those wanted."""
    have, _, want = (
        docker("service", "ls", "--filter", f"name={STACK}_{service}", "--format", "{{.Replicas}}")
        .split()[0]
        .partition("/")
    )
    return int(have), int(want)


def update_state(service: str) -> str:
    """Swarm's word for the service's last update: updating, completed, rollback_completed, ..."""
    status = json.loads(docker("service", "inspect", f"{STACK}_{service}"))[0].get("UpdateStatus") or {}
    return str(status.get("State", "none"))


async def until(holds: Callable[[], bool], what: str, seconds: float = HEALTHY_WITHIN) -> None:
    """Looks every half second. Raises DrillFailedError when it does not hold in time."""
    end = time.monotonic() + seconds
    while not await asyncio.to_thread(holds):
        if time.monotonic() > end:
            raise DrillFailedError(f"{what}: not within {seconds:.0f} s")
        await asyncio.sleep(0.5)


async def until_healthy(service: str) -> None:
    def healthy() -> bool:
        have, want = replicas(service)
        return have == want and len(containers(service)) == want

    await until(healthy, f"{service} is healthy")


async def updated(service: str, *options: str) -> None:
    """Starts a rolling update and waits until it is through."""
    update(service, *options)
    await until(lambda: update_state(service) in ("updating", "rollback_started"), f"the update of {service} begins")
    await until(lambda: update_state(service) in ("completed", "rollback_completed"), f"{service} is updated")
    await until_healthy(service)
