"""A run whose processes are killed ends with the table of one that nobody disturbed. On the embedded Valkey, with real estimators."""

import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.flow.batches import (
    A_CHUNK,
    BOUND,
    Row,
    chunks_done,
    command,
    completed,
    family,
    fingerprint,
    is_estimator,
    is_estimators_child,
    is_valkey,
    make_photos,
    rows,
    started,
    wait_for,
)

PHOTOS = 60
POINTS = (1, 7, 13, 19, 25)
"""Chunks that are done when a process is killed."""
DYING = Path(__file__).parent / "dying_batch.py"


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
    assert [row["photo"] for row in made] == sorted({str(row["photo"]) for row in made}), "one face a photo, in order"
    assert len(made) == PHOTOS >= 20 * A_CHUNK
    assert [row["error_code"] for row in made].count("unreadable") == PHOTOS // 10
    assert [row["error_code"] for row in made].count("no_face") == 1
    return made


@pytest.mark.parametrize("whom", [is_valkey, is_estimator, is_estimators_child])
def test_a_killed_helper_costs_nothing(
    whom: Callable[[psutil.Process], bool], source: Path, undisturbed: list[Row], tmp_path: Path
) -> None:
    out = tmp_path / "out.parquet"
    with started(command(source, out, "--workers", "2"), tmp_path / "log") as run:
        for point in POINTS:
            wait_for(lambda point=point: chunks_done(out) >= point, run)  # type: ignore[misc]
            victims = [process for process in family(run) if whom(process)]
            wait_for(lambda victims=victims: [one for one in family(run) if whom(one)] or victims, run)  # type: ignore[misc]
            random.choice([one for one in family(run) if whom(one)] or victims).kill()  # noqa: S311
        completed(run, tmp_path / "log")
    assert rows(out) == undisturbed


def test_a_killed_run_goes_on_with_the_same_command_and_leaves_no_process(
    source: Path, undisturbed: list[Row], tmp_path: Path
) -> None:
    out = tmp_path / "out.parquet"
    words = command(source, out, "--workers", "2", "--resume")
    for point in POINTS:
        with started(words, tmp_path / "log") as run:
            wait_for(lambda point=point: chunks_done(out) >= point, run)  # type: ignore[misc]
            children = family(run)
            run.send_signal(signal.SIGKILL)
            run.wait(BOUND)
            assert psutil.wait_procs(children, timeout=BOUND)[1] == []
    refused = subprocess.run(command(source, out), capture_output=True, text=True, check=False, timeout=BOUND)
    assert (refused.returncode, "--resume" in refused.stderr) == (2, True)
    with started(words, tmp_path / "log") as run:
        completed(run, tmp_path / "log")
    assert rows(out) == undisturbed
    again = subprocess.run(words, capture_output=True, text=True, check=False, timeout=BOUND)
    assert (again.returncode, "complete already" in again.stdout) == (0, True)


@pytest.mark.parametrize("group", [1, 2, 3])
def test_a_run_killed_inside_the_writing_of_a_row_group_goes_on(
    group: int, source: Path, undisturbed: list[Row], tmp_path: Path
) -> None:
    """Groups 1 and 2 are those of two parts, 3 is that of the whole table."""
    out = tmp_path / "out.parquet"
    [_, _, _, *words] = command(source, out, "--workers", "2")
    with started([sys.executable, str(DYING), *words], tmp_path / "log", {"DIE_AT": str(group)}) as run:
        assert run.wait(BOUND) == -signal.SIGKILL, (tmp_path / "log").read_text()
    assert list(tmp_path.rglob("*.unfinished"))
    assert not out.exists()
    with started(command(source, out, "--workers", "2", "--resume"), tmp_path / "log") as run:
        completed(run, tmp_path / "log")
    assert rows(out) == undisturbed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "out.parquet", "out.report"]


def test_ctrl_c_ends_all_cleanly_and_says_how_to_go_on(source: Path, undisturbed: list[Row], tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    with started(command(source, out, "--workers", "1"), tmp_path / "log") as run:
        wait_for(lambda: chunks_done(out) >= 3, run)
        children = family(run)
        run.send_signal(signal.SIGINT)
        assert run.wait(BOUND) == 130
        assert psutil.wait_procs(children, timeout=BOUND)[1] == []
    assert "--resume goes on" in (tmp_path / "log").read_text()
    with started(command(source, out, "--workers", "1", "--resume"), tmp_path / "log") as run:
        completed(run, tmp_path / "log")
    assert rows(out) == undisturbed


def test_another_source_or_other_options_are_no_resumption(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    with started(command(source, out, "--workers", "1"), tmp_path / "log") as run:
        wait_for(lambda: chunks_done(out) >= 1, run)
        run.kill()
        run.wait(BOUND)
    for words, said in (
        (command(source, out, "--resume", "--faces", "largest"), "another --faces"),
        (command(source, out, "--resume", "--what", "quality"), "another --what"),
        (command(make_photos(tmp_path / "other", 3), out, "--resume"), "not the one"),
    ):
        wait_for(lambda: not _held(out))
        refused = subprocess.run(words, capture_output=True, text=True, check=False, timeout=BOUND)
        assert refused.returncode == 2, refused.stderr
        assert said in refused.stderr


def _held(out: Path) -> bool:
    """Whether the killed run's watchdog still has its folder."""
    from attrai_shared.supervision.errors import InUseError  # noqa: PLC0415
    from attrai_shared.supervision.lock import locked  # noqa: PLC0415

    try:
        with locked(out.with_name(f"{out.name}.parts")):
            return False
    except InUseError:
        return True
