from attrai_bot.intake.update_offsets import UpdateOffsets
from hypothesis import given
from hypothesis import strategies as st


def test_the_offset_stops_at_the_first_open_update() -> None:
    offsets = UpdateOffsets()
    assert offsets.offset is None
    assert offsets.begin([5, 6, 9], room=9) == [5, 6, 9]
    offsets.finish(6)
    assert offsets.offset == 5
    offsets.finish(5)
    assert offsets.offset == 9
    offsets.finish(9)
    assert offsets.offset == 10


def test_open_and_finished_updates_do_not_start_again() -> None:
    offsets = UpdateOffsets()
    offsets.begin([1, 2, 3], room=9)
    offsets.finish(2)
    assert offsets.begin([1, 2, 3, 4], room=9) == [4]


def test_updates_without_room_are_delivered_again() -> None:
    offsets = UpdateOffsets()
    assert offsets.begin([1, 2, 3], room=2) == [1, 2]
    offsets.finish(1)
    offsets.finish(2)
    assert offsets.offset == 3
    assert offsets.begin([3], room=2) == [3]


@given(st.data())
def test_no_update_is_lost_or_handled_twice(data: st.DataObject) -> None:
    waiting = sorted(data.draw(st.sets(st.integers(1, 60), max_size=25)))
    offsets, begun, open_ = UpdateOffsets(), [], set()
    while waiting or open_:
        served = [one for one in waiting if one >= (offsets.offset or 0)]
        assert open_ <= set(served), "an update was confirmed before its handler finished"
        new = offsets.begin(served, room=data.draw(st.integers(1, 5)))
        begun += new
        open_ |= set(new)
        done = data.draw(st.sampled_from(sorted(open_)))
        offsets.finish(done)
        open_.discard(done)
        waiting = [one for one in waiting if one >= (offsets.offset or 0)]
    assert len(begun) == len(set(begun))
