from attrai_local.restarts import RESTART_DELAYS_S, STEADY_S, deaths_in_a_row, delay
from hypothesis import given
from hypothesis import strategies as st


def test_after_the_first_death_the_child_starts_at_once() -> None:
    assert delay(deaths_in_a_row(0, None)) == 0.0


def test_the_supervisor_gives_up_after_the_last_delay() -> None:
    deaths = 0
    for expected in [*RESTART_DELAYS_S, None]:
        deaths = deaths_in_a_row(deaths, None)
        assert delay(deaths) == expected


@given(before=st.integers(0, 20), ready=st.floats(STEADY_S, 1e6))
def test_the_count_restarts_for_a_child_that_was_ready_for_a_while(before: int, ready: float) -> None:
    assert deaths_in_a_row(before, ready) == 1


@given(before=st.integers(0, 20), ready=st.none() | st.floats(0, STEADY_S, exclude_max=True))
def test_the_count_grows_for_a_child_that_was_hardly_ready(before: int, ready: float | None) -> None:
    assert deaths_in_a_row(before, ready) == before + 1
