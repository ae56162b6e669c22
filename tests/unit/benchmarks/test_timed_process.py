"""Both ends of the pipes of a process that is asked, in one go."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.timed_process import TimedProcess

SIZES_SEEN = """
import sys
from benchmarks.timed_process import answer
answer(lambda data: sys.stderr.write(f"{len(data)}\\n"))
"""


def test_every_photo_is_worked_on_and_timed(tmp_path: Path) -> None:
    for size in (3, 5):
        (tmp_path / str(size)).write_bytes(bytes(size))
    with _process(SIZES_SEEN) as process:
        process_ = TimedProcess(process)
        process_.begin([tmp_path / "5", tmp_path / "3"])
        assert process_.seconds() > 0
        process_.begin([])
        assert process_.seconds() >= 0
        _, seen = process.communicate()
    assert seen.split() == ["5", "3"]


def test_a_process_that_has_ended_is_told() -> None:
    with _process("") as process:
        process.wait()
        with pytest.raises(RuntimeError, match="has ended"):
            TimedProcess(process).seconds()


def _process(script: str) -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        text=True,
        cwd=Path(__file__).parents[3],
    )
