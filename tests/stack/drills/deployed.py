"""What stands before the first photo: images of a bounded size without torch, no way out but where meant, each service deployed alone."""

import asyncio
import subprocess
from pathlib import Path

from attrai_deploy.docker import docker, running

from drills.swarm import DrillFailedError, image, run_in

ROOT = Path(__file__).resolve().parents[3]
FILES = "docker-stack.yml deploy/stack/batch.yml tests/stack/stand-ins.yml"
LIMITS = {"bot": 250, "estimator": 600}
"""MB over the base image."""
WITHOUT_TORCH = ("bot", "replier", "estimator", "flower")
INSIDE, OUTSIDE = ("estimator", "rabbitmq", "redis"), ("bot", "replier")
STAND_INS = ("telegram", "receiver")
MADE_WITHIN = 300.0
FINDS_TORCH = "import importlib.util; print(importlib.util.find_spec('torch') is not None)"


async def run() -> str:
    """The table's sentence. Raises DrillFailedError."""
    base = _megabytes(_base())
    sizes = {name: _megabytes(image(name)) - base for name in LIMITS}
    faults = [f"{name} has {sizes[name]:.0f} MB over its base" for name, most in LIMITS.items() if sizes[name] > most]
    faults += [f"{name} has torch" for name in WITHOUT_TORCH if "True" in run_in(name, "python", "-c", FINDS_TORCH)]
    faults += [f"{name} has a way out" for name in INSIDE if _leads_out(name)]
    faults += [f"{name} has no way out" for name in OUTSIDE if not _leads_out(name)]
    before = _wanted()
    alone = [name for name, replicas in before.items() if replicas and name not in STAND_INS]
    for name in alone:
        await _make("deploy", f"SERVICE={name}", f"FILES={FILES}")
    if _wanted() != before:
        faults.append(f"replicas went from {before} to {_wanted()}")
    if "messages in refused: 0" not in (refused := await _make("refused")):
        faults.append(f"make refused says {refused}")
    each = ", ".join(f"{name} {size:.0f}" for name, size in sizes.items())
    said = (
        f"MB over the base image: {each}; no torch in {', '.join(WITHOUT_TORCH)}; "
        f"no way out of {', '.join(INSIDE)}; deployed alone: {', '.join(alone)}"
    )
    if faults:
        raise DrillFailedError(f"{'; '.join(faults)} ({said})")
    return said


def _base() -> str:
    """The image that all Dockerfiles begin with."""
    lines = (ROOT / "deploy/base.Dockerfile").read_text().splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith("ARG PYTHON="))


def _megabytes(name: str) -> float:
    return int(docker("image", "inspect", "--format", "{{.Size}}", name)) / 1e6


def _leads_out(service: str) -> bool:
    """Whether the container has a default route: the kernel lists its destination as zero."""
    lines = run_in(service, "cat", "/proc/net/route").splitlines()[1:]
    return any(line.split()[1] == "00000000" for line in lines)


def _wanted() -> dict[str, int]:
    return {name: want for name, (_, want) in running().items()}


async def _make(*arguments: str) -> str:
    """What an operator sees who types it. Raises DrillFailedError."""
    process = await asyncio.create_subprocess_exec(
        "make", "-s", *arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), MADE_WITHIN)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    if process.returncode:
        raise DrillFailedError(f"make {' '.join(arguments)}: {output.decode()[-500:]}")
    return output.decode()
