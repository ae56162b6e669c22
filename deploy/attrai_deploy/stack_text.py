"""Parts of the merged stack as text: in Docker's canonical YAML a service's name is indented by two spaces."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

_NAME = re.compile(r"  ([a-z_]+):")


class UnknownServiceError(ValueError):
    """The stack has no service of this name."""


def only_service(stack: str, service: str) -> str:
    """The stack with one service. Raises UnknownServiceError, which lists the services."""
    services = service_blocks(stack)
    if service not in services:
        raise UnknownServiceError(f"there is no service {service}; the services are {', '.join(services)}")
    before, _, rest = stack.partition("services:\n")
    return f"{before}services:\n{services[service]}{_after(rest)}"


def service_blocks(stack: str) -> dict[str, str]:
    """The lines of each service, by name."""
    blocks: dict[str, str] = {}
    name = ""
    for line in _services(stack.partition("services:\n")[2]):
        if match := _NAME.fullmatch(line.rstrip()):
            name = match[1]
        blocks[name] = blocks.get(name, "") + line
    return blocks


def secrets_of(stack: str) -> set[str]:
    """Names of the stack's external secrets, without the prefix `attrai_`."""
    return set(re.findall(r"^    name: attrai_([a-z0-9_]+)\n    external: true$", stack, re.MULTILINE))


def config_tag(files: Iterable[Path]) -> str:
    """A digest of all config files. Swarm's configs are immutable, so changed contents need another name."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def _services(rest: str) -> list[str]:
    return rest.removesuffix(_after(rest)).splitlines(keepends=True)


def _after(rest: str) -> str:
    next_section = re.search(r"^(?! )", rest, re.MULTILINE)
    return rest[next_section.start() :] if next_section else ""
