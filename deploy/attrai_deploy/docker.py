"""The edge to Docker: its command line."""

import subprocess
from collections.abc import Sequence

STACK = "attrai"


class DockerFailedError(Exception):
    """A docker command failed; the message is Docker's."""


def docker(*arguments: str, stdin: str | None = None) -> str:
    """Runs `docker` and returns its output. Raises DockerFailedError."""
    done = subprocess.run(["docker", *arguments], input=stdin, capture_output=True, text=True, check=False)  # noqa: S603, S607
    if done.returncode:
        raise DockerFailedError(f"docker {arguments[0]}: {done.stderr.strip()}")
    return done.stdout


def secret_names() -> set[str]:
    """The existing secrets of the stack, without the prefix `attrai_`."""
    names = docker("secret", "ls", "--format", "{{.Name}}").split()
    return {name.removeprefix(f"{STACK}_") for name in names if name.startswith(f"{STACK}_")}


def create_secret(name: str, value: str) -> None:
    """Creates a secret without the stack's label: `docker stack rm` removes what has that label."""
    docker("secret", "create", f"{STACK}_{name}", "-", stdin=value)


def remove_secrets(names: Sequence[str]) -> None:
    """Removes secrets; no service may use them."""
    if names:
        docker("secret", "rm", *[f"{STACK}_{name}" for name in names])


def merge_stack_files(files: Sequence[str]) -> str:
    """The stack files merged by Docker, with variables filled in, as its canonical YAML."""
    return docker("stack", "config", *_options(files))


def deploy_stack(stack: str, *, resolve_image: str) -> None:
    """Deploys the merged stack. Services that it does not name stay unchanged."""
    docker("stack", "deploy", "-c", "-", "--resolve-image", resolve_image, "--with-registry-auth", STACK, stdin=stack)


def replica_counts(service: str | None = None) -> dict[str, tuple[int, int]]:
    """The number of healthy and of wanted replicas, for each service or for this one."""
    lines = docker("stack", "services", STACK, "--format", "{{.Name}} {{.Replicas}}").splitlines()
    counts = {name.removeprefix(f"{STACK}_"): _counts(replicas) for name, replicas, *_ in map(str.split, lines)}
    return {name: count for name, count in counts.items() if service in (None, name)}


def remaining_objects() -> list[str]:
    """Ids of the stack's running containers on this node and of its networks: `docker stack rm` does not wait for them."""
    of_stack = ("--filter", f"label=com.docker.stack.namespace={STACK}")
    return [*docker("ps", "-q", *of_stack).split(), *docker("network", "ls", "-q", *of_stack).split()]


def logs(service: str) -> str:
    """The output of the service's containers on this node, also of stopped ones."""
    containers = docker("ps", "-aq", "--filter", f"label=com.docker.swarm.service.name={STACK}_{service}").split()
    return "".join(docker("logs", container) for container in containers)


def _counts(replicas: str) -> tuple[int, int]:
    have, _, want = replicas.partition("/")
    return int(have), int(want)


def _options(files: Sequence[str]) -> list[str]:
    return [option for file in files for option in ("-c", file)]
