"""Starts services in their order, starts the killed ones again, ends all of them in the opposite order."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Condition, Thread
from typing import NoReturn

from attrai_local.child import Child
from attrai_local.errors import NotReadyError
from attrai_local.service import Phase, Service, State
from attrai_local.watchdog_pipe import WatchdogPipe

TICK = 0.05
"""Seconds between two looks at the children."""
LONG = 3600.0
"""Seconds that one wait for a change may last; then the next begins."""
STOP_TIMEOUT_S = 12.0
"""Seconds that a child has after SIGTERM; each service promises 10."""


class Supervisor:
    """A thread of its own tends the children inside the `with` block; every method may be called from any thread."""

    def __init__(
        self,
        services: Sequence[Service],
        logs: Path,
        watchdog_pipe: WatchdogPipe,
        stop_timeout_s: float = STOP_TIMEOUT_S,
    ) -> None:
        self._children = {
            service.name: Child(service, logs / f"{service.name}.log", watchdog_pipe) for service in services
        }
        self._watchdog_pipe = watchdog_pipe
        self._ends_within = stop_timeout_s
        self._changed = Condition()
        self._ending = False
        self._failure: Exception | None = None
        self._thread = Thread(target=self._tend_all, name="supervisor", daemon=True)

    def __enter__(self) -> "Supervisor":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """SIGTERM to all, those started last first; each has a bounded time, then it is killed."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        self._thread.join()
        for stage in reversed(stages([child.service for child in self._children.values()])):
            _end_together([self._children[service.name] for service in stage], self._ends_within)

    def states(self) -> list[State]:
        with self._changed:
            return [child.state for child in self._children.values()]

    def pid(self, name: str) -> int:
        """The process of a living child. Raises NotReadyError."""
        with self._changed:
            pid = self._children[name].pid
        if pid is None:
            raise NotReadyError(f"{name} is not running.")
        return pid

    def tail(self, name: str) -> str:
        """The last lines of a child's log."""
        return self._children[name].tail()

    def await_ready(
        self, names: Sequence[str], within: float, watch: Callable[[list[State]], None] = lambda _: None
    ) -> None:
        """Returns when all named are ready; `watch` sees every change.

        Raises ChildError when one ended for good, NotReadyError after `within` seconds.
        """
        for states in self._changes(time.monotonic() + within):
            watch(states)
            if all(state.phase is Phase.READY for state in states if state.name in names):
                return
        late = [self._children[name] for name in names if self._children[name].phase is not Phase.READY]
        logs = "\n".join(child.why_late() for child in late)
        raise NotReadyError(
            f"Not ready after {within:.0f} s: {', '.join(child.service.name for child in late)}.\n{logs}"
        )

    def follow(self, watch: Callable[[list[State]], None]) -> NoReturn:
        """Shows every change for ever. Raises what ended the supervision."""
        while True:
            for states in self._changes(time.monotonic() + LONG):
                watch(states)

    def check(self) -> None:
        """Raises what ended the supervision, if anything did."""
        if self._failure is not None:
            raise self._failure

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Signals a child and returns when that process has ended; its id. It is started again by itself."""
        with self._changed:
            pid = self.pid(name)
            self._end_child(self._children[name], number)
        return pid

    def hold(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        """Ends a child, which is not started again until `release`."""
        with self._changed:
            self._children[name].hold()
            self._end_child(self._children[name], number)

    def release(self, name: str) -> None:
        """Lets a held child start."""
        with self._changed:
            self._children[name].release()

    def _end_child(self, child: Child, number: signal.Signals) -> None:
        pid = child.pid
        for attempt in (number, signal.SIGKILL):
            child.signal(attempt)
            if self._changed.wait_for(lambda: child.pid is None or child.pid != pid, self._ends_within):
                return
            self.check()

    def _changes(self, until: float) -> Iterator[list[State]]:
        """The states now, then each time that they differ, up to an instant. Raises what ended the supervision."""
        shown: list[State] = []
        while time.monotonic() < until:
            with self._changed:
                self.check()
                states = self.states()
                if states == shown:
                    self._changed.wait(max(until - time.monotonic(), 0.0))
                    continue
            shown = states
            yield states

    def _tend_all(self) -> None:
        with self._changed:
            while not self._ending and self._failure is None:
                before = self.states()
                self._tend_once()
                if self._failure is not None or self.states() != before:
                    self._changed.notify_all()
                self._changed.wait(TICK)

    def _tend_once(self) -> None:
        try:
            self._watchdog_pipe.mend()
            for child in self._children.values():
                child.tend(time.monotonic(), self._may_start(child.service))
        except Exception as error:  # noqa: BLE001  # ends the supervision, and is raised by `check` in the thread that waits
            self._failure = error

    def _may_start(self, service: Service) -> bool:
        return all(self._children[name].phase is Phase.READY for name in service.after)


def stages(services: Sequence[Service]) -> list[list[Service]]:
    """Services in the order of their starts: each stage needs only earlier ones. Raises ValueError for a circle."""
    done: set[str] = set()
    order: list[list[Service]] = []
    left = list(services)
    while left:
        stage = [service for service in left if done.issuperset(service.after)]
        if not stage:
            raise ValueError(f"these wait for each other: {', '.join(service.name for service in left)}")
        order.append(stage)
        done.update(service.name for service in stage)
        left = [service for service in left if service not in stage]
    return order


def _end_together(children: Sequence[Child], within: float) -> None:
    until = time.monotonic() + within
    for child in children:
        child.ask_to_end()
    for child in children:
        child.end(max(until - time.monotonic(), 0.0))
