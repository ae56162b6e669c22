import pytest
from attrai_batch.errors import ChunkLost
from attrai_batch.in_flight import MAX_LOSSES, SILENCE_TIMEOUT_S, START_TIMEOUT_S, InFlight, is_lost
from attrai_shared.batch_contracts import SpoolFile, ToEmbed


def message(chunk: int) -> ToEmbed:
    return ToEmbed(run_id="0" * 32, chunk=chunk, what=("score",), faces="all", photos=SpoolFile(sizes=(1,)))


def test_a_chunk_is_overdue_after_the_start_timeout() -> None:
    in_flight = InFlight()
    for chunk, now in ((1, 100.0), (2, 105.0)):
        in_flight.add(message(chunk), now)
        in_flight.submitted(chunk, now)
    assert in_flight.overdue(100 + START_TIMEOUT_S) == []
    assert in_flight.overdue(101 + START_TIMEOUT_S) == [(1, 100.0)]
    assert in_flight.oldest_age(107.0) == 7
    in_flight.remove(1)
    assert (in_flight.numbers, in_flight.oldest_age(107.0)) == ({2}, 2)


def test_unsubmitted_chunks_wait_in_order() -> None:
    in_flight = InFlight()
    for chunk in (3, 1, 2):
        in_flight.add(message(chunk), 0)
    in_flight.submitted(1, 0)
    assert in_flight.unsubmitted() == [2, 3]
    assert [chunk for chunk, _ in in_flight.overdue(1e6)] == [1]


def test_a_chunk_that_is_lost_too_often_ends_the_run() -> None:
    in_flight = InFlight()
    in_flight.add(message(0), 0)
    for _ in range(MAX_LOSSES):
        in_flight.mark_lost(0)
        assert in_flight.unsubmitted() == [0]
        in_flight.submitted(0, 0)
    with pytest.raises(ChunkLost, match="Chunk 0"):
        in_flight.mark_lost(0)


@pytest.mark.parametrize(
    ("submitted", "silent", "lost"),
    [
        (START_TIMEOUT_S - 1, None, False),
        (START_TIMEOUT_S + 1, None, True),
        (START_TIMEOUT_S + 1, 0.5, False),
        (SILENCE_TIMEOUT_S + 1, SILENCE_TIMEOUT_S + 1, True),
        (START_TIMEOUT_S + 1, SILENCE_TIMEOUT_S + 1, False),
    ],
)
def test_a_started_chunk_is_lost_only_after_the_silence_timeout(
    submitted: float, silent: float | None, lost: bool
) -> None:
    assert is_lost(submitted, silent) == lost
