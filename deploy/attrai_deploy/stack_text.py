"""The merged stack as text, in Docker's canonical YAML, where a service's name stands two spaces in: what it needs, and parts of it."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

_NAME = re.compile(r"  ([a-z_]+):")


class UnknownServiceError(ValueError):
    """The stack has no service of this name."""


def only_service(stack: str, service: str) -> str:
    """The stack with one service. Raises UnknownServiceError, which names those that there are."""
    services = service_blocks(stack)
    if service not in services:
        raise UnknownServiceError(f"there is no service {service}; there are {', '.join(services)}")
    before, _, rest = stack.partition("services:\n")
    return f"{before}services:\n{services[service]}{_after(rest)}"


def service_blocks(stack: str) -> dict[str, str]:
    """Each service's lines by its name."""
    blocks: dict[str, str] = {}
    name = ""
    for line in _services(stack.partition("services:\n")[2]):
        if match := _NAME.fullmatch(line.rstrip()):
            name = match[1]
        blocks[name] = blocks.get(name, "") + line
    return blocks


def secrets_of(stack: str) -> set[str]:
    """Names of the external secrets that the stack mentions, without the stack's name before them."""
    return set(re.findall(r"^    name: attrai_([a-z0-9_]+)\n    external: true$", stack, re.MULTILINE))


def config_tag(files: Iterable[Path]) -> str:
    """A name for the contents of all config files together: in Swarm a config cannot change, only be another one."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def _services(rest: str) -> list[str]:
    return rest.removesuffix(_after(rest)).splitlines(keepends=True)


def _after(rest: str) -> str:
    next_section = re.search(r"^(?! )", rest, re.MULTILINE)
    return rest[next_section.start() :] if next_section else ""
