"""Kill points in a process: it notes each step that it has done, and dies behind the step that a test has armed.

Such a process is the product's own, started by `bot_with_kill_points.py` or `estimator_with_kill_points.py`.
"""

import os
import signal
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any, BinaryIO

from attrai_shared.photo_store import Part, PhotoStore
from redis.commands.core import AsyncScript

FOLDER = "KILL_POINTS"
"""The environment variable that names the folder which tests and processes share."""
NOTHING = "nothing"
"""The point before a process's first step."""


def arm(folder: Path, role: str, done: str) -> None:
    """The role's process dies once, as soon as it has done this step."""
    (folder / role).write_text(done, encoding="utf-8")


def is_armed(folder: Path, role: str) -> bool:
    return (folder / role).exists()


def steps(folder: Path, role: str) -> list[str]:
    """The steps that the role has done so far, each once, in the order of their first time."""
    return list(dict.fromkeys((folder / f"{role}.steps").read_text(encoding="utf-8").splitlines()))


class KillPoints:
    """The kill points of one process. `with_parent`: its parent dies with it, as the worker of a pool's child does."""

    def __init__(self, role: str, *, with_parent: bool = False) -> None:
        self._folder, self._role, self._with_parent = Path(os.environ[FOLDER]), role, with_parent

    def add(self, edge: type, method: str, done: str, *, first: bool = False) -> None:
        """Behind a method, which is the step `done`; for the `first` step also before it."""
        inner = getattr(edge, method)
        setattr(edge, method, (self._around_async if iscoroutinefunction(inner) else self._around)(inner, done, first))

    def add_at_file_writes(self) -> None:
        """At every file of the photo store, half written and whole."""
        inner = PhotoStore.writing

        @contextmanager
        def writing(store: PhotoStore, request_id: str, part: Part) -> Iterator[BinaryIO]:
            with inner(store, request_id, part) as file:
                yield file
                file.flush()
                self._passed(f"half of the {part} written")
            self._passed(f"{part} written")

        PhotoStore.writing = writing  # type: ignore[method-assign]

    def add_at_scripts(self, steps: Mapping[str, str]) -> None:
        """Behind Redis scripts, which are steps by their text; also before the first of them."""
        inner, (first, *_) = AsyncScript.__call__, steps

        async def stepped(script: AsyncScript, **options: Any) -> object:
            self._begins(script.script == first)
            result = await inner(script, **options)
            if script.script in steps:
                self._passed(steps[script.script])
            return result

        AsyncScript.__call__ = stepped  # type: ignore[method-assign]

    def _around(self, inner: Callable[..., object], done: str, first: bool) -> Callable[..., object]:
        def stepped(*args: Any, **options: Any) -> object:
            self._begins(first)
            result = inner(*args, **options)
            self._passed(done)
            return result

        return stepped

    def _around_async(
        self, inner: Callable[..., Awaitable[object]], done: str, first: bool
    ) -> Callable[..., Awaitable[object]]:
        async def stepped(*args: Any, **options: Any) -> object:
            self._begins(first)
            result = await inner(*args, **options)
            self._passed(done)
            return result

        return stepped

    def _begins(self, first: bool) -> None:
        if first:
            self._passed(NOTHING)

    def _passed(self, done: str) -> None:
        with (self._folder / f"{self._role}.steps").open("a", encoding="utf-8") as steps:
            steps.write(f"{done}\n")
        armed = self._folder / self._role
        if armed.exists() and armed.read_text(encoding="utf-8") == done:
            armed.unlink()
            self._die()

    def _die(self) -> None:
        if self._with_parent:
            os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
