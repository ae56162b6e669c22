"""The edge to Docker: its command line, and nothing else of it."""

import subprocess
from collections.abc import Sequence

STACK = "attrai"


class DockerFailedError(Exception):
    """Docker's own sentence about what it could not do."""


def docker(*arguments: str, given: str | None = None) -> str:
    """What the command printed; `given` goes to its input. Raises DockerFailedError."""
    done = subprocess.run(["docker", *arguments], input=given, capture_output=True, text=True, check=False)  # noqa: S603, S607
    if done.returncode:
        raise DockerFailedError(f"docker {arguments[0]}: {done.stderr.strip()}")
    return done.stdout


def secret_names() -> set[str]:
    """The stack's secrets that exist, without the stack's name before them."""
    names = docker("secret", "ls", "--format", "{{.Name}}").split()
    return {name.removeprefix(f"{STACK}_") for name in names if name.startswith(f"{STACK}_")}


def create_secret(name: str, value: str) -> None:
    """Gives Docker a secret of the stack, by its name alone: what bears the stack's label goes with `docker stack rm`."""
    docker("secret", "create", f"{STACK}_{name}", "-", given=value)


def remove_secrets(names: Sequence[str]) -> None:
    """Removes secrets that no service uses."""
    if names:
        docker("secret", "rm", *[f"{STACK}_{name}" for name in names])


def merged_stack(files: Sequence[str]) -> str:
    """The stack files as Docker understands them: merged, variables filled in, in its own canonical YAML."""
    return docker("stack", "config", *_options(files))


def deploy_stack(stack: str, *, resolve_image: str) -> None:
    """Deploys the merged stack; services that it does not name stay as they are."""
    docker("stack", "deploy", "-c", "-", "--resolve-image", resolve_image, "--with-registry-auth", STACK, given=stack)


def running(service: str | None = None) -> dict[str, tuple[int, int]]:
    """For each service of the stack, or this one: replicas that run and are healthy, and replicas wanted."""
    lines = docker("stack", "services", STACK, "--format", "{{.Name}} {{.Replicas}}").splitlines()
    counts = {name.removeprefix(f"{STACK}_"): _counts(replicas) for name, replicas, *_ in map(str.split, lines)}
    return {name: count for name, count in counts.items() if service in (None, name)}


def remains() -> list[str]:
    """Ids of the stack's running containers on this node, and of its networks; Swarm takes them away after `docker stack rm` has ended."""
    mine = ("--filter", f"label=com.docker.stack.namespace={STACK}")
    return [*docker("ps", "-q", *mine).split(), *docker("network", "ls", "-q", *mine).split()]


def logs(service: str) -> str:
    """What the service's containers on this node have printed, those that have ended included."""
    containers = docker("ps", "-aq", "--filter", f"label=com.docker.swarm.service.name={STACK}_{service}").split()
    return "".join(docker("logs", container) for container in containers)


def _counts(replicas: str) -> tuple[int, int]:
    have, _, want = replicas.partition("/")
    return int(have), int(want)


def _options(files: Sequence[str]) -> list[str]:
    return [option for file in files for option in ("-c", file)]
