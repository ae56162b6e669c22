"""`make batch` from its command line, with a fake docker that records its arguments and finishes the run at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from stack_files import ROOT

DOCKER = """#!/bin/bash
recorded=$(dirname "$0")/recorded
echo "$*" >>"$recorded"
[[ "$1 $2" != "service ps" ]] || ! grep -q "^service update" "$recorded" || echo "1|Shutdown|$ENDS 2 seconds ago|"
"""


def make_batch(folder: Path, ends: str, *variables: str) -> subprocess.CompletedProcess[str]:
    program = folder / "docker"
    program.write_text(DOCKER)
    program.chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    given = {"PATH": path, "ENDS": ends}
    return subprocess.run(
        ["make", "-s", "-C", str(ROOT), "batch", f"PYTHON={sys.executable}", *variables],
        env=given,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("variables", "estimators", "command"),
    [
        ([], 2, "run /data/sets/lfw --out /out/sets_lfw.parquet --resume"),
        (
            ["ESTIMATORS=4", "OPTIONS=--faces largest --what embedding"],
            4,
            "run /data/sets/lfw --out /out/sets_lfw.parquet --resume --faces largest --what embedding",
        ),
    ],
)
def test_the_run_gets_its_command_and_its_estimators_which_go_with_it(
    tmp_path: Path, variables: list[str], estimators: int, command: str
) -> None:
    done = make_batch(tmp_path, "Complete", "SOURCE=sets/lfw", *variables)
    assert (done.returncode, done.stderr) == (0, "")
    assert "sets_lfw.parquet" in done.stdout
    calls = (tmp_path / "recorded").read_text().splitlines()
    assert [line for line in calls if line.startswith(("service scale", "service update"))] == [
        f"service scale --detach attrai_batch_estimator={estimators}",
        f"service update --detach --force --args {command} --replicas 1 attrai_batch",
        "service scale --detach attrai_batch_estimator=0 attrai_batch=0",
    ]


def test_a_failed_run_says_how_to_resume(tmp_path: Path) -> None:
    done = make_batch(tmp_path, "Failed", "SOURCE=lfw")
    assert done.returncode
    assert "the same command resumes it" in done.stderr
