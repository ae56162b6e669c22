"""The pipe between the supervisor and its watchdog.

When it ends, the watchdog ends every child and removes the temporary folder.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from attrai_local import exec_wrapper, watchdog

BARE_PYTHON = (sys.executable, "-I", "-S")
"""Python without site packages; it starts in a few milliseconds."""
WATCHDOG_STOP_TIMEOUT_S = watchdog.KILL_TIMEOUT_S + 5.0


class WatchdogPipe:
    """Starts the watchdog, and a new one if it is killed.

    `remove`: a folder that the watchdog removes at the end. `keep_open`: descriptors that it holds until then.
    """

    def __init__(self, remove: Path | None = None, keep_open: Sequence[int] = ()) -> None:
        self._remove = [] if remove is None else [str(remove)]
        self._keep_open = tuple(keep_open)
        self._pids: dict[int, None] = {}
        self._start()

    def _start(self) -> None:
        reading, self.pipe = os.pipe()
        command = [*BARE_PYTHON, watchdog.__file__, *self._remove]
        try:
            self._watchdog = subprocess.Popen(  # noqa: S603  # our own script
                command,
                stdin=reading,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=self._keep_open,
                cwd="/",
            )
        finally:
            os.close(reading)

    def wrap(self, command: Sequence[str]) -> list[str]:
        """A command that registers its process before it runs `command`. The process must inherit `pipe`."""
        return [*BARE_PYTHON, exec_wrapper.__file__, str(self.pipe), *command]

    def add(self, pid: int) -> None:
        """Remembers a process that a wrapped command started."""
        self._pids[pid] = None

    def remove(self, pid: int) -> None:
        """The process has ended. Its id may now belong to another process."""
        self._pids.pop(pid, None)
        self._tell(f"-{pid}")

    def restart_if_killed(self) -> None:
        """Starts a new watchdog if the last one was killed."""
        if self._watchdog.poll() is None:
            return
        os.close(self.pipe)
        self._start()
        for pid in self._pids:
            self._tell(f"+{pid}")

    def close(self) -> None:
        """Waits until the watchdog has ended what is left and removed the folder."""
        os.close(self.pipe)
        try:
            self._watchdog.wait(WATCHDOG_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._watchdog.kill()
            self._watchdog.wait()

    def _tell(self, line: str) -> None:
        try:
            os.write(self.pipe, f"{line}\n".encode())
        except BrokenPipeError:
            self.restart_if_killed()
