"""A run whose processes are killed ends with the table of one that nobody disturbed. On the embedded Valkey, with real estimators."""

import re
import signal
import subprocess
from pathlib import Path

import psutil
import pytest
from attrai_local.errors import InUseError
from attrai_local.folder_lock import locked

from tests.flow.batches import (
    CHUNK_PHOTOS,
    KILLED_WHILE_WRITING,
    THAT_KILLS,
    TIMEOUT_S,
    Row,
    command,
    completed,
    fingerprint,
    make_photos,
    rows,
    started,
    wait_for,
)

PHOTOS = 60
POINTS = (1, 7, 13, 19, 25)
"""Chunks whose results have been read when a process is killed."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_photos(tmp_path_factory.mktemp("source"), PHOTOS)


@pytest.fixture(scope="module")
def undisturbed(source: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """The rows of a run with one estimator that nobody disturbed; nothing of its source is touched."""
    folder = tmp_path_factory.mktemp("undisturbed")
    before = fingerprint(source)
    with started(command(source, folder / "out.parquet", "--workers", "1"), folder / "log") as run:
        completed(run, folder / "log")
    assert fingerprint(source) == before
    assert not (folder / "out.parquet.parts").exists()
    made = rows(folder / "out.parquet")
    names, codes = [str(row["photo"]) for row in made], [row["error_code"] for row in made]
    assert names == sorted(set(names)), "one face a photo, in order"
    assert len(names) == PHOTOS >= 20 * CHUNK_PHOTOS
    assert (codes.count("unreadable"), codes.count("no_face")) == (PHOTOS // 10, 1)
    return made


@pytest.mark.parametrize("whom", ["valkey", "estimator", "estimators_child"])
def test_a_helper_killed_at_five_points_costs_nothing(
    whom: str, source: Path, undisturbed: list[Row], tmp_path: Path
) -> None:
    out, log = tmp_path / "out.parquet", tmp_path / "log"
    kills = {"KILL": whom, "AT": ",".join(map(str, POINTS))}
    with started(command(source, out, "--workers", "2", program=THAT_KILLS), log, kills) as run:
        completed(run, log)
    assert log.read_text().count(f"killed {whom}") == len(POINTS)
    assert rows(out) == undisturbed


def test_a_run_killed_at_five_points_goes_on_with_the_same_command_and_leaves_no_process(
    source: Path, undisturbed: list[Row], tmp_path: Path
) -> None:
    out, log = tmp_path / "out.parquet", tmp_path / "log"
    words = ("--workers", "2", "--resume")
    for point in POINTS:
        kills = {"KILL": "run", "AT": str(point)}
        with started(command(source, out, *words, program=THAT_KILLS), log, kills) as run:
            assert run.wait(TIMEOUT_S) == -signal.SIGKILL, log.read_text()
        wait_for(lambda: not (_left_over(log) or _is_held(out)))
    refused = subprocess.run(command(source, out), capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
    assert (refused.returncode, "--resume" in refused.stderr) == (2, True)
    with started(command(source, out, *words), log) as run:
        completed(run, log)
    assert rows(out) == undisturbed
    again = subprocess.run(command(source, out, *words), capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
    assert (again.returncode, "complete already" in again.stdout) == (0, True)


def test_a_run_killed_inside_the_writing_of_each_row_group_goes_on(
    source: Path, undisturbed: list[Row], tmp_path: Path
) -> None:
    """The first two groups are those of two parts, the third is that of the whole table: each time half of it is written."""
    out, log = tmp_path / "out.parquet", tmp_path / "log"
    for parts, group in enumerate(("1", "2", "2")):  # a run that goes on begins with the group that was not finished
        words = command(source, out, "--workers", "2", "--resume", program=KILLED_WHILE_WRITING)
        with started(words, log, {"DIE_AT": group}) as run:
            assert run.wait(TIMEOUT_S) == -signal.SIGKILL, log.read_text()
        assert list(tmp_path.rglob("*.partial"))
        assert len(list(tmp_path.glob("out.parquet.parts/*.parquet"))) == parts
        assert not out.exists()
        wait_for(lambda: not _is_held(out))
    with started(command(source, out, "--workers", "2", "--resume"), log) as run:
        completed(run, log)
    assert rows(out) == undisturbed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "out.parquet", "out.report"]


def test_ctrl_c_ends_all_cleanly_says_how_to_go_on_and_another_source_or_option_is_no_going_on(
    source: Path, undisturbed: list[Row], tmp_path: Path
) -> None:
    out, log = tmp_path / "out.parquet", tmp_path / "log"
    words = command(source, out, "--workers", "1", program=THAT_KILLS)
    with started(words, log, {"KILL": "ctrl_c", "AT": "1"}) as run:
        assert run.wait(TIMEOUT_S) == 130
    assert not _left_over(log)
    assert "--resume goes on" in log.read_text()
    for words, said in (
        (command(source, out, "--resume", "--faces", "largest"), "another --faces"),
        (command(source, out, "--resume", "--what", "quality"), "another --what"),
        (command(make_photos(tmp_path / "other", 3), out, "--resume"), "not the one"),
    ):
        refused = subprocess.run(words, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
        assert refused.returncode == 2, refused.stderr
        assert said in refused.stderr
    with started(command(source, out, "--workers", "1", "--resume"), log) as run:
        completed(run, log)
    assert rows(out) == undisturbed


def _left_over(log: Path) -> list[int]:
    """Which processes of the last run that printed its family there are."""
    family = re.findall(r"^family (.+)$", log.read_text(), re.MULTILINE)[-1].split()
    return [int(pid) for pid in family if psutil.pid_exists(int(pid))]


def _is_held(out: Path) -> bool:
    """Whether the killed run's watchdog still has its folder."""
    try:
        with locked(out.with_name(f"{out.name}.parts")):
            return False
    except InUseError:
        return True
