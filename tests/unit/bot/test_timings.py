from statistics import covariance, fmean, pvariance

import pytest
from attrai_bot.state.timings import OVERHEAD_S, QueueLoad, Timings
from hypothesis import example, given
from hypothesis import strategies as st

quantities = st.floats(0, 1e9, allow_nan=False)


def measured(sizes: list[float], seconds: list[float]) -> Timings:
    together = covariance(sizes, seconds) * (len(sizes) - 1) / len(sizes)
    return Timings(len(sizes), fmean(seconds), fmean(sizes), pvariance(sizes), together)


def test_many_measurements_determine_the_line() -> None:
    sizes = [1e5 * (n % 10) for n in range(40)]
    timings = measured(sizes, [0.1 + 2e-6 * size for size in sizes])
    assert timings.needed(QueueLoad(1, 800_000)) == pytest.approx(0.1 + 1.6 + OVERHEAD_S, rel=0.05)
    assert timings.needed(QueueLoad(1, 100_000)) == pytest.approx(0.1 + 0.2 + OVERHEAD_S, rel=0.2)


def test_photos_of_one_size_take_the_mean() -> None:
    timings = measured([5e5] * 8, [1.0, 3.0] * 4)
    assert timings.needed(QueueLoad(4, 2_000_000)) == pytest.approx(4 * (2.0 + OVERHEAD_S))


def test_two_measurements_hardly_determine_the_slope() -> None:
    sizes, seconds = [1e5, 3e5], [0.5, 1.5]
    few, many = measured(sizes, seconds), measured(sizes * 20, seconds * 20)
    large = QueueLoad(1, 1_000_000)
    assert 1.0 < few.needed(large) < many.needed(large) < 5.0


def test_larger_files_never_count_as_faster() -> None:
    timings = measured([1e5, 9e5] * 4, [2.0, 1.0] * 4)
    assert timings.needed(QueueLoad(1, 900_000)) == pytest.approx(timings.needed(QueueLoad(1, 100_000)))


@given(
    st.builds(Timings, st.integers(1, 40), quantities, quantities, quantities, quantities),
    st.integers(0, 500),
    st.integers(0),
)
@example(Timings(1, 0.0, 7e-233, 0.0, 0.0), 0, 0).via("a mean so small that its square is 0")
def test_no_load_takes_negative_time(timings: Timings, photos: int, size: int) -> None:
    assert timings.needed(QueueLoad(photos, size)) >= -1e-6 * photos * timings.seconds


def test_the_stored_fields_are_read() -> None:
    assert Timings.of({}) == Timings()
    fields = {"photos": "3", "seconds": "0.5", "bytes": "1e5", "variance": "2", "covariance": "1", "mean": "9"}
    assert Timings.of(fields) == Timings(3, 0.5, 1e5, 2.0, 1.0)
