"""The bounded queue: order, bound, and the exact count of what did not fit."""

from attrai_shared.logs.bounded_queue import BoundedQueue
from hypothesis import given
from hypothesis import strategies as st


def _queue(capacity: int) -> BoundedQueue:
    return BoundedQueue(capacity, lambda first, count: f"[{first}+{count}]".encode())


def _put(queue: BoundedQueue, times: int = 1) -> None:
    for _ in range(times):
        if (number := queue.next_number()) is not None:
            queue.put_nowait((number, f"{number} ".encode()))


def test_a_gap_is_reported_before_what_follows_it() -> None:
    queue = _queue(2)
    _put(queue, 5)
    assert [queue.take(0), queue.take(0)] == [b"0 ", b"1 "]
    _put(queue)
    assert queue.take(0) == b"[2+3]5 "
    assert queue.take(0) is None


def test_a_gap_at_the_end_is_reported_when_the_queue_is_empty() -> None:
    queue = _queue(2)
    _put(queue, 4)
    assert [queue.take(0) for _ in range(4)] == [b"0 ", b"1 ", b"[2+2]", None]


def test_a_record_that_could_not_be_encoded_counts_as_dropped() -> None:
    queue = _queue(2)
    queue.next_number()
    queue.drop_last()
    _put(queue)
    assert queue.take(0) == b"[0+1]1 "


def test_the_queue_ends_after_its_last_line_and_report() -> None:
    queue = _queue(1)
    _put(queue, 3)
    queue.close()
    assert not queue.ended
    assert [queue.take(0), queue.take(0)] == [b"0 ", b"[1+2]"]
    assert queue.ended


def test_undelivered_counts_records_that_are_not_confirmed() -> None:
    queue = _queue(3)
    _put(queue, 5)
    queue.take(0)
    assert queue.undelivered() == 5
    queue.confirm_taken()
    assert queue.undelivered() == 4
    while queue.take(0):
        pass
    queue.confirm_taken()
    assert queue.undelivered() == 0


@given(st.integers(1, 5), st.lists(st.integers(-6, 6)))
def test_delivered_and_reported_add_up_whatever_happens(capacity: int, moves: list[int]) -> None:
    queue = _queue(capacity)
    out = b""
    for move in moves:
        _put(queue, max(move, 0))
        assert queue._items.qsize() <= capacity
        out += b"".join(queue.take(0) or b"" for _ in range(-move))
    while line := queue.take(0):
        out += line
    words = out.decode().replace("]", " ").replace("[", " ").split()
    reported = [word.split("+") for word in words if "+" in word]
    covered = [int(word) for word in words if "+" not in word]
    covered += [int(first) + offset for first, count in reported for offset in range(int(count))]
    assert sorted(covered) == list(range(sum(move for move in moves if move > 0)))
