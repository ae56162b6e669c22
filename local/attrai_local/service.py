"""What the supervisor knows of a service: how it is started and how one sees that it is ready."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


def nothing() -> None:
    """The step before the start or the end of a service that needs none."""


@dataclass(frozen=True)
class Service:
    """One child process.

    `before_start` runs before every start, the first one and each one after a death; a ServiceError from it means "not yet".
    `ready` answers at once. A service starts when all that it names in `after` are ready. `on_stop` runs before it is
    asked to end, when all that need it have ended.
    """

    name: str
    command: tuple[str, ...]
    ready: Callable[[], bool]
    before_start: Callable[[], object] = nothing
    after: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    on_stop: Callable[[], object] = nothing


class Phase(StrEnum):
    """Where a child stands."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    HELD = "held"
    FAILED = "failed"
    ENDED = "ended"


@dataclass(frozen=True)
class State:
    """A child at this moment. `restarts`: starts after the first; `pid` is None while no process lives."""

    name: str
    phase: Phase
    pid: int | None
    restarts: int
