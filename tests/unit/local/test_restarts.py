from attrai_local.restarts import RESTART_DELAYS_S, STEADY_S, deaths_in_a_row, delay
from hypothesis import given
from hypothesis import strategies as st


def test_the_first_death_is_followed_by_a_start_at_once() -> None:
    assert delay(deaths_in_a_row(0, None)) == 0.0


def test_one_death_more_than_there_are_delays_is_the_last() -> None:
    deaths = 0
    for expected in [*RESTART_DELAYS_S, None]:
        deaths = deaths_in_a_row(deaths, None)
        assert delay(deaths) == expected


@given(before=st.integers(0, 20), ready=st.floats(STEADY_S, 1e6))
def test_a_child_that_was_ready_for_a_while_starts_its_row_anew(before: int, ready: float) -> None:
    assert deaths_in_a_row(before, ready) == 1


@given(before=st.integers(0, 20), ready=st.none() | st.floats(0, STEADY_S, exclude_max=True))
def test_a_child_that_was_not_ready_or_hardly_adds_to_its_row(before: int, ready: float | None) -> None:
    assert deaths_in_a_row(before, ready) == before + 1
