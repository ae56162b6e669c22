"""The time of each contestant. They take turns photo by photo, so that other load on the machine affects all alike."""

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
    """Medians of one contestant on one photo or one set of photos; `faces` were found on it, or on all of the set."""

    name: str
    seconds: float
    cpu: float
    faces: int
    steps: dict[str, float]


def compare(contestants: Sequence[Contestant], task: str, photos: Sequence[Path], rounds: int) -> list[Times]:
    """Time all contestants on each photo, `rounds` times. The first answers compile and load, and do not count."""
    answers: dict[str, list[Answer]] = {one.name: [] for one in contestants}
    with ExitStack() as stack:
        running = [stack.enter_context(one) for one in contestants]
        for one in running:
            one.ask(task, photos[0])
        for number in range(rounds):
            say(f"round {number + 1} of {rounds} over {len(photos)} photo(s), {len(running)} contestants")
            for photo in photos:
                for one in running:
                    answers[one.name].append(one.ask(task, photo))
    return [_times(name, given, rounds) for name, given in answers.items()]


def footprint(contestant: Contestant, photos: Sequence[Path], marks: Sequence[int]) -> dict[int, int]:
    """The contestant's proportional memory in bytes after each count of photos, which repeat in turn."""
    sizes = {}
    with contestant as running:
        for number, photo in enumerate(islice(cycle(photos), max(marks, default=0)), start=1):
            resident = running.ask(PICTURE_TASK, photo).resident
            if number in marks:
                say(f"{contestant.name} after {number} photos")
                sizes[number] = resident
    return sizes


def _times(name: str, answers: list[Answer], rounds: int) -> Times:
    names = dict.fromkeys(step for one in answers for step in one.steps)
    steps = {step: median(one.steps[step] for one in answers if step in one.steps) for step in names}
    faces = sum(len(one.boxes) for one in answers) // rounds
    return Times(name, median(one.seconds for one in answers), median(one.cpu for one in answers), faces, steps)


def say(progress: str) -> None:
    """Write progress to standard error, apart from the tables."""
    sys.stderr.write(f"{progress}\n")
    sys.stderr.flush()
