"""Whether this machine can carry the stack: what it lacks, each with what to do about it."""

import json
from dataclasses import dataclass
from pathlib import Path

from attrai_deploy.docker import docker

MAP_COUNT = Path("/proc/sys/vm/max_map_count")
OPENSEARCH_MAPS = 262_144
"""Memory maps that OpenSearch asks for (https://docs.opensearch.org/docs/latest/install-and-configure/install-opensearch/docker/)."""
GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Node:
    """What Docker says of the machine. `maps` is the kernel's limit of memory maps for a process."""

    swarm: str
    manager: bool
    cores: int
    memory: int
    maps: int


def this_node() -> Node:
    """Raises DockerFailedError where no engine answers."""
    info = json.loads(docker("info", "--format", "{{json .}}"))
    swarm = info["Swarm"]
    maps = int(MAP_COUNT.read_text()) if MAP_COUNT.exists() else OPENSEARCH_MAPS
    return Node(
        swarm["LocalNodeState"], bool(swarm.get("ControlAvailable")), int(info["NCPU"]), int(info["MemTotal"]), maps
    )


def faults(node: Node, *, estimators: int, graylog: bool) -> list[str]:
    """Sentences about what is missing; none for a machine that is ready."""
    memory = (8 if graylog else 4) * GIB
    checks = [
        (node.swarm == "active" and node.manager, "this node is no Swarm manager: docker swarm init"),
        (
            node.cores >= estimators,
            f"{node.cores} cores do not carry {estimators} estimators of one core each: make deploy ESTIMATORS={node.cores}",
        ),
        (
            node.memory >= 0.9 * memory,
            f"{node.memory / GIB:.1f} GiB of memory are less than {memory // GIB}: "
            "make deploy FILES='docker-stack.yml deploy/stack/light.yml'",
        ),
        (
            not graylog or node.maps >= OPENSEARCH_MAPS,
            f"OpenSearch needs more memory maps: sysctl -w vm.max_map_count={OPENSEARCH_MAPS}",
        ),
    ]
    return [sentence for fits, sentence in checks if not fits]
