"""The supervisor with small real child processes."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil
import pytest
from attrai_local import ChildError, NotReadyError, Phase, Service, Supervisor
from attrai_local.supervisor import stages
from attrai_local.watchdog_pipe import WatchdogPipe
from attrai_shared.errors import BrokerUnavailable

SERVE = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SERVE
PARENT = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); " + SERVE
FAIL = "import sys; print('no token was given'); sys.exit(3)"
GRACEFUL = """
import pathlib, signal, sys
def end(*_):
    with open(sys.argv[2], "a") as diary: print(pathlib.Path(sys.argv[1]).stem, file=diary)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
pathlib.Path(sys.argv[1]).touch()
signal.pause()
"""
TIMEOUT_S = 30.0


def service(
    folder: Path, name: str, program: str, *, before: Callable[[], object] = lambda: None, after: tuple[str, ...] = ()
) -> Service:
    """A child that makes `name.up` once it is ready."""
    sign = folder / f"{name}.up"

    def clear_up() -> None:
        sign.unlink(missing_ok=True)
        before()

    command = (sys.executable, "-c", program, str(sign), str(folder / "diary"))
    return Service(name, command, sign.exists, clear_up, after, environment=_path_only())


def _path_only() -> Mapping[str, str]:
    return {"PATH": os.environ["PATH"]}


@contextmanager
def supervised(folder: Path, *services: Service, stop_timeout_s: float = TIMEOUT_S) -> Iterator[Supervisor]:
    watchdog_pipe = WatchdogPipe()
    try:
        with Supervisor(services, folder, watchdog_pipe, stop_timeout_s) as supervisor:
            yield supervisor
    finally:
        watchdog_pipe.close()


def await_true(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.02)


def test_a_service_starts_when_those_before_it_are_ready(tmp_path: Path) -> None:
    first = service(tmp_path, "first", SERVE)
    seen: list[bool] = []
    second = service(tmp_path, "second", SERVE, before=lambda: seen.append(first.ready()), after=("first",))
    with supervised(tmp_path, second, first) as supervisor:
        supervisor.await_ready(["second"], TIMEOUT_S)
    assert seen == [True]


def test_a_killed_child_is_restarted_after_before_start(tmp_path: Path) -> None:
    cleared: list[str] = []
    worker = service(tmp_path, "worker", SERVE, before=lambda: cleared.append("worker"))
    with supervised(tmp_path, worker) as supervisor:
        supervisor.await_ready(["worker"], TIMEOUT_S)
        killed = supervisor.kill("worker")
        assert not psutil.pid_exists(killed)
        supervisor.await_ready(["worker"], TIMEOUT_S)
        assert supervisor.pid("worker") != killed
        assert [state.restarts for state in supervisor.states()] == [1]
    assert cleared == ["worker", "worker"]


def test_processes_of_a_killed_child_are_killed_too(tmp_path: Path) -> None:
    with supervised(tmp_path, service(tmp_path, "worker", PARENT)) as supervisor:
        supervisor.await_ready(["worker"], TIMEOUT_S)
        [own] = psutil.Process(supervisor.pid("worker")).children()
        supervisor.kill("worker")
        await_true(partial(_is_gone, own))


def test_a_start_waits_until_before_start_succeeds(tmp_path: Path) -> None:
    answers = iter([BrokerUnavailable("away"), BrokerUnavailable("away"), None])

    def restore() -> None:
        if (answer := next(answers)) is not None:
            raise answer

    with supervised(tmp_path, service(tmp_path, "worker", SERVE, before=restore)) as supervisor:
        supervisor.await_ready(["worker"], TIMEOUT_S)
    assert next(answers, "none left") == "none left"


def test_a_failure_at_the_first_start_raises_with_the_log(tmp_path: Path) -> None:
    with (
        supervised(tmp_path, service(tmp_path, "bot", FAIL)) as supervisor,
        pytest.raises(ChildError, match=r"(?s)bot ended while it started \(status 3\).*no token was given"),
    ):
        supervisor.await_ready(["bot"], TIMEOUT_S)


def test_the_supervisor_gives_up_on_a_child_that_keeps_dying(tmp_path: Path) -> None:
    program = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    with (
        supervised(tmp_path, service(tmp_path, "worker", program)) as supervisor,
        pytest.raises(ChildError, match=r"worker ended 6 times in a row \(SIGKILL\)"),
    ):
        supervisor.await_ready(["worker"], TIMEOUT_S)


def test_a_late_child_is_named_with_its_log(tmp_path: Path) -> None:
    program = "import time; print('still loading', flush=True); time.sleep(600)"
    with supervised(tmp_path, service(tmp_path, "worker", program)) as supervisor:
        await_true(lambda: "still loading" in (tmp_path / "worker.log").read_text())
        with pytest.raises(NotReadyError, match=r"(?s)worker.*still loading"):
            supervisor.await_ready(["worker"], 0.1)


def test_a_late_child_with_an_empty_log_is_called_slow(tmp_path: Path) -> None:
    with supervised(tmp_path, service(tmp_path, "worker", "import time; time.sleep(600)")) as supervisor:
        await_true(lambda: supervisor.states()[0].phase is Phase.STARTING)
        with pytest.raises(
            NotReadyError, match=r"worker \(process [0-9]+\) is at work .* the machine is slow"
        ) as raised:
            supervisor.await_ready(["worker"], 0.1)
    assert "The end of" not in str(raised.value)


def test_on_stop_runs_after_all_dependent_services_have_ended(tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    seen: list[list[str]] = []
    store = replace(service(tmp_path, "store", GRACEFUL), on_stop=lambda: seen.append(diary.read_text().split()))
    with supervised(tmp_path, store, service(tmp_path, "worker", GRACEFUL, after=("store",))) as supervisor:
        supervisor.await_ready(["store", "worker"], TIMEOUT_S)
    assert seen == [["worker"]]
    assert diary.read_text().split() == ["worker", "store"]


def test_a_held_child_stays_down_until_it_is_released(tmp_path: Path) -> None:
    cleared: list[str] = []
    worker = service(tmp_path, "worker", SERVE, before=lambda: cleared.append("worker"))
    other = service(tmp_path, "other", SERVE)
    with supervised(tmp_path, worker, other) as supervisor:
        supervisor.await_ready(["worker", "other"], TIMEOUT_S)
        supervisor.hold("worker")
        supervisor.kill("other")
        supervisor.await_ready(["other"], TIMEOUT_S)
        assert [state.phase for state in supervisor.states()] == [Phase.HELD, Phase.READY]
        supervisor.release("worker")
        supervisor.await_ready(["worker"], TIMEOUT_S)
    assert cleared == ["worker", "worker"]


def test_services_end_in_reverse_order(tmp_path: Path) -> None:
    first, second = service(tmp_path, "first", GRACEFUL), service(tmp_path, "second", GRACEFUL, after=("first",))
    with supervised(tmp_path, first, second) as supervisor:
        supervisor.await_ready(["first", "second"], TIMEOUT_S)
    assert (tmp_path / "diary").read_text().split() == ["second", "first"]
    assert [state.phase for state in supervisor.states()] == [Phase.ENDED, Phase.ENDED]


def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    with supervised(tmp_path, service(tmp_path, "worker", STUBBORN), stop_timeout_s=0.2) as supervisor:
        supervisor.await_ready(["worker"], TIMEOUT_S)
        process = psutil.Process(supervisor.pid("worker"))
    assert not process.is_running()


def test_stages_follow_dependencies() -> None:
    a, b, c = (
        Service(name, (), lambda: True, after=after) for name, after in (("a", ()), ("b", ("a",)), ("c", ("a",)))
    )
    assert stages([c, b, a]) == [[a], [c, b]]


def test_services_that_wait_for_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="a, b"):
        stages([Service("a", (), lambda: True, after=("b",)), Service("b", (), lambda: True, after=("a",))])


def _is_gone(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_stopped_child_does_not_count_as_dead(tmp_path: Path) -> None:
    with supervised(tmp_path, service(tmp_path, "worker", SERVE)) as supervisor:
        supervisor.await_ready(["worker"], TIMEOUT_S)
        process = psutil.Process(supervisor.pid("worker"))
        process.send_signal(signal.SIGSTOP)
        await_true(lambda: process.status() == psutil.STATUS_STOPPED)
        process.send_signal(signal.SIGCONT)
        assert [(state.pid, state.restarts) for state in supervisor.states()] == [(process.pid, 0)]
