"""Checks that this node can run the stack. Each problem names its remedy."""

import json
from dataclasses import dataclass
from pathlib import Path

from attrai_deploy.docker import docker

MAP_COUNT = Path("/proc/sys/vm/max_map_count")
OPENSEARCH_MAPS = 262_144
"""https://docs.opensearch.org/docs/latest/install-and-configure/install-opensearch/docker/"""
GIB = 1024**3


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """The node as Docker reports it. `memory` is in bytes; `maps` is the kernel's limit of memory maps per process."""

    swarm: str
    manager: bool
    cores: int
    memory: int
    maps: int


def this_node() -> NodeInfo:
    """Raises DockerFailedError if no engine answers."""
    info = json.loads(docker("info", "--format", "{{json .}}"))
    swarm = info["Swarm"]
    maps = int(MAP_COUNT.read_text()) if MAP_COUNT.exists() else OPENSEARCH_MAPS
    return NodeInfo(
        swarm["LocalNodeState"], bool(swarm.get("ControlAvailable")), int(info["NCPU"]), int(info["MemTotal"]), maps
    )


def node_problems(node: NodeInfo, *, estimators: int, graylog: bool) -> list[str]:
    """One sentence for each problem; none for a node that is ready."""
    memory = (8 if graylog else 4) * GIB
    checks = [
        (node.swarm == "active" and node.manager, "this node is no Swarm manager: docker swarm init"),
        (
            node.cores >= estimators,
            f"{node.cores} cores are too few for {estimators} estimators of one core each: "
            f"make deploy ESTIMATORS={node.cores}",
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
    return [sentence for is_met, sentence in checks if not is_met]
