import pytest

from benchmarks.task_queue.bursts import saturated_rate
from benchmarks.task_queue.rates import QueueTiming, Round


def test_the_rate_is_of_what_was_finished_once_all_was_queued() -> None:
    assert saturated_rate([1.0, 1.1, 2.0, 2.5, 3.0, 3.5, 4.0], since=1.5) == pytest.approx(2.0)


def test_a_round_compares_rates_and_cpu_time() -> None:
    one = Round(one=QueueTiming(rate=10.0, cpu=0.09, others=0.5), other=QueueTiming(rate=8.0, cpu=0.10, others=0.7))
    assert one.ratio == pytest.approx(0.8)
    assert one.cpu_ratio == pytest.approx(0.9)
