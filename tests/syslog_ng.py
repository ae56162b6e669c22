"""Debian's syslog-ng as a receiver of our records, for tests and for what measures them."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

SYSLOG_NG = shutil.which("syslog-ng", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
"""The program, or None where it is not installed."""
CONFIGURATION = """
@version: 3.35
options {{ stats-freq(0); keep-hostname(yes); }};
source gelf {{ network(ip("127.0.0.1") port({port}) transport("{transport}") flags(no-parse) {tls}); }};
destination file {{ file("{folder}/received" template("${{MESSAGE}}\\n") flush-lines(1)); }};
log {{ source(gelf); parser {{ json-parser(prefix("gelf.")); }}; destination(file); flags(flow-control); }};
"""


class SyslogNg:
    """The real server in a folder of its own, on a port that stays the same when it is started again."""

    def __init__(self, folder: Path, tls: str = "") -> None:
        self._folder = folder
        self.port = _free_port()
        self._configuration = folder / "syslog-ng.conf"
        self._configuration.write_text(
            CONFIGURATION.format(port=self.port, transport="tls" if tls else "tcp", folder=folder, tls=tls)
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        state = [f"--{name}={self._folder}/{name}" for name in ("persist-file", "pidfile", "control")]
        command = [str(SYSLOG_NG), "--foreground", "--no-caps", f"--cfgfile={self._configuration}", *state]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        until(self._listens)

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self) -> None:
        if self._process is not None:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
            self._process.communicate(timeout=30)
            self._process = None

    def documents(self) -> dict[int, dict[str, Any]]:
        """By their sequence: a second copy has the same."""
        path = self._folder / "received"
        lines = path.read_text().splitlines() if path.exists() else []
        return {document["_sequence"]: document for document in map(json.loads, lines)}

    def _listens(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(self._process.communicate()[1].decode())
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def until(true: Callable[[], bool]) -> None:
    while not true():
        time.sleep(0.02)
