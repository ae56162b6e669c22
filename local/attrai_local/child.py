"""One child process: its starts, deaths and restarts."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from attrai_shared.errors import ServiceError

from attrai_local import restarts
from attrai_local.errors import ChildError
from attrai_local.service import Phase, Service, State
from attrai_local.watchdog_pipe import WatchdogPipe

TAIL_LINES = 15
"""Lines of a log that are shown when the child fails."""


class Child:
    """`tend` moves it on. Not thread-safe. Times are seconds of one monotonic clock."""

    def __init__(self, service: Service, log: Path, watchdog_pipe: WatchdogPipe) -> None:
        self.service = service
        self.log = log
        self.phase = Phase.WAITING
        self._watchdog_pipe = watchdog_pipe
        self._process: subprocess.Popen[bytes] | None = None
        self._starts = 0
        self._deaths = 0
        self._start_at = 0.0
        self._ready_at: float | None = None
        log.write_bytes(b"")

    @property
    def state(self) -> State:
        return State(self.service.name, self.phase, self.pid, max(self._starts - 1, 0))

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def tend(self, now: float, may_start: bool) -> None:
        """One step: starts the child when it is due, notices that it is ready, handles its death. Raises ChildError."""
        if self._process is not None and self._process.poll() is not None:
            self._handle_death(self._process, now)
        elif self.phase is Phase.WAITING and may_start and now >= self._start_at:
            self._start()
        elif self.phase is Phase.STARTING and self.service.ready():
            self.phase, self._ready_at = Phase.READY, now

    def signal(self, number: signal.Signals) -> None:
        """Signals the child, not the processes that it started."""
        if self._process is not None:
            self._process.send_signal(number)

    def hold(self) -> None:
        """Prevents further starts until `release`."""
        self.phase = Phase.HELD

    def release(self) -> None:
        self.phase, self._deaths, self._start_at = Phase.WAITING, 0, 0.0

    def ask_to_end(self) -> None:
        """Calls `on_stop`, then sends SIGTERM. `end` waits for the process."""
        if self._process is not None:
            self.service.on_stop()
            self.signal(signal.SIGTERM)

    def end(self, timeout_s: float) -> None:
        """Waits up to `timeout_s` for the process, then kills it and the processes that it started."""
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout_s)
            _kill_group(self._process)
            self._process.wait()
            self._clear_process(self._process)
        self.phase = Phase.ENDED

    def tail(self) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:])

    def explain_delay(self) -> str:
        """Why the child is not ready yet: the end of its log, or a sentence when the log is empty."""
        tail = self.tail()
        if not tail.strip() and self.pid is not None:
            return f"{self.service.name} (process {self.pid}) is at work and has no complaint: the machine is slow. Try again."
        return f"The end of {self.log}:\n{tail}"

    def _start(self) -> None:
        try:
            self.service.before_start()
        except ServiceError:
            return
        self._process = self._spawn()
        self._watchdog_pipe.add(self._process.pid)
        self._starts += 1
        self.phase, self._ready_at = Phase.STARTING, None

    def _spawn(self) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603  # the services' own commands
                self._watchdog_pipe.wrap(self.service.command),
                env=dict(self.service.environment),
                cwd=self.log.parent,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=[self._watchdog_pipe.pipe],
            )

    def _handle_death(self, process: "subprocess.Popen[bytes]", now: float) -> None:
        _kill_group(process)
        self._clear_process(process)
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"supervisor: process {process.pid} ended ({_describe_status(process.returncode)})\n")
        if self.phase is Phase.HELD:
            return
        first = self._starts == 1 and self._ready_at is None
        self._deaths = restarts.deaths_in_a_row(self._deaths, None if self._ready_at is None else now - self._ready_at)
        pause = restarts.delay(self._deaths)
        if pause is None or (first and process.returncode > 0):
            self.phase = Phase.FAILED
            raise ChildError(self._death_message(process.returncode))
        self.phase, self._start_at = Phase.WAITING, now + pause

    def _clear_process(self, process: "subprocess.Popen[bytes]") -> None:
        self._watchdog_pipe.remove(process.pid)
        self._process = None

    def _death_message(self, status: int) -> str:
        times = "while it started" if self._starts == 1 else f"{self._deaths} times in a row"
        return f"{self.service.name} ended {times} ({_describe_status(status)}). The end of {self.log}:\n{self.tail()}"


def _describe_status(status: int) -> str:
    return f"status {status}" if status >= 0 else signal.Signals(-status).name


def _kill_group(process: "subprocess.Popen[bytes]") -> None:
    """Kills a worker's own children too: they would go on with a task that another worker gets."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
