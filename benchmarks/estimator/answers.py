"""A contestant's questions and answers: one line of JSON each, on its input and its output."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter, process_time

Corners = tuple[float, float, float, float]
PICTURE_TASK, VECTOR_TASK = "picture", "vector"
"""Tasks: from a photo's file to the annotated picture's, and from a photo's file to its faces' vectors."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Boxes in pixels of the photo, with their probabilities; wall and processor's seconds; the seconds of each step, if known."""

    boxes: list[Corners]
    probabilities: list[float]
    seconds: float = 0.0
    cpu: float = 0.0
    steps: dict[str, float] = field(default_factory=dict)
    resident: int = 0


Task = Callable[[bytes], Answer]


def serve(tasks: Mapping[str, Task]) -> None:
    """Answer until the input ends. The file is read before the clocks start."""
    for line in sys.stdin:
        task, path = json.loads(line)
        data = Path(path).read_bytes()
        wall, cpu = perf_counter(), process_time()
        answer = asdict(tasks[task](data))
        answer |= {"seconds": perf_counter() - wall, "cpu": process_time() - cpu, "resident": _resident()}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _resident() -> int:
    """Bytes of this process in memory; its proportional set, where the kernel tells it."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
