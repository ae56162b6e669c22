"""Starts services in order, restarts those that die, ends all in reverse order."""

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

TEND_INTERVAL_S = 0.05
FOLLOW_INTERVAL_S = 3600.0
"""Length of one wait for changes in `follow`, which repeats it."""
STOP_TIMEOUT_S = 12.0
"""From SIGTERM to SIGKILL. Each service stops within 10."""


class Supervisor:
    """Inside the `with` block a thread tends the children. Every method may be called from any thread."""

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
        self._stop_timeout_s = stop_timeout_s
        self._changed = Condition()
        self._ending = False
        self._failure: Exception | None = None
        self._thread = Thread(target=self._tend_all, name="supervisor", daemon=True)

    def __enter__(self) -> "Supervisor":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ends all, those started last first. A child that does not end in time is killed."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        self._thread.join()
        for stage in reversed(stages([child.service for child in self._children.values()])):
            _end_together([self._children[service.name] for service in stage], self._stop_timeout_s)

    def states(self) -> list[State]:
        with self._changed:
            return [child.state for child in self._children.values()]

    def pid(self, name: str) -> int:
        """The process id of a running child. Raises NotReadyError."""
        with self._changed:
            pid = self._children[name].pid
        if pid is None:
            raise NotReadyError(f"{name} is not running.")
        return pid

    def tail(self, name: str) -> str:
        """The last lines of a child's log."""
        return self._children[name].tail()

    def await_ready(
        self, names: Sequence[str], timeout_s: float, show: Callable[[list[State]], None] = lambda _: None
    ) -> None:
        """Returns when all named children are ready; `show` gets every change.

        Raises ChildError when the supervisor gave up on one, NotReadyError after `timeout_s`.
        """
        for states in self._changes(time.monotonic() + timeout_s):
            show(states)
            if all(state.phase is Phase.READY for state in states if state.name in names):
                return
        late = [self._children[name] for name in names if self._children[name].phase is not Phase.READY]
        logs = "\n".join(child.explain_delay() for child in late)
        raise NotReadyError(
            f"Not ready after {timeout_s:.0f} s: {', '.join(child.service.name for child in late)}.\n{logs}"
        )

    def follow(self, show: Callable[[list[State]], None]) -> NoReturn:
        """Shows every change until the supervision fails; raises that error."""
        while True:
            for states in self._changes(time.monotonic() + FOLLOW_INTERVAL_S):
                show(states)

    def check(self) -> None:
        """Raises the error that ended the supervision, if any."""
        if self._failure is not None:
            raise self._failure

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Signals a child, waits for its end and returns its process id. The child is started again."""
        with self._changed:
            pid = self.pid(name)
            self._end_child(self._children[name], number)
        return pid

    def hold(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        """Ends a child and prevents its restart until `release`."""
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
            if self._changed.wait_for(lambda: child.pid is None or child.pid != pid, self._stop_timeout_s):
                return
            self.check()

    def _changes(self, until: float) -> Iterator[list[State]]:
        """The states now and at each change, until a time. Raises the error that ended the supervision."""
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
                self._changed.wait(TEND_INTERVAL_S)

    def _tend_once(self) -> None:
        try:
            self._watchdog_pipe.restart_if_killed()
            for child in self._children.values():
                child.tend(time.monotonic(), self._may_start(child.service))
        except Exception as error:  # noqa: BLE001  # `check` raises it in the waiting thread
            self._failure = error

    def _may_start(self, service: Service) -> bool:
        return all(self._children[name].phase is Phase.READY for name in service.after)


def stages(services: Sequence[Service]) -> list[list[Service]]:
    """Services in stages: each needs only earlier ones. Raises ValueError for a cycle."""
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


def _end_together(children: Sequence[Child], timeout_s: float) -> None:
    until = time.monotonic() + timeout_s
    for child in children:
        child.ask_to_end()
    for child in children:
        child.end(max(until - time.monotonic(), 0.0))
