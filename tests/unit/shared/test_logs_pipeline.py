"""The process's logs as a whole: the root logger, and logging after a fork."""

import json
import logging
import os
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest
from attrai_shared.logs import LogTarget, configure_logs, event

LOGGER = logging.getLogger("attrai_test")


def _documents(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def _run(script: str) -> list[dict[str, Any]]:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return _documents(done.stdout)


def test_every_record_is_one_line_of_json_on_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    logs = configure_logs("bot", replica="r1", version="0.1.0")
    event(LOGGER, "photo_taken", bytes=12, reason="two\nlines, \u2028 and \ud800")
    LOGGER.info("plain %s", "text")
    logs.stop()
    first, second = _documents(capfd.readouterr().out)
    assert (first["event"], first["bytes"], first["service"], first["replica"]) == ("photo_taken", 12, "bot", "r1")
    assert first["pid"] == os.getpid()
    assert (second["message"], second["level"]) == ("plain text", "INFO")


def test_stop_restores_the_root_logger_and_can_be_repeated() -> None:
    root = logging.getLogger()
    before = (root.level, root.handlers[:])
    logs = configure_logs("bot", replica="r1", version="0.1.0", level="debug")
    assert (root.level, len(root.handlers)) == (logging.DEBUG, 1)
    logs.stop()
    logs.stop()
    assert (root.level, root.handlers) == before


def test_a_second_configuration_delivers_and_replaces_the_first(capfd: pytest.CaptureFixture[str]) -> None:
    configure_logs("bot", replica="first", version="0.1.0")
    LOGGER.warning("one")
    again = configure_logs("bot", replica="second", version="0.1.0")
    LOGGER.warning("two")
    again.stop()
    assert [(out["message"], out["replica"]) for out in _documents(capfd.readouterr().out)] == [
        ("one", "first"),
        ("two", "second"),
    ]


def test_an_unknown_level_or_a_missing_ca_file_changes_nothing() -> None:
    root = logging.getLogger()
    before = root.handlers[:]
    with pytest.raises(ValueError, match="DEBUG, INFO, WARNING, ERROR, not loud"):
        configure_logs("bot", replica="r1", version="0.1.0", level="loud")
    with pytest.raises(FileNotFoundError):
        configure_logs(
            "bot", replica="r1", version="0.1.0", graylog=LogTarget.parse("gelf+tls://localhost?ca=/nowhere/ca.pem")
        )
    assert root.handlers == before


def test_a_record_that_cannot_be_encoded_is_counted_and_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    class Hostile:
        def __str__(self) -> str:
            raise RuntimeError("canary")

    logs = configure_logs("bot", replica="r1", version="0.1.0")
    LOGGER.info("%s", Hostile())
    LOGGER.info("next")
    logs.stop()
    captured = capfd.readouterr()
    dropped, following = _documents(captured.out)
    assert (dropped["event"], dropped["records"], dropped["level"]) == ("log_records_dropped", 1, "WARNING")
    assert following["message"] == "next"
    assert captured.err == ""


def test_records_of_a_process_that_ends_without_stop_are_written() -> None:
    out = _run("""
import logging
from attrai_shared.logs import configure_logs
configure_logs("bot", replica="r1", version="0.1.0")
for number in range(500):
    logging.getLogger("attrai_test").info("%d", number)
""")
    assert [record["message"] for record in out] == [str(number) for number in range(500)]


FORK = """
import logging, os, sys
from attrai_shared.logs import configure_logs

def log(who):
    for number in range(300):
        logging.getLogger("attrai_test").info("%s %d", who, number)

logs = configure_logs("estimator", replica="parent", version="0.1.0")
log("before")
child = os.fork()
if child == 0:
    if CONFIGURED_AGAIN:
        logs = configure_logs("estimator", replica="child", version="0.1.0")
    log("child")
    if CONFIGURED_AGAIN:
        logs.stop()
    else:
        logging.shutdown()
    os._exit(0)
log("parent")
assert os.waitpid(child, 0)[1] == 0
logs.stop()
"""


@pytest.mark.parametrize("configured_again", [True, False])
def test_after_a_fork_both_processes_log_and_nothing_is_written_twice(configured_again: bool) -> None:
    out = _run(FORK.replace("CONFIGURED_AGAIN", str(configured_again)))
    messages = Counter(record["message"] for record in out)
    assert set(messages.values()) == {1}
    assert len(messages) == 900
    assert {record["replica"] for record in out if record["message"].startswith("child")} == {
        "child" if configured_again else "parent"
    }
    assert len({record["pid"] for record in out}) == 2


def test_a_child_forked_while_the_parent_logs_from_many_threads_does_not_hang() -> None:
    out = _run("""
import logging, os, threading
from attrai_shared.logs import configure_logs
logs = configure_logs("estimator", replica="parent", version="0.1.0")
logger = logging.getLogger("attrai_test")
ended = threading.Event()
def chatter():
    while not ended.wait(0.0002):
        logger.info("parent")
threads = [threading.Thread(target=chatter) for _ in range(4)]
for thread in threads:
    thread.start()
for number in range(20):
    child = os.fork()
    if child == 0:
        logs = configure_logs("estimator", replica="child", version="0.1.0")
        logger.info("child %d", number)
        logs.stop()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
ended.set()
for thread in threads:
    thread.join()
logs.stop()
""")
    assert sorted(r["message"] for r in out if r["replica"] == "child") == sorted(f"child {n}" for n in range(20))
