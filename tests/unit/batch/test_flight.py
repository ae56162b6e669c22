import pytest
from attrai_batch.flight import MOST_LOSSES, NEVER_BEGUN, SILENT, ChunkLost, Flight, is_lost


def test_a_chunk_is_asked_about_when_it_has_been_away_too_long() -> None:
    flight = Flight()
    for chunk, now in ((1, 100.0), (2, 105.0)):
        flight.take_off(chunk, now)
        flight.submitted(chunk, now)
    assert flight.candidates(100 + NEVER_BEGUN) == []
    assert flight.candidates(101 + NEVER_BEGUN) == [(1, 100.0)]
    assert flight.oldest(107.0) == 7
    flight.land(1)
    assert (flight.numbers, flight.oldest(107.0)) == ({2}, 2)


def test_what_no_broker_has_taken_waits_in_order() -> None:
    flight = Flight()
    for chunk in (3, 1, 2):
        flight.take_off(chunk, 0)
    flight.submitted(1, 0)
    assert flight.unsubmitted() == [2, 3]
    assert [chunk for chunk, _ in flight.candidates(1e6)] == [1]


def test_a_chunk_that_is_lost_again_and_again_ends_the_run() -> None:
    flight = Flight()
    flight.take_off(0, 0)
    for _ in range(MOST_LOSSES):
        flight.lose(0)
        assert flight.unsubmitted() == [0]
        flight.submitted(0, 0)
    with pytest.raises(ChunkLost, match="Chunk 0"):
        flight.lose(0)


@pytest.mark.parametrize(
    ("submitted", "silent", "lost"),
    [
        (NEVER_BEGUN - 1, None, False),
        (NEVER_BEGUN + 1, None, True),
        (NEVER_BEGUN + 1, 0.5, False),
        (SILENT + 1, SILENT + 1, True),
        (NEVER_BEGUN + 1, SILENT + 1, False),
    ],
)
def test_one_that_was_begun_is_given_the_time_of_a_photo(submitted: float, silent: float | None, lost: bool) -> None:
    assert is_lost(submitted, silent) == lost
