from attrai_bot.intake.confirmations import Confirmations
from hypothesis import given
from hypothesis import strategies as st


def test_the_offset_stops_at_the_first_open_update() -> None:
    confirmations = Confirmations()
    assert confirmations.offset is None
    assert confirmations.begin([5, 6, 9], room=9) == [5, 6, 9]
    confirmations.finish(6)
    assert confirmations.offset == 5
    confirmations.finish(5)
    assert confirmations.offset == 9
    confirmations.finish(9)
    assert confirmations.offset == 10


def test_what_is_open_or_finished_is_not_begun_again() -> None:
    confirmations = Confirmations()
    confirmations.begin([1, 2, 3], room=9)
    confirmations.finish(2)
    assert confirmations.begin([1, 2, 3, 4], room=9) == [4]


def test_what_there_is_no_room_for_comes_again() -> None:
    confirmations = Confirmations()
    assert confirmations.begin([1, 2, 3], room=2) == [1, 2]
    confirmations.finish(1)
    confirmations.finish(2)
    assert confirmations.offset == 3
    assert confirmations.begin([3], room=2) == [3]


@given(st.data())
def test_no_update_is_lost_or_handled_twice(data: st.DataObject) -> None:
    waiting = sorted(data.draw(st.sets(st.integers(1, 60), max_size=25)))
    confirmations, begun, open_ = Confirmations(), [], set()
    while waiting or open_:
        served = [one for one in waiting if one >= (confirmations.offset or 0)]
        assert open_ <= set(served), "an update was confirmed before its handler finished"
        new = confirmations.begin(served, room=data.draw(st.integers(1, 5)))
        begun += new
        open_ |= set(new)
        done = data.draw(st.sampled_from(sorted(open_)))
        confirmations.finish(done)
        open_.discard(done)
        waiting = [one for one in waiting if one >= (confirmations.offset or 0)]
    assert len(begun) == len(set(begun))
