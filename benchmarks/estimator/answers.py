"""The protocol of a contestant. Each request and each answer is one line of JSON."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter, process_time

Corners = tuple[float, float, float, float]
PICTURE_TASK, VECTOR_TASK = "picture", "vector"
"""Tasks. A picture task turns a photo file into an annotated file; a vector task gives its faces' embeddings."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Boxes in photo pixels, probabilities, wall and CPU seconds, step seconds if known, and memory in bytes."""

    boxes: list[Corners]
    probabilities: list[float]
    seconds: float = 0.0
    cpu: float = 0.0
    steps: dict[str, float] = field(default_factory=dict)
    resident: int = 0


Task = Callable[[bytes], Answer]


def serve(tasks: Mapping[str, Task]) -> None:
    """Answer requests until the input ends. The clocks start after the file is read."""
    for line in sys.stdin:
        task, path = json.loads(line)
        data = Path(path).read_bytes()
        wall, cpu = perf_counter(), process_time()
        answer = asdict(tasks[task](data))
        answer |= {"seconds": perf_counter() - wall, "cpu": process_time() - cpu, "resident": _resident()}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _resident() -> int:
    """The proportional set size (PSS) of this process in bytes."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
