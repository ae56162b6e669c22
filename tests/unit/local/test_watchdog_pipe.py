"""Nothing outlives a killed supervisor, whose children have children too."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from attrai_local.watchdog import read_groups

SUPERVISOR = """
import os, pathlib, sys, time
from attrai_local import Service, Supervisor
from attrai_local.watchdog_pipe import WatchdogPipe

folder, logs = map(pathlib.Path, sys.argv[1:])
grandchild = "import subprocess, sys, time, pathlib;"
grandchild += "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
serve = "pathlib.Path(sys.argv[1]).touch(); time.sleep(600)"

def service(name):
    sign = folder / name
    command = (sys.executable, "-c", grandchild + deaf + serve, str(sign))
    return Service(name, command, sign.exists, environment=dict(os.environ))

with Supervisor([service("one"), service("two")], logs, WatchdogPipe(folder)) as supervisor:
    supervisor.await_ready(["one", "two"], 30)
    print("ready", flush=True)
    time.sleep(600)
"""
TIMEOUT_S = 30.0


@contextmanager
def running(folder: Path, logs: Path) -> Iterator[psutil.Process]:
    command = [sys.executable, "-c", SUPERVISOR, str(folder), str(logs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            yield psutil.Process(process.pid)
        finally:
            process.kill()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "runtime").mkdir()
    return tmp_path / "runtime"


def assert_all_vanish(processes: list[psutil.Process]) -> None:
    _, left = psutil.wait_procs([process for process in processes if not _is_dead(process)], timeout=TIMEOUT_S)
    assert [process.cmdline() for process in left if not _is_dead(process)] == []


def _is_dead(process: psutil.Process) -> bool:
    """Gone, or dead and not yet waited for by the system's first process."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def await_gone(path: Path) -> None:
    until = time.monotonic() + TIMEOUT_S
    while path.exists():
        assert time.monotonic() < until, f"{path} is still there"
        time.sleep(0.02)


def test_a_killed_supervisor_leaves_no_process_and_no_folder(folder: Path, tmp_path: Path) -> None:
    with running(folder, tmp_path) as supervisor:
        family = supervisor.children(recursive=True)
        assert len(family) == 5, "two children with a child each, and the watchdog"
        supervisor.kill()
        assert_all_vanish(family)
    await_gone(folder)


def test_a_killed_watchdog_is_replaced_and_knows_the_children(folder: Path, tmp_path: Path) -> None:
    with running(folder, tmp_path) as supervisor:
        [watchdog] = [
            child for child in supervisor.children() if any("watchdog.py" in word for word in child.cmdline())
        ]
        watchdog.kill()
        _await_another_watchdog(supervisor, watchdog.pid)
        family = supervisor.children(recursive=True)
        supervisor.send_signal(signal.SIGKILL)
        assert_all_vanish(family)
    await_gone(folder)


def _await_another_watchdog(supervisor: psutil.Process, old: int) -> None:
    until = time.monotonic() + TIMEOUT_S
    while time.monotonic() < until:
        for child in supervisor.children():
            if child.pid != old and not _is_dead(child) and any("watchdog.py" in word for word in child.cmdline()):
                return
        time.sleep(0.02)
    pytest.fail("no other watchdog was started")


def test_ended_groups_are_not_killed() -> None:
    assert read_groups(["+10\n", "+11\n", "-10\n", "+12\n"]) == [12, 11]
    assert read_groups(["+10\n", "-10\n", "+10\n"]) == [10], "a number that another child has been given"
