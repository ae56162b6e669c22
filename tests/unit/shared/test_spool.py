from pathlib import Path

import pytest
from attrai_shared.batch_contracts import ChunkResult, PhotoFailure
from attrai_shared.errors import RefusedName, StoreUnavailable
from attrai_shared.spool import Spool

RUN = "0f" * 16


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    made = Spool(tmp_path)
    made.open_run(RUN)
    return made


def result(chunk: int) -> ChunkResult:
    missed = PhotoFailure(code="no_face", message="")
    return ChunkResult(run_id=RUN, chunk=chunk, photos=(missed,), seconds={})


def test_photos_are_stored_one_after_another(spool: Spool) -> None:
    spool.write_photos(RUN, 3, [b"one", b"", b"three"])
    assert list(spool.read_photos(RUN, 3, [3, 0, 5])) == [b"one", b"", b"three"]
    assert list(spool.read_photos(RUN, 3, [3, 0, 9])) == [b"one", b"", b"three"]
    assert (spool.has_photos(RUN, 3), spool.has_photos(RUN, 4)) == (True, False)
    spool.delete(RUN, 3)
    assert not spool.has_photos(RUN, 3)


def test_a_result_is_complete_or_missing(spool: Spool, tmp_path: Path) -> None:
    spool.write_result(result(3))
    assert (spool.has_result(RUN, 3), spool.has_result(RUN, 4)) == (True, False)
    assert spool.read_result(RUN, 3) == result(3)
    assert spool.results(RUN) == {3}
    [path] = tmp_path.rglob("*.result")
    path.write_bytes(path.read_bytes()[:-2])
    assert spool.read_result(RUN, 3) is None
    assert spool.read_result(RUN, 4) is None


def test_marks_are_appended_and_show_when_work_was_last_done(spool: Spool) -> None:
    assert (spool.marks(RUN, 1), spool.last_sign(RUN, 1)) == ([], None)
    spool.mark(RUN, 1, "+0")
    spool.mark(RUN, 1, "-0\n-1")
    assert spool.marks(RUN, 1) == ["+0", "-0", "-1"]
    assert spool.last_sign(RUN, 1) is not None


def test_deleted_chunks_and_closed_runs_leave_nothing(spool: Spool, tmp_path: Path) -> None:
    for chunk in (1, 2):
        spool.write_photos(RUN, chunk, [b"x"])
        spool.mark(RUN, chunk, "+0")
        spool.write_result(result(chunk))
    spool.delete(RUN, 1)
    assert spool.results(RUN) == {2}
    spool.open_run(RUN)
    assert spool.results(RUN) == {2}, "what an interrupted run left holds"
    spool.close_run(RUN)
    spool.close_run(RUN)
    assert not spool.is_open(RUN)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("run_id", ["", "..", "0" * 31, "0" * 33, "G" * 32, f"{'0' * 32}\n"])
def test_no_other_name_becomes_a_path(spool: Spool, run_id: str) -> None:
    with pytest.raises(RefusedName):
        spool.open_run(run_id)


def test_a_disk_error_is_store_unavailable(spool: Spool) -> None:
    with pytest.raises(StoreUnavailable):
        spool.write_result(result(1).model_copy(update={"run_id": "1" * 32}))
