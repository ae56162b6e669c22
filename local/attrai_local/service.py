"""What the supervisor knows of a service: how it starts, and when it is ready."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


def do_nothing() -> None:
    """The default of `before_start` and `on_stop`."""


@dataclass(frozen=True)
class Service:
    """One child process.

    `before_start` runs before every start, also after a death. A ServiceError from it postpones the start. `ready`
    returns at once. A service starts when all services in `after` are ready. `on_stop` runs before SIGTERM, when all
    services that need it have ended.
    """

    name: str
    command: tuple[str, ...]
    ready: Callable[[], bool]
    before_start: Callable[[], object] = do_nothing
    after: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    on_stop: Callable[[], object] = do_nothing


class Phase(StrEnum):
    """The phases of a child."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    HELD = "held"
    FAILED = "failed"
    ENDED = "ended"


@dataclass(frozen=True)
class State:
    """A snapshot of a child. `restarts`: starts after the first. `pid`: None while no process runs."""

    name: str
    phase: Phase
    pid: int | None
    restarts: int
