"""Times the contestants. They alternate on each photo, so other load affects all equally."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from benchmarks.estimator.answers import PICTURE_TASK, Answer
from benchmarks.estimator.contestant import Contestant


@dataclass(frozen=True, slots=True)
class Times:
    """Median times of one contestant on a set of photos. `faces` counts all faces found on the set."""

    name: str
    seconds: float
    cpu: float
    faces: int
    steps: dict[str, float]


def compare(contestants: Sequence[Contestant], task: str, photos: Sequence[Path], rounds: int) -> list[Times]:
    """Time all contestants on each photo, `rounds` times. A first, untimed answer loads and compiles."""
    answers: dict[str, list[Answer]] = {one.name: [] for one in contestants}
    with ExitStack() as stack:
        running = [stack.enter_context(one) for one in contestants]
        for one in running:
            one.ask(task, photos[0])
        for number in range(rounds):
            print_progress(f"round {number + 1} of {rounds} over {len(photos)} photo(s), {len(running)} contestants")
            for photo in photos:
                for one in running:
                    answers[one.name].append(one.ask(task, photo))
    return [_times(name, given, rounds) for name, given in answers.items()]


def footprint(contestant: Contestant, photos: Sequence[Path], photo_counts: Sequence[int]) -> dict[int, int]:
    """The contestant's proportional memory in bytes at each photo count. The photos repeat."""
    sizes = {}
    with contestant as running:
        for number, photo in enumerate(islice(cycle(photos), max(photo_counts, default=0)), start=1):
            resident = running.ask(PICTURE_TASK, photo).resident
            if number in photo_counts:
                print_progress(f"{contestant.name} after {number} photos")
                sizes[number] = resident
    return sizes


def _times(name: str, answers: list[Answer], rounds: int) -> Times:
    names = dict.fromkeys(step for one in answers for step in one.steps)
    steps = {step: median(one.steps[step] for one in answers if step in one.steps) for step in names}
    faces = sum(len(one.boxes) for one in answers) // rounds
    return Times(name, median(one.seconds for one in answers), median(one.cpu for one in answers), faces, steps)


def print_progress(progress: str) -> None:
    """Write progress to standard error. Tables go to standard output."""
    sys.stderr.write(f"{progress}\n")
    sys.stderr.flush()
