"""Before the first photo: image sizes, no torch, default routes as intended, each service deployed alone."""

import asyncio
import subprocess
from pathlib import Path

from attrai_deploy.docker import docker, replica_counts

from drills.swarm import DrillFailedError, image, run_in

ROOT = Path(__file__).resolve().parents[3]
FILES = "docker-stack.yml deploy/stack/batch.yml tests/stack/stand-ins.yml"
MAX_MB_OVER_BASE = {"bot": 250, "estimator": 600}
WITHOUT_TORCH = ("bot", "replier", "estimator", "flower")
WITHOUT_DEFAULT_ROUTE, WITH_DEFAULT_ROUTE = ("estimator", "rabbitmq", "redis"), ("bot", "replier")
STAND_INS = ("telegram", "receiver")
MAKE_TIMEOUT_S = 300.0
PRINT_HAS_TORCH = "import importlib.util; print(importlib.util.find_spec('torch') is not None)"


async def run() -> str:
    """Returns the table's sentence. Raises DrillFailedError."""
    base = _megabytes(_base_image())
    sizes = {name: _megabytes(image(name)) - base for name in MAX_MB_OVER_BASE}
    faults = [
        f"{name} has {sizes[name]:.0f} MB over its base"
        for name, most in MAX_MB_OVER_BASE.items()
        if sizes[name] > most
    ]
    faults += [f"{name} has torch" for name in WITHOUT_TORCH if "True" in run_in(name, "python", "-c", PRINT_HAS_TORCH)]
    faults += [f"{name} has a default route" for name in WITHOUT_DEFAULT_ROUTE if _has_default_route(name)]
    faults += [f"{name} has no default route" for name in WITH_DEFAULT_ROUTE if not _has_default_route(name)]
    before = _wanted_replicas()
    alone = [name for name, replicas in before.items() if replicas and name not in STAND_INS]
    for name in alone:
        await _make("deploy", f"SERVICE={name}", f"FILES={FILES}")
    if _wanted_replicas() != before:
        faults.append(f"replicas went from {before} to {_wanted_replicas()}")
    if "messages in refused: 0" not in (refused := await _make("refused")):
        faults.append(f"make refused prints {refused}")
    each = ", ".join(f"{name} {size:.0f}" for name, size in sizes.items())
    summary = (
        f"MB over the base image: {each}; no torch in {', '.join(WITHOUT_TORCH)}; "
        f"no default route in {', '.join(WITHOUT_DEFAULT_ROUTE)}; deployed alone: {', '.join(alone)}"
    )
    if faults:
        raise DrillFailedError(f"{'; '.join(faults)} ({summary})")
    return summary


def _base_image() -> str:
    """The public image that all images are built on."""
    lines = (ROOT / "deploy/base.Dockerfile").read_text().splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith("ARG PYTHON="))


def _megabytes(name: str) -> float:
    return int(docker("image", "inspect", "--format", "{{.Size}}", name)) / 1e6


def _has_default_route(service: str) -> bool:
    """Whether the container has a default route: the kernel lists its destination as zero."""
    lines = run_in(service, "cat", "/proc/net/route").splitlines()[1:]
    return any(line.split()[1] == "00000000" for line in lines)


def _wanted_replicas() -> dict[str, int]:
    return {name: want for name, (_, want) in replica_counts().items()}


async def _make(*arguments: str) -> str:
    """Runs a make target and returns its output. Raises DrillFailedError."""
    process = await asyncio.create_subprocess_exec(
        "make", "-s", *arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), MAKE_TIMEOUT_S)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    if process.returncode:
        raise DrillFailedError(f"make {' '.join(arguments)}: {output.decode()[-500:]}")
    return output.decode()
