import os
import subprocess
import sys
from pathlib import Path

import pytest
from attrai_shared.heartbeat import STALE_AFTER_S


def _check(*arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", "attrai_shared.heartbeat", *arguments], check=False).returncode


@pytest.mark.parametrize(("age", "status"), [(0.0, 0), (STALE_AFTER_S + 1, 1)])
def test_the_files_age_decides(tmp_path: Path, age: float, status: int) -> None:
    heartbeat = tmp_path / "heartbeat"
    heartbeat.touch()
    touched = heartbeat.stat().st_mtime - age
    os.utime(heartbeat, (touched, touched))
    assert _check(str(heartbeat)) == status


def test_a_file_that_was_never_touched_is_not_fresh(tmp_path: Path) -> None:
    assert _check(str(tmp_path / "none")) == 1


def test_a_call_without_a_file_is_wrong() -> None:
    assert _check() == 2
