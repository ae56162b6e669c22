"""`make batch` from its command line, with a docker of the test's own that notes what it is asked and runs the batch at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from stack_files import ROOT

DOCKER = """#!/bin/bash
noted=$(dirname "$0")/noted
echo "$*" >>"$noted"
[[ "$1 $2" != "service ps" ]] || ! grep -q "^service update" "$noted" || echo "1|Shutdown|$ENDS 2 seconds ago|"
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
    ("variables", "estimators", "words"),
    [
        ([], 2, "run /data/sets/lfw --out /out/sets_lfw.parquet --resume"),
        (
            ["ESTIMATORS=4", "OPTIONS=--faces largest --what embedding"],
            4,
            "run /data/sets/lfw --out /out/sets_lfw.parquet --resume --faces largest --what embedding",
        ),
    ],
)
def test_the_run_gets_its_words_and_its_estimators_which_go_with_it(
    tmp_path: Path, variables: list[str], estimators: int, words: str
) -> None:
    done = make_batch(tmp_path, "Complete", "SOURCE=sets/lfw", *variables)
    assert (done.returncode, done.stderr) == (0, "")
    assert "sets_lfw.parquet" in done.stdout
    asked = (tmp_path / "noted").read_text().splitlines()
    assert [line for line in asked if line.startswith(("service scale", "service update"))] == [
        f"service scale --detach attrai_batch_estimator={estimators}",
        f"service update --detach --force --args {words} --replicas 1 attrai_batch",
        "service scale --detach attrai_batch_estimator=0 attrai_batch=0",
    ]


def test_a_run_that_breaks_off_says_how_to_go_on(tmp_path: Path) -> None:
    done = make_batch(tmp_path, "Failed", "SOURCE=lfw")
    assert done.returncode
    assert "the same command goes on" in done.stderr
