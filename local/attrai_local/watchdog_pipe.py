"""The pipe between the supervisor and its watchdog: when it ends, every child ends, and the temporary folder goes."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from attrai_local import exec_wrapper, watchdog

BARE = (sys.executable, "-I", "-S")
"""Python without the site's packages: it starts in a few milliseconds."""
WATCHDOG_ENDS_WITHIN = watchdog.GONE_WITHIN + 5.0


class WatchdogPipe:
    """Starts the watchdog, and another one should it be killed.

    `remove`: a folder that it removes at the end; `keep_open`: descriptors that it holds until everything has ended.
    """

    def __init__(self, remove: Path | None = None, keep_open: Sequence[int] = ()) -> None:
        self._remove = [] if remove is None else [str(remove)]
        self._keep_open = tuple(keep_open)
        self._pids: dict[int, None] = {}
        self._start()

    def _start(self) -> None:
        reading, self.pipe = os.pipe()
        command = [*BARE, watchdog.__file__, *self._remove]
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

    def wrapped(self, command: Sequence[str]) -> list[str]:
        """The command, made known to the watchdog before its first step; its process must inherit `pipe`."""
        return [*BARE, exec_wrapper.__file__, str(self.pipe), *command]

    def hold(self, pid: int) -> None:
        """Remembers a process that was started wrapped."""
        self._pids[pid] = None

    def let_go(self, pid: int) -> None:
        """The process has ended: its number may be another's from now on."""
        self._pids.pop(pid, None)
        self._tell(f"-{pid}")

    def mend(self) -> None:
        """Starts another watchdog where the last one has been killed."""
        if self._watchdog.poll() is None:
            return
        os.close(self.pipe)
        self._start()
        for pid in self._pids:
            self._tell(f"+{pid}")

    def close(self) -> None:
        """Ends what is left, removes the folder, waits for both."""
        os.close(self.pipe)
        try:
            self._watchdog.wait(WATCHDOG_ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self._watchdog.kill()
            self._watchdog.wait()

    def _tell(self, line: str) -> None:
        try:
            os.write(self.pipe, f"{line}\n".encode())
        except BrokenPipeError:
            self.mend()
