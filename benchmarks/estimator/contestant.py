"""The benchmark's client of a contestant process, which answers requests."""

import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.estimator.answers import Answer
from benchmarks.estimator.machine import Cap, environment


@dataclass
class Contestant:
    """A process that runs within the context. A keyboard interrupt does not reach it."""

    name: str
    module: str
    arguments: tuple[str, ...]
    cap: Cap
    python: str = sys.executable
    _process: "subprocess.Popen[str]" = field(init=False)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            [self.python, "-m", f"benchmarks.estimator.{self.module}", *self.arguments],
            env=environment(self.cap),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        with suppress(BrokenPipeError):
            self._process.communicate()

    def ask(self, task: str, photo: Path) -> Answer:
        """Send a photo and return the answer. Raises RuntimeError when the process has ended."""
        asked, answered = self._process.stdin, self._process.stdout
        if asked is None or answered is None:
            raise RuntimeError(f"{self.name} has no pipes")
        with suppress(BrokenPipeError):
            asked.write(json.dumps([task, str(photo)]) + "\n")
            asked.flush()
        line = answered.readline()
        if not line:
            raise RuntimeError(f"{self.name} has ended")
        return Answer(**json.loads(line))


def ours(cap: Cap, python: str = sys.executable) -> Contestant:
    """Attrai's pipeline."""
    return Contestant("Attrai", "ours", (cap.precision,), cap, python)


def stock(cap: Cap) -> Contestant:
    """MTCNN and ResNet34 with default settings."""
    return Contestant("stock pair", "stock", (), cap)


def stock_best(cap: Cap) -> Contestant:
    """MTCNN and ResNet34 with their best settings."""
    return Contestant("stock pair at its best", "stock", ("best", cap.precision), cap)


def face_recognition(cap: Cap) -> Contestant:
    """face_recognition with default settings."""
    return Contestant("face_recognition", "dlib_encoder", ("1",), cap)


def face_recognition_best(cap: Cap) -> Contestant:
    """face_recognition without photo enlargement."""
    return Contestant("face_recognition, not enlarging", "dlib_encoder", ("0",), cap)
